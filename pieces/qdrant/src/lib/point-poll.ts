import type { Store } from '@activepieces/pieces-framework';
import { BizError, createPollCursor } from '@bizstack/piece-common';
import { z } from 'zod';
import type { QdrantClient } from './client';
import { type Filter, readFilter } from './filter';
import { readInteger } from './inputs';
import { pointIdSchema, type PointRecord, scrollSchema } from './schemas';

export interface PollSettings {
  collection: string;
  /** Payload field with a datetime index. */
  field: string;
  filter?: unknown;
  maxPoints?: number | undefined;
  start?: 'now' | 'all' | undefined;
  afterCrash?: 'redeliver' | 'continue' | undefined;
}

export interface PollInput {
  client: QdrantClient;
  store: Pick<Store, 'get' | 'put'>;
  settings: PollSettings;
}

/** After time `at`, of which the points `seen` have been delivered: the server orders by time only. */
const positionSchema = z.object({ at: z.string().nullable(), seen: z.array(pointIdSchema) });
type Position = z.infer<typeof positionSchema>;

/** More points of one and the same time than a position can remember. */
const SEEN_MAX = 5_000;

const BEGINNING: Position = { at: null, seen: [] };

function cursorOf({ store, settings: { collection, field, afterCrash = 'redeliver' } }: PollInput) {
  const key = `new_point:${field}:${collection}`.slice(0, 128);
  return createPollCursor<Position>({ store, key, schema: positionSchema, redelivery: afterCrash });
}

/** Sets the first position when the flow is published for the first time. */
export async function prepareCursor(input: PollInput): Promise<void> {
  const cursor = cursorOf(input);
  const { committed } = await cursor.begin();
  if (committed) return;
  await cursor.commit(input.settings.start === 'all' ? BEGINNING : await latest(input));
}

/** Points after the position, oldest first; the position moves on with the next poll. */
export async function pollPoints(input: PollInput): Promise<PointRecord[]> {
  const cursor = cursorOf(input);
  const { committed, promoted } = await cursor.begin();
  const from = promoted ?? committed;
  if (!from) {
    await prepareCursor(input);
    return [];
  }
  const limit = readInteger('Points per Poll', input.settings.maxPoints, {
    min: 1,
    max: 1000,
    fallback: 100,
  });
  const points = await scroll(input, { after: from, direction: 'asc', limit });
  if (points.length > 0) await cursor.stage({ from, to: positionAfter(from, points, input.settings.field) });
  else await cursor.commit(from);
  return points;
}

/** The latest points, to build the flow with. */
export async function samplePoints(client: QdrantClient, settings: PollSettings): Promise<PointRecord[]> {
  const store = { get: async () => null, put: async <T>(_key: string, value: T) => value };
  return scroll({ client, store, settings }, { after: BEGINNING, direction: 'desc', limit: 5 });
}

async function latest(input: PollInput): Promise<Position> {
  const [newest] = await scroll(input, { after: BEGINNING, direction: 'desc', limit: 1 });
  if (!newest) return BEGINNING;
  const at = timeOf(newest, input.settings.field);
  const same = await scroll(input, { after: { at, seen: [] }, direction: 'asc', limit: SEEN_MAX });
  return { at, seen: same.map(({ id }) => id) };
}

interface ScrollInput {
  after: Position;
  direction: 'asc' | 'desc';
  limit: number;
}

async function scroll(
  { client, settings }: PollInput,
  { after, direction, limit }: ScrollInput,
): Promise<PointRecord[]> {
  const { collection, field } = settings;
  const own = readFilter(settings.filter);
  const must: Filter[] = [
    ...(own ? [own] : []),
    ...(after.at === null ? [] : [{ key: field, range: { gte: after.at } }]),
  ];
  const seen = after.seen.length > 0 ? [{ has_id: after.seen }] : [];
  const { points } = await client.call({
    method: 'POST',
    path: ['collections', collection, 'points', 'scroll'],
    body: {
      filter: { ...(must.length > 0 ? { must } : {}), ...(seen.length > 0 ? { must_not: seen } : {}) },
      order_by: { key: field, direction },
      limit,
      with_payload: true,
    },
    schema: scrollSchema,
  });
  return points;
}

function positionAfter(before: Position, points: readonly PointRecord[], field: string): Position {
  const last = points.at(-1);
  const at = last ? timeOf(last, field) : before.at;
  const same = points.filter((point) => timeOf(point, field) === at).map(({ id }) => id);
  const seen = at === before.at ? [...before.seen, ...same] : same;
  if (seen.length <= SEEN_MAX) return { at, seen };
  throw new BizError(
    'BIZ_QDRANT_CURSOR_UNSUITABLE',
    `More than ${SEEN_MAX} points have the same "${field}".`,
    {
      hint: 'Give points finer times, at least to the millisecond.',
    },
  );
}

/** The time as it stands in the payload, a dot leading inside. */
function timeOf({ id, payload }: PointRecord, field: string): string {
  const value = field
    .split('.')
    .reduce<unknown>((inside, name) => (isObject(inside) ? inside[name] : undefined), payload);
  if (typeof value === 'string' && !Number.isNaN(Date.parse(value))) return value;
  throw new BizError('BIZ_QDRANT_CURSOR_UNSUITABLE', `The point ${id} has no time in "${field}".`, {
    hint: 'Choose a payload field with one RFC 3339 time, and a datetime index.',
  });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
