import type { Words } from '../en.ts';

export const history: Words['history'] = {
  title: 'Mit der Zeit',
  span: 'Zeigen',
  hour: 'Die letzte Stunde Arbeit',
  month: 'Die letzten 30 Tage',
  nothing: 'Dieses Gerät hat noch nicht gearbeitet. Was es tut, wird hier vermerkt, nur auf diesem Gerät.',
  tokens: 'Tokens',
  tokensPerSecond: 'Tokens je Sekunde',
  fromPeers: 'Von anderen Tabs, MB',
  fromWebSeed: 'Vom Server, MB',
  uploaded: 'An andere gegeben, MB',
  tokensSummary: (tokens) => `${tokens} Tokens in dieser Zeit berechnet`,
  bytesSummary: (peers, server, given) => `${peers} von anderen Tabs, ${server} vom Server, ${given} an andere gegeben`,
  table: 'Dasselbe als Tabelle',
  columns: ['Wann', 'Tokens', 'Von anderen Tabs', 'Vom Server', 'Gegeben', 'Für andere offen', 'Gerechnet'],
  energy: (served, busy, wattHours) =>
    `${served} für andere offen, ${busy} gerechnet: etwa ${wattHours} Wh, geschätzt.`,
  watts: 'Watt, die das Rechnen kostet',
};
