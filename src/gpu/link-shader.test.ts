import { expect, test } from 'vitest';
import { encodeParams } from './params-layout.ts';
import { allChoices, defineKernel } from './kernel.ts';
import { linkShader } from './link-shader.ts';

test('links a prelude and files, and finds the file and line of a linked line', () => {
  const { code, locate } = linkShader({
    aliases: { elem: 'f16' },
    consts: { SIZE: 4 },
    files: [
      { name: 'a.wgsl', code: 'fn a() {\n}\n', enables: ['f16'] },
      { name: 'b.wgsl', code: 'fn b() {\n  a();\n}' },
    ],
  });
  const lines = code.split('\n');
  expect(lines.slice(0, 3)).toEqual(['enable f16;', 'alias elem = f16;', 'const SIZE = 4u;']);
  expect(locate(lines.indexOf('  a();') + 1)).toBe('b.wgsl:2');
  expect(locate(4)).toBe('a.wgsl:1');
  expect(locate(1)).toBe('prelude:1');
});

test('parameters lie in struct order, little-endian, padded to 16 bytes', () => {
  const bytes = encodeParams(
    { n: 'u32', scale: 'f32', m: 'u32', k: 'u32', last: 'u32' },
    { n: 7, scale: 0.5, m: 0, k: 1, last: 258 },
  );
  const words = new Uint32Array(bytes.buffer);
  expect(bytes.byteLength).toBe(32);
  expect([words[0], words[1], words[4]]).toEqual([7, 0x3f000000, 258]);
});

test('all choices are the product of the axes', () => {
  const file = { name: 'x.wgsl', code: '' };
  const kernel = defineKernel({
    name: 'x',
    params: {},
    bindings: [],
    variants: { a: { one: file, two: file }, b: { only: file } },
    aliases: { t: ['f32', 'vec4f'] },
    overrides: { W: { default: 1, allowed: [1, 2, 4] } },
    kernel: file,
  });
  expect(allChoices(kernel)).toHaveLength(12);
});
