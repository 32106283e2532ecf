import { afterAll, expect, test } from 'vitest';
import file from '../../public/models/starling-builtin.gguf?url';
import type { ModelRoot, PieceHash } from '../base/branded.ts';
import { copyBytes } from '../base/bytes.ts';
import { systemClock } from '../base/clock.ts';
import { createLogger } from '../base/logger.ts';
import { sha256Hex } from '../base/sha256.ts';
import { chatOnDevice } from '../node/chat.ts';
import type { Device } from '../node/device.ts';
import { createEngineHost } from '../node/engine-host.ts';
import type { NodeSnapshot } from '../node/index.ts';
import { createNpcKit, type Scene } from '../npc/index.ts';
import { createIdbPieceStore, parseGgufHeader } from '../weights/index.ts';
import { completeOnNode, type ChattingNode } from './complete-on-node.ts';

const engine = createEngineHost({ clock: systemClock, logger: createLogger('engine', () => undefined) }, () => {});
afterAll(() => engine.stop());

/** The engine in its worker with the model that ships, asked as the node asks it. */
async function openNode(): Promise<{ readonly node: ChattingNode; readonly model: ModelRoot }> {
  const bytes = copyBytes(new Uint8Array(await (await fetch(file)).arrayBuffer()));
  const hash: PieceHash = await sha256Hex(bytes);
  await createIdbPieceStore().put(hash, bytes);
  const { headerBytes } = parseGgufHeader(bytes);
  const model = hash as string as ModelRoot;
  await engine.load({ root: model, headerBytes, pieces: [{ hash, sizeBytes: bytes.byteLength }] }, () => undefined);
  const shelf = { header: () => Promise.resolve(bytes.slice(0, headerBytes)) };
  const device = { engine, shelf } as unknown as Device;
  const snapshot = () => ({ models: [] }) as unknown as NodeSnapshot;
  return { node: { chat: (options) => chatOnDevice(device, options), snapshot }, model };
}

const scene: Scene = {
  character: { name: 'Mara', role: 'miller', style: 'warm' },
  facts: [
    'The old mill is near the red bridge.',
    'Orin lives east of the old mill.',
    'The silver lamp costs 12 coins.',
  ],
  actions: ['talk'],
  turns: [],
  player: 'How much is the silver lamp?',
};

test('a page asks a character, and its line comes from the model that ships', async () => {
  const { node, model } = await openNode();
  const complete = completeOnNode(node, model, 0);
  const kit = createNpcKit({ complete, deadlineMs: 60_000 });
  const line = await kit.say(scene);
  expect(line).toMatchObject({ source: 'model', by: 'device', action: 'talk', refused: [] });
  expect(line.say).toContain('The silver lamp costs 12 coins.');

  const draw = async (seed: number) => {
    const signal = new AbortController().signal;
    const asked = {
      messages: [{ role: 'user', content: 'Good day' }],
      adapter: undefined,
      choices: undefined,
    } as const;
    const onText = () => undefined;
    return (await complete({ ...asked, maxTokens: 12, temperature: 2, seed, onText, signal })).text;
  };
  const [one, again, other] = [await draw(1), await draw(1), await draw(2)];
  expect(again).toBe(one);
  expect(other).not.toBe(one);
});
