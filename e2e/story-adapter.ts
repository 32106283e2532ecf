import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { adaptedTensors } from '../src/adapters/adapted-tensors.ts';
import { writeGgufLora } from '../src/adapters/gguf-lora.ts';
import { copyBytes } from '../src/base/bytes.ts';
import { createRandom } from '../src/base/random.ts';
import { readModelConfig } from '../src/engine/model/config.ts';
import { createSigner } from '../src/protocol/index.ts';
import { parseGgufHeader } from '../src/weights/gguf/header.ts';
import { buildModel } from '../src/weights/torrent/build-model.ts';

const RANK = 4;
const SCALE = 0.25;

/** Writes a file of an adapter of that model, of random numbers that change its answers. */
export async function writeStoryAdapter(model: string, name: string): Promise<string> {
  const file = copyBytes(readFileSync(model));
  const { manifest } = await buildModel(
    {
      name: basename(model),
      sizeBytes: file.length,
      read: (start, end) => Promise.resolve(file.slice(start, end)),
    },
    { signer: createSigner(new Uint8Array(32).fill(1)) },
  );
  const config = readModelConfig(parseGgufHeader(file));
  const random = createRandom(5);
  const numbers = (count: number, range: number) =>
    Float32Array.from({ length: count }, () => (random.uniform() - 0.5) * range);
  const weights = new Map(
    adaptedTensors(config)
      .filter(({ gguf }) => /attn_[qv]\./.test(gguf))
      .map(({ gguf, inputs, outputs }) => {
        const a = numbers(RANK * inputs, 2 / Math.sqrt(inputs));
        return [gguf, { rank: RANK, scale: SCALE, a, b: numbers(outputs * RANK, 2) }];
      }),
  );
  const path = join(mkdtempSync(join(tmpdir(), 'starling-adapter-')), `${name}.gguf`);
  const adapter = { weights, form: { rank: RANK, alpha: RANK * SCALE } };
  writeFileSync(path, writeGgufLora(adapter, config, { name, base: manifest.root }));
  return path;
}
