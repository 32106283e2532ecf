import type { StudioView } from '../../../node/index.ts';
import { pluralIn } from '../plural.ts';

const plural = pluralIn('en');

/** Teaching a model on this device. */
export const studio = {
  intro:
    'Teach a model something of your own: how a character speaks, how you answer, what belongs to what. It learns on this device; neither the file nor what it learns leaves it, unless you share it.',
  base: 'Model to teach',
  file: 'File to learn from (JSONL)',
  rank: 'Rank: how much it can learn',
  rowTokens: 'Longest row, in tokens',
  epochs: 'Times through the file',
  rate: 'Learning rate',
  read: 'Read the file',
  goOn: 'Go on with the last run',
  nothingKept: 'No run is kept on this device.',
  keptFrom: (time: string) => `Kept at ${time}.`,
  phases: {
    empty: '',
    preparing: 'Fetching the model and reading the file…',
    ready: 'Ready to train.',
    probing: 'Measuring two steps…',
    training: 'Learning. You can go on using this page.',
    paused: 'Paused. What it has learnt is kept on this device.',
    done: 'Done.',
    cancelled: 'Stopped.',
    failed: 'Stopped by a problem. The last checkpoint is kept.',
  } satisfies Record<StudioView['phase'], string>,
  facts: (train: number, heldOut: number, learnt: string, steps: number) =>
    `${plural(train, { one: (n) => `${n} row`, other: (n) => `${n} rows` })} to learn from, ${heldOut} held out to check with, ${learnt} tokens learnt, ${plural(steps, { one: (n) => `${n} step`, other: (n) => `${n} steps` })}.`,
  preview: 'The first rows, token by token. What is underlined is learnt; the rest is only read.',
  fit: (memory: string, seconds: string, total: string) =>
    `Takes ${memory} on the GPU and ${seconds} s a step: about ${total} in all.`,
  progress: 'Steps done',
  at: (step: number, steps: number, loss: string, before: string, after: string) =>
    `Step ${step} of ${steps}, loss ${loss}. Held-out loss ${before} → ${after}.`,
  left: (time: string) => `About ${time} left.`,
  saved: (step: number) => `Kept up to step ${step}.`,
  plot: 'Loss by step',
  plotted: (before: string, after: string) => `Loss by step; held-out loss went from ${before} to ${after}`,
  step: 'Step',
  loss: 'Loss',
  heldOut: 'Held-out loss',
  train: 'Train',
  trainOn: 'Train on',
  measure: 'Measure first',
  saveGguf: 'Save as GGUF',
  savePeft: 'Save for PEFT (two files)',
  saveCurve: 'Save the curve',
  discard: 'Discard',
  tryLabel: 'Try what it has learnt so far: it goes on with your text',
  try: 'Try',
  start: 'Begin with',
  startNew: 'A new adapter',
  licence: 'Licence',
  licenceHint: 'Under which others may use it. It is written into the file and signed with it; empty says nothing.',
  shelve: 'Put it on this device’s shelf',
  isShelved: (name: string) =>
    `${name} is on this device’s shelf. You can chat with it, name it in a batch, and go on from it.`,
  importTitle: 'Bring an adapter from elsewhere',
  importIntro:
    'A GGUF file, or the two files of a PEFT folder: adapter_config.json and adapter_model.safetensors. It is checked against its model first; nothing is uploaded.',
  importBase: 'Model that it changes',
  importFiles: 'Files of the adapter',
  importRead: 'Check the files',
  importFacts: (rank: number, changes: number) =>
    `Rank ${rank}, changes ${plural(changes, { one: (n) => `${n} matrix`, other: (n) => `${n} matrices` })}. It fits this model.`,
  smaller: (tokens: number) => `Go on with micro-batches of ${tokens} tokens`,
  slower: (rate: string) => `Go on from the last checkpoint at a learning rate of ${rate}`,
};
