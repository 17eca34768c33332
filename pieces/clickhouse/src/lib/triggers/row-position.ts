import { createHash } from 'node:crypto';
import { z } from 'zod';

/** Rows remembered at most. */
export const MAX_SEEN = 4_000;
/** The store takes 512 KB, in which two positions have to find room. */
const MAX_SEEN_BYTES = 220_000;

/**
 * Where a trigger stands. Delivered rows from the floor on are remembered one by one and read again at each poll,
 * so that a row that comes in later with an equal or somewhat older value is neither lost nor delivered twice.
 */
export const positionSchema = z.object({
  /** Values of the order columns of the last row, as text; null before the first row. */
  last: z.array(z.string()).nullable(),
  /** Value of the order column from which on rows are read again; null before the first row. */
  floor: z.string().nullable(),
  /** Delivered rows from the floor on: mark, value of the order column, how many equal ones. */
  seen: z.array(z.tuple([z.string(), z.string(), z.number()])),
  /** False: too many rows share the last value to remember them, so only those behind the last row are read. */
  tracked: z.boolean(),
});

export type Position = z.output<typeof positionSchema>;

export const START: Position = { last: null, floor: null, seen: [], tracked: true };

export interface PolledRow {
  /** Values of the order columns, as text. */
  readonly order: readonly string[];
  /** True when the row comes behind the last one in the order of the table. */
  readonly after: boolean;
  /** All values, as text. */
  readonly content: string;
}

export interface Order {
  /** The oldest value that is read again when this is the last one; itself for values that are no times. */
  readonly floorOf: (last: string) => string;
  /** True when texts of the order column compare as its values do. */
  readonly comparable: boolean;
}

/** A short name for a row by its content. */
function markOf(content: string): string {
  return createHash('sha256').update(content).digest('base64url').slice(0, 12);
}

/** Rows that were delivered from the floor on. */
export function seenCount({ seen }: Position): number {
  return seen.reduce((sum, [, , count]) => sum + count, 0);
}

/** The rows that are new: each content as often as it comes beyond what was seen. */
export function unseen<R extends PolledRow>({ seen, tracked }: Position, rows: readonly R[]): R[] {
  if (!tracked) return [...rows];
  const left = new Map(seen.map(([mark, , count]) => [mark, count]));
  return rows.filter(({ content }) => {
    const mark = markOf(content);
    const count = left.get(mark) ?? 0;
    if (count > 0) left.set(mark, count - 1);
    return count === 0;
  });
}

/** The position after these rows were delivered, which come in the order of the table. */
export function advance(
  position: Position,
  delivered: readonly PolledRow[],
  { floorOf, comparable }: Order,
  maxSeen = MAX_SEEN,
): Position {
  if (delivered.length === 0) return position;
  // A late row does not take the position back.
  const newest = delivered.findLast(({ after }) => after) ?? (position.last ? undefined : delivered.at(-1));
  const last = newest ? [...newest.order] : (position.last ?? []);
  const lastValue = last[0] ?? '';
  const from = (floor: string) => (value: string) => (comparable ? value >= floor : value === floor);

  // What was delivered below this value is not known one by one any more.
  const known = position.tracked ? position.floor : firstNew(position, delivered);
  if (known === undefined) return { last, floor: lastValue, seen: [], tracked: false };
  const wanted = floorOf(lastValue);
  const floor = known !== null && comparable && known > wanted ? known : wanted;
  const seen = countMarks(position, delivered).filter(([, value]) => from(floor)(value));
  if (Buffer.byteLength(JSON.stringify(seen)) > MAX_SEEN_BYTES) {
    return { last, floor: lastValue, seen: [], tracked: false };
  }
  if (seen.length <= maxSeen) return { last, floor, seen, tracked: true };
  return narrowed({ last, seen, maxSeen, comparable });
}

/** The first value behind the last one: of it and later ones nothing was delivered before this batch. */
function firstNew({ last }: Position, delivered: readonly PolledRow[]): string | undefined {
  return delivered.find(({ order }) => order[0] !== last?.[0])?.order[0];
}

function countMarks({ seen }: Position, delivered: readonly PolledRow[]): [string, string, number][] {
  const counts = new Map(seen.map((entry) => [entry[0], entry]));
  for (const { order, content } of delivered) {
    const mark = markOf(content);
    counts.set(mark, [mark, order[0] ?? '', (counts.get(mark)?.[2] ?? 0) + 1]);
  }
  return [...counts.values()];
}

/** Forgets the oldest values, each as a whole, until the rest can be remembered. */
function narrowed({
  last,
  seen,
  maxSeen,
  comparable,
}: {
  last: string[];
  seen: [string, string, number][];
  maxSeen: number;
  comparable: boolean;
}): Position {
  const lastValue = last[0] ?? '';
  const untracked = { last, floor: lastValue, seen: [], tracked: false };
  if (!comparable) return untracked;
  const sorted = [...seen].sort((a, b) => (a[1] < b[1] ? 1 : a[1] > b[1] ? -1 : 0));
  const tooOld = sorted[maxSeen]?.[1] ?? '';
  const kept = sorted.filter(([, value]) => value > tooOld);
  const floor = kept.at(-1)?.[1];
  return floor === undefined ? untracked : { last, floor, seen: kept, tracked: true };
}
