import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** What a test in a page may ask Node to do. */
export interface RelayCommands {
  /** Starts a relay process; on a given port if a test restarts one. */
  startRelay(port?: number): Promise<{ port: number; peerId: string }>;
  /** Kills it, as a crash would. */
  stopRelay(port: number): Promise<void>;
}

const running = new Map<number, ChildProcess>();

export const relayCommands = {
  async startRelay(_context: unknown, port = 0): Promise<{ port: number; peerId: string }> {
    const child = fork('e2e/relay-process.ts', [String(port)], {
      execArgv: ['--import', 'tsx'],
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    const [line] = (await once(child.stdout ?? child, 'data')) as [Buffer];
    const ready = JSON.parse(line.toString()) as { port: number; peerId: string };
    running.set(ready.port, child);
    return ready;
  },
  async stopRelay(_context: unknown, port: number): Promise<void> {
    const child = running.get(port);
    if (!child) return;
    running.delete(port);
    child.kill('SIGKILL');
    await once(child, 'exit');
  },
};
