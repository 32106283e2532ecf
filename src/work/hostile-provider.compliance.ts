import type { Clock } from '../base/clock.ts';
import { tokensToBytes, type Bytes } from '../base/bytes.ts';
import type { Random } from '../base/random.ts';
import { openEnvelope, sealEnvelope, workMessage, type WorkMessage, type WorkOffer } from '../protocol/index.ts';
import type { Channel } from './ports.ts';
import { answerOf, createPeer, type Peer } from './simulation.compliance.ts';

export const MISCHIEF = [
  'mute',
  'leaver',
  'refuser',
  'releaser',
  'liar',
  'replayer',
  'flooder',
  'forger',
  'faulter',
] as const;
export type Mischief = (typeof MISCHIEF)[number];

/** A provider for tests that breaks the rules in one way; whatever it says under a live lease is true, though. */
export function startHostileProvider(
  kind: Mischief,
  peer: Peer,
  channel: Channel,
  clock: Clock,
  random: Random,
): () => void {
  const heard: Bytes[] = [];
  const leases = new Map<string, ReadonlySet<number>>();
  const stamp = () => ({ v: 1 as const, atMs: clock.now(), nonce: crypto.getRandomValues(new Uint8Array(16)) });
  const seal = (body: object, signer = peer.signer) => sealEnvelope(signer, 'starling/work/1', { ...body, ...stamp() });
  return channel.onMessage((from, bytes) => {
    const raw = (message: Bytes) => channel.send(from, message).catch(() => undefined);
    const say = (body: object) => raw(seal(body));
    heard.push(bytes.slice());
    let message: WorkMessage;
    try {
      message = openEnvelope('starling/work/1', workMessage, bytes, 1 << 20).body;
    } catch {
      return;
    }
    if (message.t !== 'work/offer') return;
    const offer: WorkOffer = message;
    const { lease } = offer;
    leases.set(lease, new Set(offer.records.map(({ record }) => record)));
    const result = (of: string, record: number, tokens: Uint32Array) =>
      seal({ t: 'work/result', lease: of, record, tokens: tokensToBytes(tokens), finish: 'stop', numericClass: 'lie' });
    const wrong = Uint32Array.of(1, 2, 3);
    switch (kind) {
      case 'mute':
        break;
      case 'leaver':
        void say({ t: 'work/accept', lease });
        break;
      case 'refuser':
        void say({ t: 'work/decline', lease, why: random.below(2) ? 'busy' : 'no-model' });
        break;
      case 'releaser':
        void say({ t: 'work/accept', lease });
        void say({ t: 'work/release', lease, reason: 'x'.repeat(512) });
        break;
      case 'liar':
        void say({ t: 'work/accept', lease });
        for (let i = 0; i < 40; i++) {
          // Records that its leases do not hold, whether they are over or not, and leases of nobody.
          for (const [held, records] of [...leases].slice(-2)) if (!records.has(i)) void raw(result(held, i, wrong));
          void raw(result('f'.repeat(32), i, wrong));
        }
        void raw(result(lease, offer.records[0]?.record ?? 0, new Uint32Array(10_000)));
        void say({ t: 'work/done', lease });
        break;
      case 'replayer': {
        const first = offer.records[0];
        const answer = first && answerOf(first);
        if (answer?.t !== 'result') break;
        const honest = seal({
          t: 'work/result',
          lease,
          record: answer.record,
          tokens: tokensToBytes(answer.tokens),
          finish: answer.finish,
          numericClass: answer.numericClass,
        });
        for (let i = 0; i < 5; i++) void raw(honest);
        for (const old of heard.slice(-5)) void raw(old);
        void say({ t: 'work/done', lease });
        break;
      }
      case 'flooder':
        for (let i = 0; i < 60; i++) void raw(crypto.getRandomValues(new Uint8Array(random.below(200))));
        for (let i = 0; i < 60; i++) void say({ t: 'work/heartbeat', lease, recordsDone: 0, tokensDone: i });
        break;
      case 'forger':
        void raw(seal({ t: 'work/accept', lease }, createPeer(999).signer));
        for (const { record } of offer.records)
          void raw(result(`${lease.slice(0, 31)}${lease.endsWith('0') ? '1' : '0'}`, record, wrong));
        void raw(sealEnvelope(peer.signer, 'starling/presence/1', { t: 'work/accept', lease, ...stamp() }));
        void raw(seal({ t: 'work/accept', lease, extra: 1 }));
        break;
      case 'faulter':
        for (const { record } of offer.records) {
          void say({ t: 'work/fault', lease, record, code: 'prompt-too-long', reason: 'it is not' });
        }
        break;
      default:
        kind satisfies never;
    }
  });
}
