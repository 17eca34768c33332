import { z } from 'zod';

/** Bookings of a supplier that are needed to follow them, and the part of them that must agree. */
const ENOUGH = 3;
const AGREEMENT = 0.9;

export const historySchema = z
  .array(z.looseObject({ supplier: z.string(), category: z.string().nullish() }))
  .max(100_000)
  .nullish()
  .transform((rows) => rows ?? []);

export interface KnownCategory {
  category: string;
  /** 0–1: part of the earlier bookings. */
  confidence: number;
  reason: string;
}

/** The category that nearly all earlier bookings of the supplier have; undefined when they are few or differ. */
export function categoryByHistory(
  supplier: unknown,
  history: z.output<typeof historySchema>,
  categories: readonly string[],
): KnownCategory | undefined {
  if (typeof supplier !== 'string' || keyOf(supplier) === '') return undefined;
  const key = keyOf(supplier);
  const counts = new Map<string, number>();
  for (const row of history) {
    if (!row.category || keyOf(row.supplier) !== key) continue;
    counts.set(row.category, (counts.get(row.category) ?? 0) + 1);
  }
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const [best] = [...counts].sort(([, one], [, other]) => other - one);
  if (best === undefined || total < ENOUGH || !categories.includes(best[0])) return undefined;
  const [category, count] = best;
  if (count / total < AGREEMENT) return undefined;
  return {
    category,
    confidence: count / total,
    reason: `${count} of ${total} earlier bookings of this supplier.`,
  };
}

function keyOf(name: string): string {
  return name
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '');
}
