import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { bundle } from './bundle.ts';

interface Line {
  readonly kernel: string;
  readonly features: readonly string[];
  readonly missing: readonly string[];
  readonly variants: number;
  readonly faults: readonly string[];
}

/** Mesa's lavapipe has the features that SwiftShader lacks. */
const LAVAPIPE = ['/usr/share/vulkan/icd.d/lvp_icd.json', '/usr/share/vulkan/icd.d/lvp_icd.x86_64.json'];
const driver = process.env['VK_DRIVER_FILES'] ?? LAVAPIPE.find(existsSync);
const reason = driver === undefined ? ' (skipped: no lavapipe and no VK_DRIVER_FILES)' : '';

test.skipIf(driver === undefined)(
  `every variant of every kernel compiles under Dawn${reason}`,
  { timeout: 600_000 },
  async () => {
    const file = await bundle('src/headless/compile-kernels.ts');
    const env = { ...process.env, VK_DRIVER_FILES: driver };
    const { stdout } = await promisify(execFile)(process.execPath, [file], { env, maxBuffer: 2 ** 24 });
    await rm(dirname(file), { recursive: true, force: true });
    const lines = stdout
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Line);
    for (const { kernel, missing } of lines)
      if (missing.length > 0)
        console.warn(`${kernel}: variants with ${missing.join(', ')} skipped, the adapter lacks it`);
    expect(lines.flatMap(({ faults }) => faults)).toEqual([]);
    expect(lines.some(({ features, missing }) => features.includes('subgroups') && missing.length === 0)).toBe(true);
    expect(new Set(lines.map(({ kernel }) => kernel)).size).toBeGreaterThanOrEqual(8);
  },
);
