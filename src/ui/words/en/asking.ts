import type { JobView, ShelfModel } from '../../../node/index.ts';
import { pluralIn } from '../plural.ts';

const plural = pluralIn('en');

/** Models, batches and conversations. */
export const asking = {
  shelf: {
    reads: (tokens: string) => `reads ${tokens} tokens at once`,
    changes: (base: string, rank: number) => `an adapter of ${base}, rank ${rank}`,
    unknownBase: 'a model that is not here',
    parameters: (count: string) => `${count} parameters`,
    state: {
      absent: 'Not on this device',
      partial: 'Partly on this device',
      downloading: 'Downloading',
      held: 'On this device',
      loaded: 'On the GPU',
    } satisfies Record<ShelfModel['state'], string>,
    room: (used: string, quota: string) => `${used} of ${quota} that the browser allows.`,
    mayGo: 'The browser may delete models when the disk runs short.',
    downloadOf: (model: string) => `Download of ${model}`,
    arriving: (done: string, total: string, speed: string, peers: number) =>
      plural(peers, {
        one: (n) => `${done} of ${total}, ${speed}/s, ${n} peer`,
        other: (n) => `${done} of ${total}, ${speed}/s, ${n} peers`,
      }),
    confirm: (size: string) => `Delete ${size} from this device?`,
    keep: 'Keep',
    delete: 'Delete',
    download: (size: string) => `Download ${size}`,
    stopDownload: 'Stop download',
    fromFile: 'Take a model from a file…',
    file: 'Model file',
    taking: (file: string) => `Checking ${file}…`,
    taken: (file: string) => `${file} is on this device now.`,
    save: 'Save as file',
  },
  batch: {
    state: {
      preparing: 'Reading the file',
      interrupted: 'Interrupted when the page closed',
      running: 'Running',
      waiting: 'Waiting for somebody who shares this model',
      done: 'Done',
      cancelled: 'Cancelled',
      failed: 'Failed',
    } satisfies Record<JobView['state'], string>,
    drop: 'Drop a .jsonl file in OpenAI’s batch format: one request on each line.',
    choose: 'Choose a file',
    file: 'Batch file',
    who: 'Who computes',
    swarm: 'People who share this model',
    device: 'This device alone',
    adapter: 'Adapter for lines that name none',
    noAdapter: 'None: the model as it is',
    progressOf: (file: string) => `Progress of ${file}`,
    answered: (done: string, total: string) => `${done} of ${total} answered`,
    withError: (count: number) =>
      plural(count, { one: (n) => `${n} with an error`, other: (n) => `${n} with an error` }),
    askedAgain: (count: number) => plural(count, { one: (n) => `${n} asked again`, other: (n) => `${n} asked again` }),
    since: (time: string) => `Since ${time}.`,
    thisDevice: 'this device',
    results: 'Download results',
    errors: 'Download errors',
    goOn: 'Go on',
    remove: 'Remove',
    arrived: (file: string, size: string) => `${file} has arrived (${size}). It is sent when you say so.`,
    leave: 'Leave it',
    send: 'Send',
    cancel: 'Cancel',
  },
  chat: {
    none: 'No model is offered here yet.',
    intro: 'The answer is computed on this device. What you write stays on it.',
    conversation: 'Conversation',
    model: 'Model',
    message: 'Your message',
    send: 'Send',
    again: 'New conversation',
    downloads: (size: string) => `Sending downloads the model to this device first: ${size}.`,
  },
};
