import { expose } from 'comlink';
import { installRealmErrors } from '../src/base/realm-errors.ts';
import { createTrainingHost } from '../src/training/index.ts';
import { createIdbPieceStore } from '../src/weights/index.ts';

installRealmErrors();
const checkpoints = createIdbPieceStore('starling-checkpoints');
expose(createTrainingHost({ store: createIdbPieceStore(), checkpoints, gpu: navigator.gpu }));
