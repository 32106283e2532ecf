export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** One thing that happened, as data: a person reads `text`, a program reads `fields`. */
export interface LogEntry {
  readonly atMs: number;
  readonly level: LogLevel;
  /** The domain that speaks, e.g. `swarm`. */
  readonly scope: string;
  readonly text: string;
  readonly fields: Readonly<Record<string, string | number | boolean>>;
}

/** Where entries go. Injected: no domain writes to the console by itself. */
export type LogSink = (entry: LogEntry) => void;

export type Logger = Readonly<Record<LogLevel, (text: string, fields?: LogEntry['fields']) => void>>;

export function createLogger(scope: string, sink: LogSink): Logger {
  const at =
    (level: LogLevel) =>
    (text: string, fields: LogEntry['fields'] = {}) =>
      sink({ atMs: Date.now(), level, scope, text, fields });
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

export const silentLogger: Logger = createLogger('silent', () => undefined);
