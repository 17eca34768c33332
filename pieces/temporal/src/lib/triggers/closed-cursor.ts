import { createHash } from 'node:crypto';
import { z } from 'zod';

/** When an execution closed, exactly, and which it is. */
export interface ClosedKey {
  /** Nanoseconds since 1970. */
  readonly time: bigint;
  readonly runId: string;
}

/**
 * Visibility is written after the fact, so an execution may be seen later than one that closed after it.
 * Within this time it is not lost.
 */
export const OVERLAP_MS = 5 * 60_000;
/** Keeps the position, which is stored twice, below the 512 KB of the store. */
export const MAX_REMEMBERED = 5_000;

const digits = z.string().regex(/^\d{1,20}$/);

export const positionSchema = z.object({
  /** Executions up to here are done: nanoseconds, then run id. */
  from: z.object({ time: digits, runId: z.string() }),
  /** Those after it that are done, as `<nanoseconds>:<hash of the run id>`, in order. */
  done: z.array(z.string().regex(/^\d{1,20}:[\w-]+$/)),
});

export type ClosedPosition = z.output<typeof positionSchema>;

/** A position before which nothing is wanted. @param time ms since 1970. */
export function positionAt(timeMs: number): ClosedPosition {
  return {
    from: { time: (BigInt(Math.max(0, Math.floor(timeMs))) * 1_000_000n).toString(), runId: '' },
    done: [],
  };
}

export function compareKeys(a: ClosedKey, b: ClosedKey): number {
  if (a.time !== b.time) return a.time < b.time ? -1 : 1;
  if (a.runId === b.runId) return 0;
  return a.runId < b.runId ? -1 : 1;
}

/** True when this execution is not done yet. */
export function isNew(position: ClosedPosition, key: ClosedKey, done = new Set(position.done)): boolean {
  return compareKeys(key, fromOf(position)) > 0 && !done.has(markOf(key));
}

/**
 * The position after these executions are done. The lower end moves up to {@link OVERLAP_MS} before the
 * last one, or further when more than {@link MAX_REMEMBERED} would have to be remembered.
 */
export function advance(
  position: ClosedPosition,
  delivered: readonly ClosedKey[],
  {
    overlapMs = OVERLAP_MS,
    maxRemembered = MAX_REMEMBERED,
  }: { overlapMs?: number; maxRemembered?: number } = {},
): ClosedPosition {
  const marks = [...new Set([...position.done, ...delivered.map(markOf)])].sort(
    (a, b) => Number(timeOf(a) > timeOf(b)) - Number(timeOf(a) < timeOf(b)),
  );
  const last = marks.at(-1);
  if (last === undefined) return position;
  const lower = timeOf(last) - BigInt(overlapMs) * 1_000_000n;
  let from = fromOf(position);
  if (lower > from.time) from = { time: lower, runId: '' };
  let kept = marks.filter((mark) => timeOf(mark) >= from.time);
  if (kept.length > maxRemembered) {
    // Everything up to a whole nanosecond is forgotten at once, so that no tie is cut in two.
    const cut = timeOf(kept[kept.length - maxRemembered - 1] ?? last);
    from = { time: cut, runId: LAST_RUN_ID };
    kept = kept.filter((mark) => timeOf(mark) > cut);
  }
  return { from: { time: from.time.toString(), runId: from.runId }, done: kept };
}

/** Sorts after every run id. */
const LAST_RUN_ID = '\uffff';

/** Lower end of what has to be asked for, in whole milliseconds since 1970. */
export function lowerBoundMs({ from }: ClosedPosition): number {
  return Number(BigInt(from.time) / 1_000_000n);
}

function fromOf({ from }: ClosedPosition): ClosedKey {
  return { time: BigInt(from.time), runId: from.runId };
}

function markOf({ time, runId }: ClosedKey): string {
  return `${time}:${createHash('sha256').update(runId).digest('base64url').slice(0, 12)}`;
}

function timeOf(mark: string): bigint {
  return BigInt(mark.slice(0, mark.indexOf(':')));
}
