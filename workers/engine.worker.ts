import { expose } from 'comlink';
import { installRealmErrors } from '../src/base/realm-errors.ts';
import { createEngineApi } from '../src/engine/index.ts';
import { createIdbPieceStore } from '../src/weights/index.ts';

// The engine's realm: WebGPU and the content store, nothing else. It touches the GPU when the page asks it to.
installRealmErrors();
expose(createEngineApi({ store: createIdbPieceStore() }));
