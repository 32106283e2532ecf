import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createAnswerText } from './answer-text.ts';

/** A detokeniser whose tokens are indices into `parts`. */
const speaking = (parts: readonly string[]) => ({ push: (id: number) => parts[id] ?? '', end: () => '' });

test('text ends before the first stop string, however the tokens cut it', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 4 });
  fc.assert(
    fc.property(fc.array(letters, { maxLength: 12 }), fc.array(letters, { maxLength: 3 }), (parts, stops) => {
      const answer = createAnswerText(speaking(parts), stops);
      let streamed = '';
      let isStopped = false;
      for (let token = 0; token < parts.length && !isStopped; token++) {
        const step = answer.push(token);
        streamed += step.text;
        ({ isStopped } = step);
      }
      if (!isStopped) streamed += answer.end();
      const whole = parts.join('');
      const ends = stops
        .filter(Boolean)
        .map((stop) => whole.indexOf(stop))
        .filter((at) => at >= 0);
      // The first stop string to be completed ends the text; one that begins earlier but ends later may lose the race.
      expect(isStopped).toBe(ends.length > 0);
      expect(answer.text).toBe(streamed);
      expect(whole.startsWith(streamed)).toBe(true);
      for (const stop of stops.filter(Boolean)) expect(streamed).not.toContain(stop);
      if (!isStopped) expect(streamed).toBe(whole);
    }),
    { numRuns: 2000 },
  );
});

test('only what could begin a stop string is held back', () => {
  const answer = createAnswerText(speaking(['ab', 'c', 'd']), ['bcx']);
  expect(answer.push(0)).toEqual({ text: 'a', isStopped: false });
  expect(answer.push(1)).toEqual({ text: '', isStopped: false });
  expect(answer.push(2)).toEqual({ text: 'bcd', isStopped: false });
});
