import { expect, test } from 'vitest';
import { attentionKindFor } from './attention.ts';
import { productsFor } from './choose-products.ts';

const names = (device: Parameters<typeof productsFor>[0], format: 'F32' | 'Q8_0' | 'Q4_K') => {
  const { linear, inputGrad } = productsFor(device);
  return [linear(format).kernel.name, inputGrad(format).kernel.name];
};
const tiles = ['train_linear', 'train_linear_input_grad'];
const subgroups = ['train_linear_subgroup', 'train_linear_input_grad_subgroup'];

test.each([
  ['wide subgroups take everything', { subgroupSize: 32, isSoftware: false }, subgroups, subgroups, subgroups],
  ['so do those of a driver in software', { subgroupSize: 8, isSoftware: true }, subgroups, subgroups, subgroups],
  ['a GPU without any has tiles', { isSoftware: false }, tiles, tiles, tiles],
  ['as has one with subgroups that no kernel is for', { subgroupSize: 5, isSoftware: true }, tiles, tiles, tiles],
  [
    'narrow subgroups in software decode, and the way back is in tall tiles',
    { subgroupSize: 4, isSoftware: true },
    tiles,
    ['train_linear_subgroup', 'train_linear_input_grad_tall'],
    ['train_linear_subgroup', 'train_linear_input_grad_tall'],
  ],
])('%s', (_, device, plain, quantised, k) => {
  expect([names(device, 'F32'), names(device, 'Q8_0'), names(device, 'Q4_K')]).toEqual([plain, quantised, k]);
});

test('workgroups cover every row and column', () => {
  const { linear, inputGrad } = productsFor({ subgroupSize: 4, isSoftware: true });
  expect(linear('F32').groups(64, 520)).toBe(9);
  expect(inputGrad('NF4').kernel.name).toBe('train_linear_input_grad');
  expect(linear('Q4_K').groups(40, 528)).toBe(5);
  expect(inputGrad('Q4_K').groups(40, 512)).toBe(2);
});

test('attention goes by tiles in software of narrow subgroups alone', () => {
  const kinds = [{ subgroupSize: 4, isSoftware: true }, { subgroupSize: 8, isSoftware: true }, { isSoftware: true }];
  expect(kinds.map(attentionKindFor)).toEqual(['tiles', 'rows', 'rows']);
  expect(attentionKindFor({ subgroupSize: 4, isSoftware: false })).toBe('rows');
});
