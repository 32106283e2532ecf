import { expose } from 'comlink';
import { installRealmErrors } from '../src/base/realm-errors.ts';
import { createEngineApi } from '../src/engine/index.ts';
import { borrowPieces, createIdbKeyValue, LENT_ENGINE } from '../src/node/worker-index.ts';
import { createIdbPieceStore } from '../src/weights/index.ts';

installRealmErrors();
if (self.name === LENT_ENGINE) void borrowPieces().then((store) => expose(createEngineApi({ store })));
else expose(createEngineApi({ store: createIdbPieceStore(), tunings: createIdbKeyValue('starling-tunings') }));
