import { linkSync, mkdirSync, readFileSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BizError } from '@bizstack/contracts';
import { z } from 'zod';
import { hasCode } from './error-code';
import { isSameProcess, processCommand, processStartTime } from './process-info';

const ownerSchema = z.object({ pid: z.number().int().positive(), startTime: z.string() });
export type LockOwner = z.infer<typeof ownerSchema>;

export interface Lock {
  release(): void;
}

/**
 * Takes a lock file if nobody alive holds it. A lock whose owner (pid and start time) is gone is taken over,
 * so a kill -9 never locks anybody out.
 * @returns the lock, or the living owner.
 */
export function tryLock(file: string): Lock | LockOwner {
  mkdirSync(dirname(file), { recursive: true });
  const me: LockOwner = { pid: process.pid, startTime: processStartTime(process.pid) ?? '' };
  const mine = `${file}.${me.pid}`;
  writeFileSync(mine, JSON.stringify(me), { mode: 0o600 });
  try {
    for (;;) {
      try {
        // A hard link fails when the lock is there, and carries its whole content when it succeeds.
        linkSync(mine, file);
        return { release: () => releaseIfMine(file, me) };
      } catch (error) {
        if (!hasCode(error, 'EEXIST')) throw error;
      }
      const owner = readOwner(file);
      if (owner && isSameProcess(owner.pid, owner.startTime)) return owner;
      removeStale(file);
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

export function isLock(value: Lock | LockOwner): value is Lock {
  return 'release' in value;
}

export interface WaitOptions {
  readonly signal?: AbortSignal;
  /** Called once, when somebody else holds the lock. */
  readonly onWait?: (owner: LockOwner) => void;
}

/** Waits for a lock as long as a living process holds it. */
export async function waitForLock(file: string, { signal, onWait }: WaitOptions = {}): Promise<Lock> {
  for (let first = true; ; first = false) {
    const result = tryLock(file);
    if (isLock(result)) return result;
    if (first) onWait?.(result);
    await sleep(200, undefined, { signal });
  }
}

/** @throws BizError `BIZ_NATIVE_RUNNING` when another process runs this clone's stack. */
export function lockOrFail(file: string): Lock {
  const result = tryLock(file);
  if (isLock(result)) return result;
  throw new BizError(
    'BIZ_NATIVE_RUNNING',
    `This clone's stack already runs: process ${result.pid} (${processCommand(result.pid) ?? 'unknown'}).`,
    { hint: 'See it with: bizstack status. Stop it with: bizstack down.', details: { pid: result.pid } },
  );
}

/** Who holds the lock now; undefined when nobody alive does. */
export function lockOwner(file: string): LockOwner | undefined {
  const owner = readOwner(file);
  return owner && isSameProcess(owner.pid, owner.startTime) ? owner : undefined;
}

function readOwner(file: string): LockOwner | undefined {
  try {
    return ownerSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}

/** Two processes may find the same stale lock: it is removed only while it is the very file that was judged. */
function removeStale(file: string): void {
  const judged = statSync(file, { throwIfNoEntry: false });
  const owner = readOwner(file);
  if (judged === undefined || (owner && isSameProcess(owner.pid, owner.startTime))) return;
  const now = statSync(file, { throwIfNoEntry: false });
  if (now?.ino !== judged.ino) return;
  try {
    unlinkSync(file);
  } catch {
    return;
  }
}

function releaseIfMine(file: string, me: LockOwner): void {
  const owner = readOwner(file);
  if (owner?.pid === me.pid && owner.startTime === me.startTime) rmSync(file, { force: true });
}
