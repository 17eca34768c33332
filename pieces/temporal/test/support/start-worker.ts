import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

// By the name of the package, because the benchmark is bundled to another place.
const PACKAGE = createRequire(__filename).resolve('@bizstack/piece-temporal/package.json');
const WORKER = join(dirname(PACKAGE), 'test/support/worker.cjs');

export interface TestWorker {
  readonly taskQueue: string;
  stop(): Promise<void>;
}

/** Starts a worker in a process of its own. */
export async function startWorker(options: {
  readonly address: string;
  readonly taskQueue: string;
  readonly codecKeyHex?: string | undefined;
}): Promise<TestWorker> {
  const { address, taskQueue, codecKeyHex } = options;
  const args = [WORKER, address, taskQueue, ...(codecKeyHex === undefined ? [] : [codecKeyHex])];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', () => resolve());
    child.once('exit', (code) => reject(new Error(`the worker ended with ${code}`)));
  });
  return {
    taskQueue,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
