import { spawn } from 'node:child_process';
import { mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { StatePaths } from '@bizstack/native';
import { z } from 'zod';

const messageSchema = z.union([z.object({ line: z.string() }), z.object({ ready: z.literal(true) })]);

/**
 * Starts a supervisor that outlives this process, shows what it says and returns when all runs.
 * @param args command line of the supervisor
 * @returns 0 when all runs, 1 when it gave up (it has said why)
 */
export function startDetached(args: readonly string[], paths: StatePaths): Promise<number> {
  mkdirSync(paths.logDir, { recursive: true, mode: 0o700 });
  const output = openSync(join(paths.logDir, 'supervisor.out'), 'w', 0o600);
  const bin = join(__dirname, '..', 'bin', 'bizstack.js');
  const child = spawn(process.execPath, [bin, ...args], {
    detached: true,
    stdio: ['ignore', output, output, 'ipc'],
  });
  // Ctrl-C while it starts means: do not start it.
  const cancel = (): void => void child.kill('SIGTERM');
  process.once('SIGINT', cancel);
  process.once('SIGTERM', cancel);
  return new Promise((resolve) => {
    const done = (code: number): void => {
      process.off('SIGINT', cancel);
      process.off('SIGTERM', cancel);
      if (child.connected) child.disconnect();
      child.unref();
      resolve(code);
    };
    child.on('message', (raw) => {
      const message = messageSchema.safeParse(raw);
      if (!message.success) return;
      if ('line' in message.data) console.log(message.data.line);
      else done(0);
    });
    child.on('error', (error) => {
      console.error(error.message);
      done(1);
    });
    child.on('exit', (code) => done(code === 0 ? 1 : (code ?? 1)));
  });
}
