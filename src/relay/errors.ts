import { AppError } from '../base/app-error.ts';

/**
 * - `bad-option`: a command line option that cannot be; the operator is at fault
 * - `port-in-use` / `listen-failed`: the port cannot be opened; choose another
 * - `no-such-file`: a path that is not there or cannot be read
 * - `download-failed`: a URL could not be fetched to its end; running again resumes
 * - `wrong-hash`: downloaded bytes are not the ones that `--sha256` asks for; nothing was kept
 * - `data-unusable`: the data folder cannot be written or holds something that is not ours
 * - `app-missing`: there is no built app and nothing to build it from, or the build failed
 */
export type RelayErrorCode =
  | 'bad-option'
  | 'port-in-use'
  | 'listen-failed'
  | 'no-such-file'
  | 'download-failed'
  | 'wrong-hash'
  | 'data-unusable'
  | 'app-missing';

/** Thrown by the operator's process; its message is the one line that the operator reads. */
export class RelayError extends AppError<RelayErrorCode, Record<string, never>> {
  constructor(code: RelayErrorCode, message: string, cause?: unknown) {
    super(code, `relay: ${message}`, {}, { cause });
  }
}
