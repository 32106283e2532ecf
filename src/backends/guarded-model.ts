import { isAbort } from '../base/app-error.ts';
import type { BackendModel, BackendTask } from './backend.ts';
import { BackendError } from './errors.ts';

type Methods = Omit<BackendModel, 'tasks' | 'close'>;

const NEEDS: Record<keyof Methods, readonly BackendTask[]> = {
  complete: ['completion', 'chat'],
  embed: ['embedding'],
  classify: ['text-classification'],
  choose: ['zero-shot-classification'],
  transcribe: ['speech-to-text'],
};

/**
 * Puts one behaviour around what a library offers: unclaimed tasks, use after closing and the library's own errors all
 * become named errors; aborts stay aborts.
 */
export function guardModel(
  backend: string,
  tasks: readonly BackendTask[],
  methods: Partial<Methods>,
  close: () => Promise<void>,
): BackendModel {
  let closing: Promise<void> | undefined;
  const guard =
    <Name extends keyof Methods>(name: Name) =>
    async (...args: unknown[]): Promise<never> => {
      if (closing) throw new BackendError('model-closed', `the ${backend} model was closed; load it again`);
      const method = methods[name] as ((...values: unknown[]) => Promise<never>) | undefined;
      if (!method || !NEEDS[name].some((task) => tasks.includes(task))) throw unsupported(backend, name);
      try {
        return await method(...args);
      } catch (cause) {
        if (isAbort(cause) || cause instanceof BackendError) throw cause;
        if (closing) throw new BackendError('model-closed', `the ${backend} model was closed meanwhile`);
        throw new BackendError('failed', `${backend} failed: ${wordsOf(cause)}`, { name: backend }, { cause });
      }
    };
  return {
    tasks,
    complete: guard('complete'),
    embed: guard('embed'),
    classify: guard('classify'),
    choose: guard('choose'),
    transcribe: guard('transcribe'),
    close: () => (closing ??= close()),
  };
}

/** Runs a library's loading: what it throws becomes `model-invalid`, what we and the store throw stays. */
export async function guardLoading<T>(backend: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    const isNamed = cause instanceof Error && ['BackendError', 'WeightsError', 'AbortError'].includes(cause.name);
    if (isNamed) throw cause;
    throw new BackendError(
      'model-invalid',
      `${backend} refused the model: ${wordsOf(cause)}`,
      { name: backend },
      { cause },
    );
  }
}

export function unsupported(backend: string, task: string): BackendError {
  return new BackendError('task-unsupported', `this ${backend} model does not do ${task}; take another model`, {
    name: task,
  });
}

function wordsOf(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).slice(0, 300);
}
