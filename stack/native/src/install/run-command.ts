import { spawn } from 'node:child_process';
import { BizError } from '@bizstack/contracts';

export interface RunOptions {
  readonly cwd?: string;
  /** Added to the caller's environment: package managers need its proxy and registry settings. */
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Every line of output, as it comes. */
  readonly onLine?: (line: string) => void;
  readonly uid?: number;
  readonly gid?: number;
  /** Added to the error when the command fails. */
  readonly hint?: string;
}

const TAIL_LINES = 15;

/**
 * Runs an installing command to its end and returns what it printed on standard output.
 * @throws BizError `BIZ_NATIVE_COMMAND_FAILED` with the last lines of its output; `BIZ_NATIVE_DISK_FULL` when those say so.
 */
export function runCommand(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const { cwd, env, signal, onLine, uid, gid, hint } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      signal,
      ...(uid === undefined ? {} : { uid }),
      ...(gid === undefined ? {} : { gid }),
    });
    const tail: string[] = [];
    let stdout = '';
    const read = (chunk: string): void => {
      for (const line of chunk.split(/\r?\n/)) {
        if (line.trim() === '') continue;
        tail.push(line);
        if (tail.length > TAIL_LINES) tail.shift();
        onLine?.(line);
      }
    };
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      stdout += chunk;
      read(chunk);
    });
    child.stderr.setEncoding('utf8').on('data', read);
    child.on('error', (cause) => {
      reject(
        new BizError('BIZ_NATIVE_COMMAND_FAILED', `${command} cannot be run: ${cause.message}.`, {
          cause,
          hint,
        }),
      );
    });
    child.on('close', (code, killedBy) => {
      if (code === 0) return resolve(stdout);
      const output = tail.join('\n');
      const how = killedBy === null ? `code ${code}` : `signal ${killedBy}`;
      if (/no space left on device|ENOSPC/i.test(output)) {
        return reject(
          new BizError('BIZ_NATIVE_DISK_FULL', `The disk is full: ${command} ended with ${how}.`, {
            hint: 'Free some space and run the same command again; what is installed already is kept.',
          }),
        );
      }
      return reject(
        new BizError(
          'BIZ_NATIVE_COMMAND_FAILED',
          `${command} ${args[0] ?? ''} ended with ${how}:\n${output}\n`,
          { hint },
        ),
      );
    });
  });
}
