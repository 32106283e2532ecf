import { measureDirectEmbeddings, measureOurEmbeddings } from './embed.ts';
import { measureDownload, seedModel } from './download.ts';
import { measureEncode } from './encode.ts';
import { measureEngine, measureWllama } from './generate.ts';
import { measureMatmul } from './matmul.ts';
import { measureJaxTraining, measureOurProducts, measureOurTraining } from './training.ts';

/** What the page offers to the benchmark's driver. */
export const bench = {
  seedModel,
  measureDownload,
  measureEngine,
  measureWllama,
  measureMatmul,
  measureEncode,
  measureOurEmbeddings,
  measureDirectEmbeddings,
  measureOurTraining,
  measureJaxTraining,
  measureOurProducts,
};

Object.assign(globalThis, { bench });
