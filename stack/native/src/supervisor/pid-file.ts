import { mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { groupAlive, isSameProcess, processStartTime, signalGroup } from '../state/process-info';
import { writeFileAtomic } from '../state/state-file';

const pidFileSchema = z.object({
  service: z.string(),
  name: z.string(),
  pid: z.number().int().positive(),
  startTime: z.string(),
  stopSignal: z.enum(['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGKILL']).catch('SIGTERM'),
  stopTimeoutMs: z.number().positive(),
});

export type PidFile = z.infer<typeof pidFileSchema>;

export function writePidFile(
  runDir: string,
  entry: Omit<PidFile, 'startTime' | 'stopSignal'> & { stopSignal: NodeJS.Signals },
): void {
  const startTime = processStartTime(entry.pid);
  if (startTime === undefined) return;
  mkdirSync(pidDir(runDir), { recursive: true, mode: 0o700 });
  writeFileAtomic(pidPath(runDir, entry.service, entry.name), JSON.stringify({ ...entry, startTime }), 0o600);
}

export function removePidFile(runDir: string, service: string, name: string): void {
  rmSync(pidPath(runDir, service, name), { force: true });
}

/** Processes of a supervisor that was killed: recorded, still alive, and the very ones that were started. */
export function findLeftovers(runDir: string): PidFile[] {
  let names: string[];
  try {
    names = readdirSync(pidDir(runDir));
  } catch {
    return [];
  }
  const leftovers: PidFile[] = [];
  for (const name of names) {
    const file = join(pidDir(runDir), name);
    let entry: PidFile;
    try {
      entry = pidFileSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
    } catch {
      rmSync(file, { force: true });
      continue;
    }
    if (isSameProcess(entry.pid, entry.startTime)) leftovers.push(entry);
    else rmSync(file, { force: true });
  }
  return leftovers;
}

/** Stops what a killed supervisor left: politely first, so that data is written out. */
export async function stopLeftovers(runDir: string, report: (entry: PidFile) => void): Promise<void> {
  await Promise.all(
    findLeftovers(runDir).map(async (entry) => {
      report(entry);
      await stopGroup(entry.pid, entry.stopSignal, entry.stopTimeoutMs);
      removePidFile(runDir, entry.service, entry.name);
    }),
  );
}

/** Sends the signal to the whole process group, and SIGKILL after the timeout; returns when the group is gone. */
export async function stopGroup(pid: number, signal: NodeJS.Signals, timeoutMs: number): Promise<void> {
  signalGroup(pid, signal);
  const deadline = Date.now() + timeoutMs;
  while (groupAlive(pid)) {
    if (Date.now() > deadline) signalGroup(pid, 'SIGKILL');
    await sleep(50);
  }
}

function pidDir(runDir: string): string {
  return join(runDir, 'pids');
}

function pidPath(runDir: string, service: string, name: string): string {
  return join(pidDir(runDir), `${service}${name === '' ? '' : `-${name}`}.json`);
}
