/** What this device has done over minutes and days. */
export const history = {
  title: 'Over time',
  span: 'Show',
  hour: 'The last hour of work',
  month: 'The last 30 days',
  nothing: 'This device has not worked yet. What it does is noted here, on this device alone.',
  tokens: 'Tokens',
  tokensPerSecond: 'Tokens a second',
  fromPeers: 'From other tabs, MB',
  fromWebSeed: 'From the server, MB',
  uploaded: 'Given to others, MB',
  tokensSummary: (tokens: string) => `${tokens} tokens computed in this time`,
  bytesSummary: (peers: string, server: string, given: string) =>
    `${peers} from other tabs, ${server} from the server, ${given} given to others`,
  table: 'The same as a table',
  columns: ['When', 'Tokens', 'From other tabs', 'From the server', 'Given', 'Open to others', 'Computing'],
  energy: (served: string, busy: string, wattHours: string) =>
    `Open to others for ${served}, computing for ${busy}: about ${wattHours} Wh, an estimate.`,
  watts: 'Watts that computing adds',
};
