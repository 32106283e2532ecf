import { fileURLToPath } from 'node:url';

/** A model that comes with the program. */
export interface DefaultModel {
  readonly path: string;
  readonly licence: string;
}

/** What is published where nobody named a model and none was published before: no network is needed for it. */
export const DEFAULT_MODEL: DefaultModel = {
  path: fileURLToPath(new URL('../../public/models/starling-builtin.gguf', import.meta.url)),
  licence: 'Apache-2.0',
};
