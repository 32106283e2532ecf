import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { bundle } from './bundle.ts';

/** Mesa's lavapipe has the features that SwiftShader lacks. */
const LAVAPIPE = ['/usr/share/vulkan/icd.d/lvp_icd.json', '/usr/share/vulkan/icd.d/lvp_icd.x86_64.json'];
const driver = process.env['VK_DRIVER_FILES'] ?? LAVAPIPE.find(existsSync);
const reason = driver === undefined ? ' (skipped: no lavapipe and no VK_DRIVER_FILES)' : '';

test.skipIf(driver === undefined)(
  `products of f16, of int8 and over subgroups are right under Dawn, and the self-test says so${reason}`,
  { timeout: 600_000 },
  async () => {
    const file = await bundle('src/headless/testing/check-properties.ts');
    const env = { ...process.env, VK_DRIVER_FILES: driver };
    const { stdout } = await promisify(execFile)(process.execPath, [file, 'Q8_0'], { env, maxBuffer: 2 ** 24 });
    await rm(dirname(file), { recursive: true, force: true });
    const lines = stdout.split('\n').filter((line) => line.startsWith('{'));
    const [device, ...checks] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    const reductions = device?.['reductions'] as string[];
    expect(reductions).toEqual(expect.arrayContaining(['serial', 'shared']));
    expect(reductions.filter((label) => label.endsWith('-f16')).length).toBeGreaterThan(0);
    expect(reductions.filter((label) => label.endsWith('-int8')).length).toBeGreaterThan(0);
    expect(checks.length).toBe(reductions.length + 2);
    for (const { what, faults } of checks) expect(faults, String(what)).toEqual([]);
  },
);
