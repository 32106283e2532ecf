import type { Clock } from '../base/clock.ts';
import { PRESENCE_TOPIC, sealEnvelope, type Presence, type Signer } from '../protocol/index.ts';
import { ADVERT_COALESCE_MS, ADVERT_LIFE_MS, ADVERT_PERIOD_MS } from './constants.ts';

/** What a node says of itself. */
export type LocalAdvert = Pick<Presence, 'models' | 'agent' | 'published'>;

export interface PresencePublisher {
  /** Replaces what is said; goes out at once, then every 5 s. */
  announce(advert: LocalAdvert): void;
  /** Says the present advert again at once, e.g. to somebody who has just come. */
  repeat(): void;
  /** Stops, and says goodbye. */
  stop(): Promise<void>;
}

export function createPresencePublisher(
  { clock, signer }: { clock: Clock; signer: Signer },
  publish: (topic: string, bytes: Uint8Array) => Promise<unknown>,
): PresencePublisher {
  let advert: LocalAdvert = { models: [], agent: 'starling' };
  let cancelSoon: (() => void) | undefined;
  let lastAtMs = 0;

  const say = async (lifeMs: number) => {
    // Receivers take only what is newer; two adverts within one millisecond would be one.
    const atMs = Math.max(Math.floor(clock.now()), lastAtMs + 1);
    lastAtMs = atMs;
    const body: Presence = {
      t: 'swarm/presence',
      v: 1,
      atMs,
      nonce: crypto.getRandomValues(new Uint8Array(16)),
      expiresAtMs: atMs + lifeMs,
      ...(lifeMs > 0 ? advert : { agent: advert.agent, models: [] }),
    };
    // Gossip without neighbours is no fault: the next advert finds them.
    await publish(PRESENCE_TOPIC, sealEnvelope(signer, 'starling/presence/1', body)).catch(() => undefined);
  };
  const sayNow = () => void say(ADVERT_LIFE_MS);
  const soon = () => {
    cancelSoon ??= clock.after(ADVERT_COALESCE_MS, () => {
      cancelSoon = undefined;
      sayNow();
    });
  };
  const cancelPeriod = clock.every(ADVERT_PERIOD_MS, sayNow);

  return {
    announce(next) {
      advert = next;
      soon();
    },
    repeat: soon,
    async stop() {
      cancelPeriod();
      cancelSoon?.();
      await say(0);
    },
  };
}
