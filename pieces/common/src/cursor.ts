import { hostname } from 'node:os';
import { readFileSync } from 'node:fs';
import type { Store } from '@activepieces/pieces-framework';
import { z } from 'zod';
import { BizError } from './errors';

/** What to do with a batch when the process that fetched it has ended since. */
export type Redelivery = 'redeliver' | 'continue';

/** Deliveries of one batch after which it counts as delivered, so that a batch that kills the engine does not block. */
export const MAX_DELIVERIES = 5;

const storedSchema = z.object({
  committed: z.unknown(),
  pending: z
    .object({
      position: z.unknown(),
      owner: z.object({ host: z.string(), pid: z.number(), started: z.string() }),
    })
    .nullable(),
  deliveries: z.number(),
});

export interface CursorOptions<P> {
  readonly store: Pick<Store, 'get' | 'put'>;
  /** Up to 128 characters, unique within the flow. */
  readonly key: string;
  readonly schema: z.ZodType<P>;
  readonly redelivery?: Redelivery;
}

export interface CursorPosition<P> {
  /** Everything before it is done. Undefined when the trigger never ran. */
  readonly committed: P | undefined;
  /** The last batch's end that counts as delivered with this poll; the caller may publish it elsewhere. */
  readonly promoted: P | undefined;
  /** True when the last batch is to be delivered again. */
  readonly redelivering: boolean;
}

/**
 * The position of a polling trigger, kept in the flow's store so that no item is lost.
 *
 * A batch is only staged while `run` returns it; the *next* poll commits it, because a poll happens after
 * the engine has taken over the last batch. When the process that staged the batch is gone by then, the
 * engine may have died with the batch in hand, so it is delivered again (`redeliver`). Engines that start
 * a process for every poll need `continue`.
 */
export interface PollCursor<P> {
  /** Call first in `run`. Decides about the last batch, but writes nothing. */
  begin(): Promise<CursorPosition<P>>;
  /** Call last in `run`, with the position after the batch that is returned. */
  stage(position: P): Promise<void>;
  /** For positions after which nothing was delivered, and for `onEnable`. */
  commit(position: P): Promise<void>;
}

export function createPollCursor<P>({
  store,
  key,
  schema,
  redelivery = 'redeliver',
}: CursorOptions<P>): PollCursor<P> {
  let committed: P | undefined;
  let deliveries = 0;

  return {
    async begin() {
      const raw = await store.get(key);
      if (raw === null || raw === undefined)
        return { committed: undefined, promoted: undefined, redelivering: false };
      const stored = read(key, raw, storedSchema);
      committed =
        stored.committed === undefined || stored.committed === null
          ? undefined
          : read(key, stored.committed, schema);
      if (stored.pending === null) return { committed, promoted: undefined, redelivering: false };
      if (
        redelivery === 'redeliver' &&
        stored.deliveries < MAX_DELIVERIES &&
        !isAlive(stored.pending.owner)
      ) {
        deliveries = stored.deliveries;
        return { committed, promoted: undefined, redelivering: true };
      }
      committed = read(key, stored.pending.position, schema);
      deliveries = 0;
      return { committed, promoted: committed, redelivering: false };
    },
    async stage(position) {
      await store.put(key, {
        committed: committed ?? null,
        pending: { position, owner: thisProcess() },
        deliveries: deliveries + 1,
      });
    },
    async commit(position) {
      committed = position;
      deliveries = 0;
      await store.put(key, { committed: position, pending: null, deliveries: 0 });
    },
  };
}

function read<T>(key: string, value: unknown, schema: z.ZodType<T>): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new BizError('BIZ_TRIGGER_STATE_INVALID', `The position stored as "${key}" cannot be read.`, {
    hint: 'It was written by another version or by hand; delete it from the storage of the flow to start anew.',
    cause: result.error,
  });
}

type Owner = { host: string; pid: number; started: string };

function thisProcess(): Owner {
  return { host: hostname(), pid: process.pid, started: startOf(process.pid) ?? '' };
}

/**
 * True when the process that staged a batch still runs. One on another host cannot be seen; it is taken
 * as running, since engines spread over hosts hand polls around all the time.
 */
function isAlive({ host, pid, started }: Owner): boolean {
  if (host !== hostname()) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it runs, under another user.
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false;
  }
  return started === (startOf(pid) ?? '');
}

/** Start time of a process in clock ticks since boot, against reused ids. Only where /proc exists. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command name, in parentheses, may itself hold spaces and parentheses.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
