const noWebGpu =
  'This browser cannot use the GPU for computing. Chrome or Edge 113 and newer, Safari 26 and newer, and Firefox 141 on Windows can. You can still send batches for others to compute.';
const noAdapter =
  'The browser found no GPU that it may use. A newer graphics driver may help. You can still send batches for others to compute.';
const limitsTooLow = 'This GPU allows too little memory at once for this model. Try a smaller model.';
const outOfMemory =
  'The GPU has too little free memory for this model. Close other heavy pages or choose a smaller one.';

/** What to tell a person about a problem, by its code: what it means and what to do next. */
export const advice = {
  'node/no-webgpu': noWebGpu,
  'node/no-adapter': noAdapter,
  'node/limits-too-low': limitsTooLow,
  'node/no-relay':
    'The meeting point for peers does not answer. Starling keeps trying; this device can still compute for you.',
  'node/no-peers': 'Nobody is sharing this model right now. The batch waits and starts by itself when somebody does.',
  'node/offline': 'This page’s server does not answer. Models that are already on this device can still be used.',
  'node/elsewhere': 'Starling is already running on another page of this browser.',
  'node/unknown-file':
    'This file is none of the models that are offered here, or was changed: only those that their publisher signed are taken. The Models section lists them.',
  'node/unknown-model': 'This model is not offered here. The Models section lists what is.',
  'engine/out-of-memory': outOfMemory,
  'gpu/out-of-memory': outOfMemory,
  'gpu/no-webgpu': noWebGpu,
  'gpu/no-adapter': noAdapter,
  'gpu/limits-too-low': limitsTooLow,
  'gpu/device-lost': 'The graphics driver restarted. Press Start to go on; nothing that was finished is lost.',
  'weights/quota-exceeded': 'The browser has too little room for this model. Delete another model or free some disk.',
  'weights/hash-mismatch': 'Some of the model arrived damaged and was thrown away. Press Download to fetch it again.',
  'weights/no-source': 'No other tab and no server has this model right now. Try again later.',
  'work/adapter-not-shared': 'Whoever shared this adapter is not there now. Try again later.',
  'adapter/adapter-lineage': 'Where this adapter comes from cannot be followed, so it is not used. Ask its publisher.',
  'adapter/adapter-base': 'This adapter was made for another model. Choose the model that it changes.',
  'adapter/adapter-invalid': 'These files are no whole adapter. Export it again where it was made.',
  'adapter/adapter-unsupported': 'This kind of adapter cannot be computed here. Merge it into its model instead.',
  'training/diverged':
    'The loss became infinite. What was kept before that is whole: go on from there at a lower learning rate.',
  'training/out-of-memory':
    'The GPU has too little memory for micro-batches this large. What was kept is whole: go on with smaller ones, or choose a shorter longest row.',
  'trainingdata/empty': 'The file has no rows. Each line is one JSON object.',
  'trainingdata/too-few-rows': 'One row cannot be learnt from and checked with at once. Add rows to the file.',
  'work/empty-batch': 'The file has no lines. A batch has one JSON request on each line.',
  'identity/weak-passphrase': 'This passphrase is too short. Take at least 10 letters.',
  'identity/not-an-identity': 'This file is no saved identity of Starling. Choose the one that was saved here.',
  'identity/wrong-passphrase': 'The passphrase does not open this file. Try it again; capitals count.',
};
