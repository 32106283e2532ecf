import { peerIdFromString } from '@libp2p/peer-id';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import {
  RELAY_BACKOFF_MAX_MS,
  RELAY_BACKOFF_MIN_MS,
  RELAY_CHECK_MS,
  RELAY_DIAL_TIMEOUT_MS,
  RESERVATION_TIMEOUT_MS,
} from './constants.ts';
import type { Host } from './libp2p-host.ts';
import type { RelayAddress } from './relay-address.ts';

export interface RelayState {
  readonly address: string;
  readonly isConnected: boolean;
  /** Others can reach us through it. */
  readonly isReserved: boolean;
  /** Dials since the start, the first included. */
  readonly dials: number;
}

export interface RelaySupervisor {
  states(): readonly RelayState[];
  /** Relays that are connected now, in the configured order. */
  connected(): readonly RelayAddress[];
  /** Dials at once whatever is not connected, e.g. when the device is online again. */
  wake(): void;
  stop(): void;
}

interface Watch {
  readonly address: RelayAddress;
  dials: number;
  failures: number;
  isDialing: boolean;
  cancelRetry: (() => void) | undefined;
  /** Connected, but without an address, since. */
  pendingSinceMs: number | undefined;
}

/**
 * Keeps the node connected to its relays. libp2p does not: a lost relay is never regained by itself (reference
 * p2p-stack, section 3.5). Back-off doubles from 0.25 s to 15 s, with jitter so that a restarted relay is not met by
 * everybody at once.
 */
export function superviseRelays(
  { host, clock, logger }: { host: Host; clock: Clock; logger: Logger },
  addresses: readonly RelayAddress[],
  onChange: () => void,
): RelaySupervisor {
  const abort = new AbortController();
  const watches: Watch[] = addresses.map((address) => ({
    address,
    dials: 0,
    failures: 0,
    isDialing: false,
    cancelRetry: undefined,
    pendingSinceMs: undefined,
  }));
  const connectionsTo = ({ relay }: RelayAddress) =>
    host.getConnections(peerIdFromString(relay)).filter(({ status }) => status === 'open');
  const isConnected = (watch: Watch) => connectionsTo(watch.address).length > 0;
  const isReserved = (watch: Watch) =>
    host.getMultiaddrs().some((ma) => ma.toString().includes(`/p2p/${watch.address.relay}/p2p-circuit`));

  async function dial(watch: Watch): Promise<void> {
    if (watch.isDialing || abort.signal.aborted || isConnected(watch)) return;
    watch.isDialing = true;
    watch.dials += 1;
    try {
      const signal = AbortSignal.any([abort.signal, AbortSignal.timeout(RELAY_DIAL_TIMEOUT_MS)]);
      const { remotePeer } = await host.dial(watch.address.dial, { signal });
      // Without a tag a busy node may cut its relay to make room.
      await host.peerStore.merge(remotePeer, { tags: { 'starling-relay': { value: 100 } } });
      watch.failures = 0;
      watch.pendingSinceMs = clock.now();
      onChange();
    } catch (error) {
      watch.failures += 1;
      logger.debug('relay dial failed', { relay: watch.address.text, error: String(error).slice(0, 200) });
    } finally {
      watch.isDialing = false;
      if (!isConnected(watch)) retryLater(watch);
    }
  }

  function retryLater(watch: Watch): void {
    if (abort.signal.aborted) return;
    const base = Math.min(RELAY_BACKOFF_MAX_MS, RELAY_BACKOFF_MIN_MS * 2 ** watch.failures);
    watch.cancelRetry?.();
    watch.cancelRetry = clock.after(base * (0.5 + Math.random()), () => void dial(watch));
  }

  const onDisconnect = (event: CustomEvent<{ toString(): string }>) => {
    const watch = watches.find(({ address }) => address.relay === event.detail.toString());
    if (!watch) return;
    onChange();
    retryLater(watch);
  };
  const check = () => {
    for (const watch of watches) {
      if (!isConnected(watch)) {
        if (!watch.cancelRetry || watch.failures === 0) void dial(watch);
      } else if (isReserved(watch)) watch.pendingSinceMs = undefined;
      else if (clock.now() > (watch.pendingSinceMs ??= clock.now()) + RESERVATION_TIMEOUT_MS) {
        logger.warn('relay gave no address, connecting anew', { relay: watch.address.text });
        watch.pendingSinceMs = undefined;
        for (const connection of connectionsTo(watch.address)) void connection.close().catch(() => undefined);
      }
    }
  };
  host.addEventListener('peer:disconnect', onDisconnect);
  host.addEventListener('self:peer:update', onChange);
  const cancelCheck = clock.every(RELAY_CHECK_MS, check);
  for (const watch of watches) void dial(watch);

  return {
    states: () =>
      watches.map((watch) => ({
        address: watch.address.text,
        isConnected: isConnected(watch),
        isReserved: isReserved(watch),
        dials: watch.dials,
      })),
    connected: () => watches.filter(isConnected).map(({ address }) => address),
    wake() {
      for (const watch of watches) {
        watch.failures = 0;
        void dial(watch);
      }
    },
    stop() {
      abort.abort();
      cancelCheck();
      for (const { cancelRetry } of watches) cancelRetry?.();
      host.removeEventListener('peer:disconnect', onDisconnect);
      host.removeEventListener('self:peer:update', onChange);
    },
  };
}
