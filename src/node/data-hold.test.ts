import { expect, test } from 'vitest';
import type { ModelRoot } from '../base/branded.ts';
import '../base/with-resolvers.ts';
import { createDataHold } from './data-hold.ts';

const SERVED = 'a'.repeat(64) as ModelRoot;

function createDevice() {
  const moving = new Set(['served', 'shared']);
  const stops: PromiseWithResolvers<void>[] = [];
  let held: boolean | undefined;
  let isOffline = false;
  const hold = createDataHold(
    {
      adapters: { holdData: (isHeld) => void (held = isHeld) },
      shelf: {
        async stop() {
          const stop = Promise.withResolvers<void>();
          stops.push(stop);
          await stop.promise;
          moving.clear();
        },
        async download(root) {
          expect(root).toBe(SERVED);
          if (isOffline) throw new Error('offline');
          moving.add('served');
        },
      },
      shared: { seedAgain: async () => void moving.add('shared') },
    },
    SERVED,
  );
  const whenQuiet = () => new Promise((done) => setTimeout(done));
  return { hold, moving, stops, held: () => held, whenQuiet, goOffline: () => (isOffline = true) };
}

test('the served model and the shared adapters go on when there is data again, once everything has ended', async () => {
  const { hold, moving, stops, held, whenQuiet } = createDevice();
  hold(true);
  await whenQuiet();
  expect(held()).toBe(true);
  hold(false);
  await whenQuiet();
  expect(held()).toBe(false);
  stops[0]?.resolve();
  await whenQuiet();
  expect([...moving].toSorted()).toEqual(['served', 'shared']);
});

test('data that is held again before everything has ended begins nothing', async () => {
  const { hold, moving, stops, whenQuiet } = createDevice();
  hold(true);
  hold(false);
  hold(true);
  await whenQuiet();
  for (const { resolve } of stops) resolve();
  await whenQuiet();
  expect([...moving]).toEqual([]);
  hold(false);
  await whenQuiet();
  expect(moving.size).toBe(2);
});

test('a served model that cannot be reached does not keep the adapters from going on', async () => {
  const { hold, moving, stops, whenQuiet, goOffline } = createDevice();
  goOffline();
  hold(true);
  stops[0]?.resolve();
  hold(false);
  await whenQuiet();
  expect([...moving]).toEqual(['shared']);
});
