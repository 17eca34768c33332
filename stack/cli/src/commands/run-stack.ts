import { BizError } from '@bizstack/contracts';
import type { Stack } from '@bizstack/native';
import { type Command, InvalidArgumentError } from 'commander';
import { servicesOf } from '@bizstack/native';
import { openStack } from '../clone';
import { supervisorReporter } from '../report-lines';

export interface RunOptions {
  readonly profile: readonly string[];
  readonly only?: readonly string[];
  readonly basePort?: string;
}

/** Options that every command that starts the stack has. */
export function addRunOptions(command: Command): Command {
  const list = (value: string): string[] => {
    const names = value.split(',').filter((name) => name !== '');
    if (names.length === 0) throw new InvalidArgumentError('It is a list of names.');
    return names;
  };
  return command
    .option('--profile <names>', 'sets of services, separated by commas', list, ['core'])
    .option('--only <services>', 'these services and what they need, instead of a profile', list)
    .option('--base-port <number>', 'first port of this clone (default: derived from its folder, kept)');
}

/**
 * Starts the stack in this process, runs `whenUp`, and stays until SIGINT or SIGTERM; then stops all.
 * @returns the exit status
 */
export async function runStack(
  options: RunOptions,
  show: (line: string) => void,
  whenUp: (stack: Stack) => Promise<void>,
): Promise<number> {
  const services = servicesOf(options.only ?? options.profile);
  const stack = openStack({ services, basePort: options.basePort, report: supervisorReporter(show) });
  let stopping = false;
  const interrupted = new Promise<'interrupted'>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        if (stopping) return;
        stopping = true;
        show(`${signal}: stopping the stack`);
        resolve('interrupted');
        void stack.stop();
      });
    }
  });
  // Whatever ends this process, no service stays behind.
  process.once('exit', () => stack.killNow());
  try {
    await stack.start();
    await Promise.race([whenUp(stack), interrupted]);
    await interrupted;
    await stack.stop();
    return 0;
  } catch (error) {
    await stack.stop();
    if (error instanceof BizError && error.code === 'BIZ_NATIVE_STOPPED') return 130;
    throw error;
  }
}
