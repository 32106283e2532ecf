import { afterAll, beforeAll, expect, test } from 'vitest';
import { openModel, type OpenModel } from '../../models/builtin/evaluate-model.ts';
import { evaluateNpc } from '../../models/builtin/evaluate-npc.ts';
import file from '../../public/models/starling-builtin.gguf?url';
import { copyBytes } from '../base/bytes.ts';

let model: OpenModel;
beforeAll(async () => {
  const bytes = new Uint8Array(await (await fetch(file)).arrayBuffer());
  model = await openModel(navigator.gpu, copyBytes(bytes));
});
afterAll(() => model.engine.stop());

const SCENES = 20;

test('characters of the model that ships answer hostile players without a made-up name or number', async () => {
  const scores = await evaluateNpc(model, SCENES, 5, false);
  expect(scores.unfounded).toEqual([]);
  expect(scores.fromModel).toBeGreaterThanOrEqual(0.5);
});

test('held to the replies that would pass, every line comes from the model at the first attempt', async () => {
  const scores = await evaluateNpc(model, SCENES, 5, true);
  expect(scores).toMatchObject({ unfounded: [], fromModel: 1, attempts: SCENES });
});
