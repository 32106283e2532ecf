import { expect, test } from 'vitest';
import { FairQueue } from './fair-queue.ts';
import type { Sequence } from './sequence.ts';

const from = (requester: string, id: string) => ({ requester, id }) as Sequence;

/** Serves what waits, each costing `cost`; gives the order. */
function serve(queue: FairQueue, cost: number): string[] {
  const order: string[] = [];
  for (let next = queue.next(); next; next = queue.next()) {
    queue.take(next);
    queue.charge(next.requester, cost, 0);
    order.push(next.id);
  }
  return order;
}

test('a requester with one sequence need not wait for another with many', () => {
  const queue = new FairQueue();
  for (let i = 0; i < 5; i++) queue.add(from('many', `m${i}`));
  queue.add(from('one', 'o'));
  expect(serve(queue, 10)).toEqual(['m0', 'o', 'm1', 'm2', 'm3', 'm4']);
});

test('nobody saves up turns by staying away', () => {
  const queue = new FairQueue();
  queue.add(from('a', 'a0'));
  serve(queue, 1000);
  queue.add(from('a', 'a1'));
  queue.add(from('a', 'a2'));
  for (let i = 0; i < 3; i++) queue.add(from('b', `b${i}`));
  expect(serve(queue, 10)).toEqual(['a1', 'b0', 'a2', 'b1', 'b2']);
});

test('who comes new while others run, and nobody waits, has no turns to catch up on', () => {
  const queue = new FairQueue();
  queue.add(from('old', 'o0'));
  serve(queue, 1000);
  queue.add(from('old', 'o1'));
  serve(queue, 1000);
  for (let i = 0; i < 3; i++) queue.add(from('new', `n${i}`));
  queue.add(from('old', 'o2'));
  expect(serve(queue, 1000)).toEqual(['n0', 'n1', 'o2', 'n2']);
});

test('answers cost twice what prompts do', () => {
  const queue = new FairQueue();
  queue.add(from('a', 'a'));
  queue.add(from('b', 'b'));
  queue.charge('a', 0, 10);
  queue.charge('b', 19, 0);
  expect(queue.next()?.id).toBe('b');
});
