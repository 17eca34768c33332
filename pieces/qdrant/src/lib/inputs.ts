import { BizError, parseInput, parseJsonProp } from '@bizstack/piece-common';
import { z } from 'zod';
import type { QdrantAuthProps } from './auth';
import { embeddingsOf } from './auth';
import { embedTexts } from './embeddings';
import { type Filter, readFilters } from './filter';
import { type PointId, readIds } from './ids';

const vectorSchema = z.union([
  z.array(z.number()).min(1),
  z.strictObject({ indices: z.array(z.number().int().min(0)), values: z.array(z.number()) }),
  z.array(z.array(z.number()).min(1)).min(1),
]);

export type Vector = z.infer<typeof vectorSchema>;

/** A dense vector `[…]`, a sparse one `{indices, values}`, or several `[[…], […]]`. */
export function readVector(name: string, value: unknown): Vector {
  // By far the most common case, and a schema takes a hundred times as long over a list of numbers.
  if (isDense(value)) return value;
  return parseJsonProp(name, value, vectorSchema);
}

function isDense(value: unknown): value is number[] {
  return Array.isArray(value) && value.length > 0 && value.every((each) => Number.isFinite(each));
}

/** A whole number within bounds; `fallback` when not given. */
export function readInteger(
  name: string,
  value: number | undefined,
  { min, max, fallback }: { min: number; max: number; fallback: number },
): number {
  return parseInput(name, value ?? fallback, z.number().int().min(min).max(max));
}

/**
 * What to search by: a vector, or a text that the connection's embeddings endpoint turns into one.
 * @throws BizError `BIZ_INPUT_INVALID` when neither or both are given.
 */
export async function readQueryVector(
  auth: QdrantAuthProps,
  text: string | undefined,
  vector: unknown,
): Promise<Vector> {
  const hasText = text !== undefined && text !== null && text.trim() !== '';
  const hasVector = vector !== undefined && vector !== null && vector !== '';
  if (hasText === hasVector) {
    throw new BizError('BIZ_INPUT_INVALID', 'Give a text or a vector to search by, and not both.');
  }
  if (hasVector) return readVector('Vector', vector);
  const [embedded] = await embedTexts(embeddingsOf(auth), [text ?? '']);
  return embedded ?? [];
}

/** The points that an action works on. */
export type Selector = { points: PointId[] } | { filter: Filter };

/**
 * Reads which points are meant: ids and keys, or a filter.
 * @throws BizError `BIZ_INPUT_INVALID` when nothing or both are given: an empty selection must never mean
 * every point.
 */
export function readSelector(
  ids: unknown[] | undefined,
  keys: unknown[] | undefined,
  filter: unknown,
  form?: Record<string, unknown>,
): Selector {
  const points = readIds(ids, keys);
  const condition = readFilters(filter, form);
  if (points.length > 0 && condition) {
    throw new BizError('BIZ_INPUT_INVALID', 'Give IDs or keys, or a filter, and not both.');
  }
  if (condition) return { filter: condition };
  if (points.length > 0) return { points };
  throw new BizError('BIZ_INPUT_INVALID', 'No points are selected.', {
    hint: 'Give point IDs, keys, or a filter with at least one condition.',
  });
}

/** Drops undefined values, which Qdrant would take for null. */
export function compact(body: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(body).filter(([, value]) => value !== undefined && value !== null),
  );
}
