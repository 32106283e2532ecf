/**
 * Starling's GPU code under Node: Dawn (the npm package `webgpu`) instead of a browser. For benchmarks on machines
 * without a browser, for training the built-in model, and later for a node without a page.
 *
 * @module
 * @example
 * const { device, report } = await openGpu(await openDawn());
 */
export { openDawn } from './open-dawn.ts';
