import { join } from 'node:path';
import { readStatus } from '@bizstack/native';

/** A service that dies when so many leads are posted. */
export interface PlannedKill {
  readonly service: string;
  readonly afterPosted: number;
}

/** Reads `nocobase@250,kafka@500`. */
export function parseKills(text: string): PlannedKill[] {
  return text.split(',').map((part) => {
    const [, service, posted] = /^\s*([a-z]+)@([1-9]\d{0,7})\s*$/.exec(part) ?? [];
    if (service === undefined || posted === undefined) {
      throw new Error(
        `--kill must be service@posted, separated by commas, as in kafka@500, not "${part.trim()}".`,
      );
    }
    return { service, afterPosted: Number(posted) };
  });
}

/** Process id of a service of the native stack, while it runs. */
export function pidOf(stateDir: string, service: string): number | undefined {
  const status = readStatus(join(stateDir, 'run'));
  return status?.services.find((one) => one.name === service)?.processes[0]?.pid;
}

/**
 * kill -9; the stack's supervisor starts the service again.
 * @returns the process id that is no more
 */
export function killService(stateDir: string, service: string): number {
  const pid = pidOf(stateDir, service);
  if (pid === undefined) throw new Error(`${service} does not run in this stack.`);
  process.kill(pid, 'SIGKILL');
  return pid;
}
