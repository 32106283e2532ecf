import { expose } from 'comlink';
import { installRealmErrors } from '../src/base/realm-errors.ts';
import { createEngineApi } from '../src/engine/index.ts';
import { createIdbKeyValue } from '../src/node/worker-index.ts';
import { createIdbPieceStore } from '../src/weights/index.ts';

installRealmErrors();
expose(createEngineApi({ store: createIdbPieceStore(), tunings: createIdbKeyValue('starling-tunings') }));
