import { createEmitter } from '../base/emitter.ts';

const changes = createEmitter<{ change: undefined }>();
let batch: File | undefined;
let model: File | undefined;

/** Files that wait for the section that they belong to, one of each kind: the newest. */
export const inbox = {
  batch: () => batch,
  /** Gives the model's file away, once. */
  takeModel(): File | undefined {
    const taken = model;
    model = undefined;
    return taken;
  },
  clearBatch(): void {
    batch = undefined;
    changes.emit('change', undefined);
  },
  onChange: (listener: () => void) => changes.on('change', listener),
};

/** Opens the section that a file belongs to, with the file in it; other kinds are left alone. @returns whether it was of use */
export function receive(file: File): boolean {
  const name = file.name.toLowerCase();
  if (name.endsWith('.jsonl')) {
    batch = file;
    location.hash = '#batch';
  } else if (name.endsWith('.gguf')) {
    model = file;
    location.hash = '#models';
  } else return false;
  changes.emit('change', undefined);
  return true;
}
