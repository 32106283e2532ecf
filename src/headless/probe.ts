/** `npm run headless -- src/headless/probe.ts`: which GPU Dawn sees. */
import { probeGpu } from '../gpu/index.ts';
import { openDawn } from './open-dawn.ts';

console.log(await probeGpu(await openDawn()));
process.exit(0);
