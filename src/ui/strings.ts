import type { Cause, NodePhase, StartStep, StudioView, When } from '../node/index.ts';

/** Every sentence that a person reads, in one place, ready to be translated. */
export const strings = {
  title: 'Starling',
  tagline: 'Share this computer’s GPU with people who need it, for as long as this page is open.',
  nothingYet: 'Nothing runs until you press Start.',
  sections: {
    contribute: 'Contribute',
    models: 'Models',
    batch: 'Batch',
    chat: 'Chat',
    studio: 'Studio',
    activity: 'Activity',
  },
  phase: {
    off: 'Off',
    elsewhere: 'Running in another tab',
    starting: 'Starting',
    connected: 'Connected, not sharing',
    serving: 'Sharing',
    paused: 'Paused',
    stopping: 'Stopping',
  } satisfies Record<NodePhase, string>,
  step: {
    join: 'Finding peers',
    download: 'Downloading the model',
    upload: 'Moving it to the GPU',
    ready: 'Warming up',
  } satisfies Record<StartStep['name'], string>,
  contribute: 'Contribute…',
  otherTab:
    'It runs in another tab of this browser. This tab shows it and can use it; it ends when that tab is closed.',
  inOtherTab: 'in another tab',
  limits: {
    title: 'How much this device gives',
    share: 'Share of the GPU’s time',
    when: 'When',
    whenKinds: {
      'plugged-in': 'While plugged in',
      always: 'Always, on battery down to half',
      idle: 'While nobody uses this device',
      hours: 'Between two hours of the day',
    } satisfies Record<When['kind'], string>,
    data: 'Data a day, in megabytes',
    noLimit: 'no limit',
    from: 'From',
    to: 'to',
    now: (percent: number) => `Using up to ${percent} % of the GPU.`,
    recovering: 'It rises again by and by.',
    causes: {
      person: '',
      schedule: 'Resting until your hours begin.',
      battery: 'Held down because this device runs on battery.',
      'in-use': 'Resting while this device is in use.',
      'data-cap': 'Resting: today’s data is used up. It goes on tomorrow, or when you allow more.',
      metered: 'Held down on a metered connection.',
      site: 'Held down by the site that shows this.',
      hidden: 'Resting while this page is hidden.',
      pressure: 'Held down because the processor is hot or busy.',
      contention: 'Held down because something else uses the GPU.',
      frames: 'Resting while the page’s picture would stutter.',
    } satisfies Record<Cause, string>,
  },
  pause: 'Pause',
  resume: 'Resume',
  stop: 'Stop',
  idle: 'Ready. Nobody has asked for anything yet.',
  idleAgain: 'Ready for the next request.',
  resting: 'Resting. It goes on by itself.',
  helping: 'Computing for somebody now.',
  tiles: {
    speed: 'Speed now',
    served: 'Tokens computed',
    records: 'Requests answered',
    people: 'People helped',
    peers: 'Peers',
    fromPeers: 'From other tabs',
    fromWebSeed: 'From the server',
    uploaded: 'Given to others',
  },
  bench: {
    title: 'Measure this GPU',
    intro:
      'Times the engine on random models and compares it with the speed at which this GPU reads its memory. Nothing is downloaded and nothing is sent; it takes about a minute.',
    start: 'Measure',
    cancel: 'Stop measuring',
    save: 'Save as file',
    busy: 'This device is sharing its GPU now. Stop that first, or both will be slow.',
    columns: ['Model', 'Type', 'Sequences', 'Tokens/s', 'ms a step', 'Of the memory’s speed'],
    memory: (gigabytes: string) => `The memory reads ${gigabytes} GB/s.`,
    layers: (count: number) => `Only ${count} layer of the model was measured: this GPU is emulated in software.`,
  },
  studio: {
    intro:
      'Teach a model something of your own: how a character speaks, how you answer, what belongs to what. It learns on this device; neither the file nor what it learns leaves it.',
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
      `${train} rows to learn from, ${heldOut} held out to check with, ${learnt} tokens learnt, ${steps} steps.`,
    preview: 'The first rows, token by token. What is underlined is learnt; the rest is only read.',
    fit: (memory: string, seconds: string, total: string) =>
      `Takes ${memory} on the GPU and ${seconds} s a step: about ${total} in all.`,
    progress: 'Steps done',
    at: (step: number, steps: number, loss: string, before: string, after: string) =>
      `Step ${step} of ${steps}, loss ${loss}. Held-out loss ${before} → ${after}.`,
    left: (time: string) => `About ${time} left.`,
    saved: (step: number) => `Kept up to step ${step}.`,
    plot: (before: number | undefined, after: number | undefined) =>
      before === undefined || after === undefined
        ? 'Loss by step'
        : `Loss by step; held-out loss went from ${before.toFixed(3)} to ${after.toFixed(3)}`,
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
  },
  batch: {
    adapter: 'Adapter for lines that name none',
    noAdapter: 'None: the model as it is',
  },
  shelf: {
    reads: (tokens: string) => `reads ${tokens} tokens at once`,
    changes: (base: string, rank: number) => `an adapter of ${base}, rank ${rank}`,
    unknownBase: 'a model that is not here',
  },
  noModels: 'The operator of this page has not published a model yet.',
  offline: 'This page’s server does not answer. Models that are already on this device can still be used.',
} as const;

/** Version of the consent text; a change of its meaning is a new version, and people are asked again. */
export const CONSENT_TEXT_VERSION = '2026-11-21.2';

/** What to tell a person about a problem: what it means and what to do next. */
const advice: Readonly<Record<string, string>> = {
  'node/no-webgpu':
    'This browser cannot use the GPU for computing. Chrome or Edge 113 and newer, Safari 26 and newer, and Firefox 141 on Windows can. You can still send batches for others to compute.',
  'node/no-adapter':
    'The browser found no GPU that it may use. A newer graphics driver may help. You can still send batches for others to compute.',
  'node/limits-too-low': 'This GPU allows too little memory at once for this model. Try a smaller model.',
  'node/no-relay':
    'The meeting point for peers does not answer. Starling keeps trying; this device can still compute for you.',
  'node/no-peers': 'Nobody is sharing this model right now. The batch waits and starts by itself when somebody does.',
  'node/offline': strings.offline,
  'node/elsewhere': 'Starling is already running in another tab of this browser.',
  'node/unknown-model': 'This model is not offered here. The Models section lists what is.',
  'engine/out-of-memory':
    'The GPU has too little free memory for this model. Close other heavy pages or choose a smaller one.',
  'gpu/out-of-memory':
    'The GPU has too little free memory for this model. Close other heavy pages or choose a smaller one.',
  'gpu/no-webgpu':
    'This browser cannot use the GPU for computing. Chrome or Edge 113 and newer, Safari 26 and newer, and Firefox 141 on Windows can. You can still send batches for others to compute.',
  'gpu/no-adapter':
    'The browser found no GPU that it may use. A newer graphics driver may help. You can still send batches for others to compute.',
  'gpu/limits-too-low': 'This GPU allows too little memory at once for this model. Try a smaller model.',
  'gpu/device-lost': 'The graphics driver restarted. Press Start to go on; nothing that was finished is lost.',
  'weights/quota-exceeded': 'The browser has too little room for this model. Delete another model or free some disk.',
  'weights/hash-mismatch': 'Some of the model arrived damaged and was thrown away. Press Download to fetch it again.',
  'weights/no-source': 'No other tab and no server has this model right now. Try again later.',
  'adapter/adapter-lineage': 'Where this adapter comes from cannot be followed, so it is not used. Ask its publisher.',
  'adapter/adapter-base': 'This adapter was made for another model.',
  'training/diverged':
    'The loss became infinite. What was kept before that is whole: go on with the last run at a lower learning rate.',
  'training/out-of-memory': 'The GPU has too little memory for rows this long. Choose a shorter longest row.',
  'trainingdata/empty': 'The file has no rows. Each line is one JSON object.',
  'trainingdata/too-few-rows': 'One row cannot be learnt from and checked with at once. Add rows to the file.',
  'work/empty-batch': 'The file has no lines. A batch has one JSON request on each line.',
};

export function adviceFor(code: string): string | undefined {
  return advice[code];
}
