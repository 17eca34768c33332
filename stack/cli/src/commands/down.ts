import { Command } from 'commander';
import { clonePaths, openStack, supervisorPid, waitUntilDown } from '../clone';
import { lineReporter } from '@bizstack/native';

const TIMEOUT_MS = 120_000;

/** `bizstack down`. Exit status: 0 when nothing runs any more. */
export function downCommand(): Command {
  return new Command('down').description('stop the stack of this clone; data is kept').action(async () => {
    const paths = clonePaths();
    const pid = supervisorPid(paths);
    if (pid === undefined) {
      // A supervisor that was killed may have left services behind.
      await openStack({ report: lineReporter((line) => console.log(line)) }).stopLeftovers();
      console.log('The stack does not run.');
      return;
    }
    process.kill(pid, 'SIGTERM');
    if (await waitUntilDown(paths, TIMEOUT_MS)) {
      console.log('The stack is stopped.');
      return;
    }
    console.error(
      `The supervisor (process ${pid}) still runs after ${TIMEOUT_MS / 1000} s. Look at: bizstack logs supervisor`,
    );
    process.exitCode = 1;
  });
}
