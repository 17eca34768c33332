import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** A child process whose output is piped. */
export type PipedProcess = ChildProcess & { readonly stdout: Readable; readonly stderr: Readable };

/**
 * The address that a server of a test's own says it listens on. What it writes to stderr is added to `log`.
 * @throws Error with that log when it ends before.
 */
export async function listeningUrl(child: PipedProcess, log: string[]): Promise<string> {
  createInterface({ input: child.stderr }).on('line', (line) => log.push(line));
  return new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const found = /listening on (http:\/\/\S+)/.exec(line)?.[1];
      if (found) resolve(found);
    });
    child.once('error', reject);
    child.once('exit', (code, signal) =>
      reject(new Error(`The server ended at its start (${code ?? signal}):\n${log.join('\n')}`)),
    );
  });
}
