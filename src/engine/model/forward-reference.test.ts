import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadReferenceModel } from './forward.reference.ts';

interface Oracle {
  readonly tokens: number[];
  readonly exact: [number, number][][];
}
const root = '../shared/models';
const files = ['random', 'stories260K'].flatMap((folder) =>
  existsSync(join(root, folder))
    ? readdirSync(join(root, folder))
        .filter((name) => name.endsWith('.gguf'))
        .map((name) => join(root, folder, name))
    : [],
);

test.skipIf(files.length > 0)('skipped: ../shared/models is absent', () => undefined);
for (const file of files) {
  test(`the reference agrees with the float64 oracle of ${file}`, () => {
    const oracle = JSON.parse(readFileSync(file.replace('.gguf', '.reference.json'), 'utf8')) as Oracle;
    const rows = loadReferenceModel(readFileSync(file)).logProbabilities(oracle.tokens);
    let worst = 0;
    oracle.exact.forEach((row, i) =>
      row.forEach(([id, value]) => (worst = Math.max(worst, Math.abs((rows[i]?.[id] ?? 9) - value)))),
    );
    // The oracle is rounded to 6 decimals; both are f64, so only that rounding and the order of sums may differ.
    expect(worst).toBeLessThan(2e-6);
  });
}
