import { RealmError } from '../base/realm-errors.ts';
import { AppError } from '../base/app-error.ts';
import type { Problem } from './snapshot.ts';

/** The form in which errors reach the interface: `domain/code`, so that it can look up words and a next step. */
export function problemOf(error: unknown): Problem {
  if (error instanceof AppError || (error instanceof RealmError && error.code !== undefined)) {
    const domain = error.name.replace(/Error$/, '').toLowerCase();
    return { code: `${domain}/${error.code}`, message: error.message };
  }
  // The browser's own word for a full disk, wherever it was met.
  if (error instanceof DOMException && error.name === 'QuotaExceededError') {
    return { code: 'weights/quota-exceeded', message: error.message };
  }
  return { code: 'unexpected', message: error instanceof Error ? error.message : String(error) };
}
