import { isAbort } from '../base/app-error.ts';
import { WeightsError } from './errors.ts';

/** Runs one storage operation and gives its failure a name. */
export async function namedStorage<T>(what: string, missingBytes: number, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (cause) {
    if (cause instanceof WeightsError || isAbort(cause)) throw cause;
    const name = cause instanceof Error || cause instanceof DOMException ? cause.name : '';
    if (name === 'QuotaExceededError') {
      throw new WeightsError(
        'quota-exceeded',
        `no room to ${what}: at least ${missingBytes} bytes missing; delete a model or free disk space`,
        { missingBytes },
        { cause },
      );
    }
    throw new WeightsError(
      'store-failed',
      `the browser's storage could not ${what} (${name || 'unknown'}); reload the page, and leave private browsing`,
      {},
      { cause },
    );
  }
}
