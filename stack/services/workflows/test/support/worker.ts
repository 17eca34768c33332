import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { nodeBinary } from '@bizstack/native';

const ROOT = join(__dirname, '..', '..', '..', '..', '..');
const MAIN = join(__dirname, '..', '..', 'dist', 'main.js');

export interface WorkerProcess {
  readonly url: string;
  readonly lines: string[];
  readonly running: boolean;
  /** SIGTERM; the exit code. */
  stop(): Promise<number | null>;
  kill(): Promise<void>;
}

/** Starts the service in a process of its own, as it runs in production. */
export async function startWorker(env: Readonly<Record<string, string>>): Promise<WorkerProcess> {
  const child: ChildProcess = spawn(nodeBinary(ROOT), [MAIN], {
    env: { PATH: process.env['PATH'], WORKFLOWS_PORT: '0', WORKFLOWS_METRICS_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'exit');
  const lines: string[] = [];
  const url = await new Promise<string>((resolve, reject) => {
    if (!child.stdout || !child.stderr) throw new Error('no pipes');
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line);
      const { message, url: address } = JSON.parse(line) as { message: string; url?: string };
      if (message === 'workflows worker runs' && address !== undefined) resolve(address);
    });
    createInterface({ input: child.stderr }).on('line', (line) => lines.push(line));
    child.once('exit', (code) => reject(new Error(`The worker ended with ${code}: ${lines.join('\n')}`)));
  });
  return {
    url,
    lines,
    get running() {
      return child.exitCode === null && child.signalCode === null;
    },
    async stop() {
      child.kill('SIGTERM');
      await ended;
      return child.exitCode;
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
