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

type Stored = z.infer<typeof storedSchema>;

export interface CursorOptions<P> {
  readonly store: Pick<Store, 'get' | 'put'>;
  /** Up to 128 characters, unique within the flow. */
  readonly key: string;
  readonly schema: z.ZodType<P>;
  readonly redelivery?: Redelivery;
}

export interface CursorPosition<P> {
  /** Where the last batch began; everything before it is done. Undefined when the trigger never ran. */
  readonly committed: P | undefined;
  /** Where the last batch ended, when it counts as delivered with this poll. */
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
  /** Call last in `run`, with the positions before and after the batch that is returned. */
  stage(batch: { from: P; to: P }): Promise<void>;
  /** For positions after which nothing was delivered. */
  commit(position: P): Promise<void>;
  /** Changes the position, or makes the first one, and leaves the last batch as it is: for `onEnable`. */
  amend(change: (position: P | undefined) => P): Promise<void>;
}

export function createPollCursor<P>({
  store,
  key,
  schema,
  redelivery = 'redeliver',
}: CursorOptions<P>): PollCursor<P> {
  let deliveries = 0;

  async function load(): Promise<Stored | undefined> {
    const raw = await store.get(key);
    return raw === null || raw === undefined ? undefined : read(key, raw, storedSchema);
  }

  const save = (stored: Stored) => store.put(key, stored);

  return {
    async begin() {
      deliveries = 0;
      const stored = await load();
      if (!stored) return { committed: undefined, promoted: undefined, redelivering: false };
      const committed = read(key, stored.committed, schema);
      if (stored.pending === null) return { committed, promoted: undefined, redelivering: false };
      if (
        redelivery === 'redeliver' &&
        stored.deliveries < MAX_DELIVERIES &&
        !isAlive(stored.pending.owner)
      ) {
        deliveries = stored.deliveries;
        return { committed, promoted: undefined, redelivering: true };
      }
      return { committed, promoted: read(key, stored.pending.position, schema), redelivering: false };
    },
    async stage({ from, to }) {
      await save({
        committed: from,
        pending: { position: to, owner: thisProcess() },
        deliveries: deliveries + 1,
      });
    },
    async commit(position) {
      deliveries = 0;
      await save({ committed: position, pending: null, deliveries: 0 });
    },
    async amend(change) {
      const stored = await load();
      const committed = change(stored ? read(key, stored.committed, schema) : undefined);
      const pending = stored?.pending ?? null;
      await save({
        committed,
        pending: pending && { ...pending, position: change(read(key, pending.position, schema)) },
        deliveries: stored?.deliveries ?? 0,
      });
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
