import type { GgufHeader, GgufMetadata } from '../../weights/index.ts';
import { EngineError } from '../errors.ts';

/** Which dimensions of a head a rotary pair joins: neighbours (Llama) or those half the rotary size apart (Qwen). */
export type RopeStyle = 'pairs' | 'halves';

/** The numbers of a decoder-only transformer. */
export interface ModelConfig {
  readonly architecture: Architecture;
  readonly layers: number;
  /** Residual width. */
  readonly width: number;
  readonly ffnWidth: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headSize: number;
  /** Dimensions of a head that are rotated. */
  readonly rotary: number;
  readonly ropeBase: number;
  /** Positions are divided by this (linear scaling); 1 for most. */
  readonly ropeScale: number;
  readonly ropeStyle: RopeStyle;
  /** RMS norm over each head of q and k. */
  readonly hasHeadNorm: boolean;
  readonly epsilon: number;
  /** Positions that the model was made for. */
  readonly contextTokens: number;
  readonly vocabulary: number;
  /** The head is the embedding table. */
  readonly isTied: boolean;
}

const ROPE_STYLES = { llama: 'pairs', qwen2: 'halves', qwen3: 'halves' } as const satisfies Record<string, RopeStyle>;
export type Architecture = keyof typeof ROPE_STYLES;

/** Lanes of an attention workgroup times 4. */
const MAX_HEAD_SIZE = 256;
const MAX_LAYERS = 512;
const MAX_CONTEXT = 2 ** 24;

/**
 * Reads the configuration of a GGUF header.
 *
 * @throws {EngineError} `model-unsupported`; {WeightsError} `gguf-metadata-missing`
 */
export function readModelConfig({ metadata, tensors }: GgufHeader): ModelConfig {
  const architecture = metadata.requireText('general.architecture');
  if (!isArchitecture(architecture)) {
    throw new EngineError(
      'model-unsupported',
      `architecture ${architecture.slice(0, 40)} is not supported, one of ${Object.keys(ROPE_STYLES).join(', ')} expected`,
    );
  }
  const number = (key: string) => metadata.requireNumber(`${architecture}.${key}`);
  const optional = (key: string) => metadata.number(`${architecture}.${key}`);
  const width = number('embedding_length');
  const heads = number('attention.head_count');
  const headSize = optional('attention.key_length') ?? width / heads;
  const config: ModelConfig = {
    architecture,
    layers: number('block_count'),
    width,
    ffnWidth: number('feed_forward_length'),
    heads,
    kvHeads: optional('attention.head_count_kv') ?? heads,
    headSize,
    rotary: optional('rope.dimension_count') ?? headSize,
    ropeBase: optional('rope.freq_base') ?? 10_000,
    ropeScale: readRopeScale(metadata, architecture),
    ropeStyle: ROPE_STYLES[architecture],
    hasHeadNorm: architecture === 'qwen3',
    epsilon: number('attention.layer_norm_rms_epsilon'),
    contextTokens: number('context_length'),
    vocabulary: tensors.find(({ name }) => name === 'token_embd.weight')?.dims[1] ?? 0,
    isTied: !tensors.some(({ name }) => name === 'output.weight'),
  };
  checkConfig(config, optional('attention.value_length') ?? headSize);
  return config;
}

function isArchitecture(name: string): name is Architecture {
  return Object.hasOwn(ROPE_STYLES, name);
}

function readRopeScale(metadata: GgufMetadata, architecture: string): number {
  const type = metadata.text(`${architecture}.rope.scaling.type`) ?? 'none';
  if (type === 'none') return 1;
  if (type !== 'linear')
    throw new EngineError('model-unsupported', `rope scaling ${type.slice(0, 40)} is not supported`, {
      name: type.slice(0, 40),
    });
  return metadata.number(`${architecture}.rope.scaling.factor`) ?? 1;
}

function checkConfig(config: ModelConfig, valueSize: number): void {
  const check = (isFine: boolean, name: string, value: number, limit: number) => {
    if (!isFine)
      throw new EngineError('model-unsupported', `${name} of ${value} is not supported (${limit})`, {
        name,
        value,
        limit,
      });
  };
  const counted: readonly (readonly [string, number, number])[] = [
    ['layer count', config.layers, MAX_LAYERS],
    ['width', config.width, 2 ** 17],
    ['feed-forward width', config.ffnWidth, 2 ** 19],
    ['head count', config.heads, 1024],
    ['kv head count', config.kvHeads, config.heads],
    ['head size', config.headSize, MAX_HEAD_SIZE],
    ['rotary size', config.rotary, config.headSize],
    ['context', config.contextTokens, MAX_CONTEXT],
    ['vocabulary', config.vocabulary, 2 ** 20],
  ];
  for (const [name, value, limit] of counted)
    check(Number.isInteger(value) && value > 0 && value <= limit, name, value, limit);
  for (const [name, value] of counted.slice(1, 3)) check(value % 4 === 0, name, value, 4);
  check(config.headSize % 4 === 0, 'head size', config.headSize, 4);
  check(config.rotary % 2 === 0, 'rotary size', config.rotary, 2);
  check(config.heads % config.kvHeads === 0, 'kv head count', config.kvHeads, config.heads);
  check(valueSize === config.headSize, 'value head size', valueSize, config.headSize);
  check(config.epsilon > 0 && config.epsilon < 1, 'norm epsilon', config.epsilon, 1);
  check(config.ropeBase > 1 && config.ropeScale > 0, 'rope base', config.ropeBase, 1);
}
