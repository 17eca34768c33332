import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  defaultCacheDir,
  DRIVERS,
  findRootDir,
  lockOwner,
  parseBasePort,
  type Reporter,
  resolveFacts,
  Stack,
  type StatePaths,
  statePaths,
} from '@bizstack/native';

/** Services that are asked about when none is named: all that there are. */
const ALL = DRIVERS.map((driver) => driver.name);

export function rootDir(): string {
  return findRootDir(__dirname);
}

/** `.bizstack` of this clone, or the folder that `BIZSTACK_STATE_DIR` names. */
export function clonePaths(): StatePaths {
  const named = process.env['BIZSTACK_STATE_DIR'];
  return statePaths(named ? resolve(named) : join(rootDir(), '.bizstack'));
}

export interface OpenOptions {
  readonly services?: readonly string[];
  readonly basePort?: string | undefined;
  readonly report?: Reporter;
}

/** This clone's stack as an object; nothing is started. */
export function openStack({ services = ALL, basePort, report = () => undefined }: OpenOptions = {}): Stack {
  const port = basePort ?? process.env['BIZSTACK_BASE_PORT'];
  return new Stack({
    rootDir: rootDir(),
    stateDir: clonePaths().stateDir,
    cacheDir: defaultCacheDir(),
    drivers: DRIVERS,
    services,
    ...(port === undefined || port === '' ? {} : { basePort: parseBasePort(port) }),
    report,
  });
}

export type Facts = Readonly<Record<string, string | number>>;

/** Facts of a service with its secrets. Never print the result as a whole. */
export function factsOf(stack: Stack, service: string): Facts {
  return resolveFacts(stack.factsOf(service), (name) => {
    stack.secrets.file(name);
    return stack.secrets.get(name);
  });
}

/** Pid of the supervisor of this clone; undefined when none runs. */
export function supervisorPid(paths: StatePaths): number | undefined {
  return lockOwner(join(paths.runDir, 'lock'))?.pid;
}

/** @returns false when the supervisor still runs after that time */
export async function waitUntilDown(paths: StatePaths, timeoutMs: number): Promise<boolean> {
  for (const deadline = Date.now() + timeoutMs; Date.now() < deadline; await sleep(100)) {
    if (supervisorPid(paths) === undefined) return true;
  }
  return false;
}
