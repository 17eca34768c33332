import { BizError, isBizError, messageOf } from '@bizstack/piece-common';
import type { QdrantClient } from './client';
import { mapParallel } from './parallel';
import type { PointId } from './ids';
import type { Point } from './points-input';
import { updateSchema } from './schemas';

export interface UpsertOptions {
  client: QdrantClient;
  collection: string;
  batchSize: number;
  parallel: number;
  /** False: return when the server has the points in its log, before they can be found. */
  wait: boolean;
  /** Creates the collection when it is not there. */
  create?: (() => Promise<unknown>) | undefined;
}

export interface FailedPoint {
  id: PointId;
  code: string;
  error: string;
}

export interface UpsertResult {
  upserted: number;
  failed: FailedPoint[];
}

/** Extra requests that one refused chunk may cost; what is still in doubt then counts as refused. */
const HALVINGS_MAX = 64;

/**
 * Upserts points in chunks, some at a time. A chunk that the server refuses is halved until the points at
 * fault are alone, so that one bad point does not keep good ones out.
 * @throws BizError when the server cannot be reached, refuses the key, or has no such collection.
 */
export async function upsertPoints(points: readonly Point[], options: UpsertOptions): Promise<UpsertResult> {
  const { batchSize } = options;
  const starts = Array.from(
    { length: Math.ceil(points.length / batchSize) },
    (_, index) => index * batchSize,
  );
  const results = await mapParallel(starts, options.parallel, (start) =>
    upsertChunk(points.slice(start, start + batchSize), options, { halvings: HALVINGS_MAX }),
  );
  return combine(results);
}

async function upsertChunk(
  points: readonly Point[],
  options: UpsertOptions,
  budget: { halvings: number },
): Promise<UpsertResult> {
  try {
    await putPoints(points, options);
    return { upserted: points.length, failed: [] };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    if (points.length === 1 || budget.halvings === 0 || isBizError(error, 'BIZ_QDRANT_OVERLOADED')) {
      return allFailed(points, error);
    }
    budget.halvings -= 1;
    const middle = Math.ceil(points.length / 2);
    const left = await upsertChunk(points.slice(0, middle), options, budget);
    const right = await upsertChunk(points.slice(middle), options, budget);
    return combine([left, right]);
  }
}

async function putPoints(points: readonly Point[], options: UpsertOptions): Promise<void> {
  const { client, collection, wait, create } = options;
  const put = () =>
    client.call({
      method: 'PUT',
      path: ['collections', collection, 'points'],
      query: { wait },
      body: { points },
      schema: updateSchema,
    });
  try {
    await put();
  } catch (error) {
    if (!create || !isBizError(error, 'BIZ_QDRANT_NOT_FOUND')) throw error;
    await create();
    await put();
  }
}

/** Errors that are about these points, not about the connection. */
function isRefusal(error: unknown): boolean {
  return (
    isBizError(error, 'BIZ_QDRANT_REQUEST_INVALID') ||
    isBizError(error, 'BIZ_QDRANT_DIMENSION_MISMATCH') ||
    isBizError(error, 'BIZ_QDRANT_TOO_LARGE') ||
    isBizError(error, 'BIZ_QDRANT_OVERLOADED')
  );
}

function allFailed(points: readonly Point[], error: unknown): UpsertResult {
  const code = isBizError(error) ? error.code : 'BIZ_QDRANT_REQUEST_INVALID';
  const failed = points.map(({ id }) => ({ id, code, error: messageOf(error) }));
  return { upserted: 0, failed };
}

function combine(results: readonly UpsertResult[]): UpsertResult {
  return {
    upserted: results.reduce((sum, result) => sum + result.upserted, 0),
    failed: results.flatMap((result) => result.failed),
  };
}

/** The error of an upsert in which points were refused; names the first ones. */
export function partialFailure(collection: string, { upserted, failed }: UpsertResult): BizError {
  const shown = failed.slice(0, 5).map(({ id, error }) => `${id}: ${error}`);
  const more = failed.length > shown.length ? ` And ${failed.length - shown.length} more.` : '';
  const message = `${failed.length} of ${upserted + failed.length} points were not stored in "${collection}". ${shown.join(' ')}${more}`;
  return new BizError('BIZ_QDRANT_PARTIAL_FAILURE', message, {
    hint: 'The others are stored; running the step again is safe.',
    retryable: failed.every(({ code }) => code === 'BIZ_QDRANT_OVERLOADED'),
    details: { failed: failed.slice(0, 100).map(({ id, code }) => ({ id, code })) },
  });
}
