import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EmbedError } from '../errors.ts';
import { readAttributes } from './read-attributes.ts';

test('a tag with nothing but its key asks for little', () => {
  expect(readAttributes({ site: 'shop' })).toEqual({
    site: 'shop',
    target: undefined,
    isTraceless: false,
    options: {
      mode: 'offer',
      maxShare: 0.25,
      maxDownloadBytes: 200 * 1024 * 1024,
      frameBudgetMs: 20,
      doLinesYield: false,
      mayAskOthers: false,
    },
  });
  const full = { site: 'a-1', target: '#here', mode: 'npc', maxDuty: '10', maxDownloadMb: '5', frameBudgetMs: '33.4' };
  expect(readAttributes(full).options).toMatchObject({ mode: 'npc', maxShare: 0.1, frameBudgetMs: 33.4 });
});

test.each([
  [{}, 'data-site'],
  [{ site: 'No Key' }, 'data-site'],
  [{ site: 'shop', mode: 'auto' }, 'data-mode'],
  [{ site: 'shop', asks: 'all' }, 'data-asks'],
  [{ site: 'shop', consent: 'given' }, 'data-consent'],
  [{ site: 'shop', maxDuty: '51' }, 'data-max-duty'],
  [{ site: 'shop', maxDuty: '1e9' }, 'data-max-duty'],
  [{ site: 'shop', maxDownloadMb: '-1' }, 'data-max-download-mb'],
  [{ site: 'shop', frameBudgetMs: '' }, 'data-frame-budget-ms'],
  [{ site: 'shop', footprint: 'all' }, 'data-footprint'],
  [{ site: 'shop', lines: 'never' }, 'data-lines'],
])('%j is refused, and %s named', (data, name) => {
  expect(() => readAttributes(data)).toThrow(expect.objectContaining({ code: 'bad-attribute' }) as Error);
  expect(() => readAttributes(data)).toThrow(name);
});

test('whatever a page writes, it is taken within its bounds or refused by name', () => {
  const keys = fc.constantFrom(
    'site',
    'mode',
    'maxDuty',
    'maxDownloadMb',
    'frameBudgetMs',
    'footprint',
    'lines',
    'target',
    'else',
  );
  fc.assert(
    fc.property(fc.dictionary(keys, fc.oneof(fc.string(), fc.double().map(String))), (data) => {
      try {
        const { options } = readAttributes(data);
        expect(options.maxShare).toBeLessThanOrEqual(0.5);
        expect(options.maxDownloadBytes).toBeLessThan(2 ** 31);
      } catch (error) {
        expect(error).toBeInstanceOf(EmbedError);
      }
    }),
  );
});
