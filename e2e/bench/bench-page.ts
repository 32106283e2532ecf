import { measureDirectEmbeddings, measureOurEmbeddings } from './embed.ts';
import { measureDownload, seedModel } from './download.ts';
import { measureEngine, measureWllama } from './generate.ts';
import { measureJaxMatmul, measureOurMatmul } from './matmul.ts';

/** What the page offers to the benchmark's driver. */
export const bench = {
  seedModel,
  measureDownload,
  measureEngine,
  measureWllama,
  measureOurMatmul,
  measureJaxMatmul,
  measureOurEmbeddings,
  measureDirectEmbeddings,
};

Object.assign(globalThis, { bench });
