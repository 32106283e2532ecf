import { AdapterError, checkLineage, readGgufLora } from '../adapters/index.ts';
import type { ModelRoot } from '../base/branded.ts';
import type { AdapterFacts } from '../protocol/index.ts';
import { readModelConfig, type AdapterWeights, type ModelConfig } from '../engine/index.ts';
import { parseGgufHeader, readAdapterFacts } from '../weights/index.ts';
import type { Shelf } from './shelf.ts';

/** What is asked of the shelf. */
type HeldShelf = Pick<Shelf, 'models' | 'download' | 'export' | 'header'>;

/** An adapter of the shelf, ready for the engine. */
export interface HeldAdapter {
  readonly base: ModelRoot;
  readonly weights: AdapterWeights;
}

/**
 * Fetches an adapter if need be and holds it to its lineage and its base.
 *
 * @throws {AdapterError}, {WeightsError}, {NodeError} by name
 */
export async function openHeldAdapter(shelf: HeldShelf, root: ModelRoot, signal: AbortSignal): Promise<HeldAdapter> {
  const factsOf = (each: ModelRoot) => shelf.models().find((model) => model.root === each)?.adapter;
  checkLineage(root, factsOf);
  await shelf.download(root, signal);
  const bytes = new Uint8Array(await new Response(await shelf.export(root)).arrayBuffer());
  checkFacts(factsOf(root), readAdapterFacts(parseGgufHeader(bytes)));
  const base = factsOf(root)?.base ?? root;
  return { base, weights: readGgufLora(bytes, await readBaseConfig(shelf, base)).weights };
}

/** The numbers of a model, of which its header is fetched if need be. @throws {WeightsError}, {EngineError} by name */
export async function readBaseConfig(shelf: Pick<Shelf, 'header'>, base: ModelRoot): Promise<ModelConfig> {
  return readModelConfig(parseGgufHeader(await shelf.header(base)));
}

/** A publisher may list what a file does not say; the file decides. */
function checkFacts(listed: AdapterFacts | undefined, said: AdapterFacts): void {
  const text = ({ base, rank, parents }: AdapterFacts) => JSON.stringify([base, rank, parents]);
  if (listed && text(listed) === text(said)) return;
  const message = 'what is listed of the adapter is not what its file says; ask another publisher';
  throw new AdapterError('adapter-lineage', message);
}
