import type { Store } from '@activepieces/pieces-framework';
import {
  BizError,
  createPollCursor,
  jsonObjectSchema,
  parseInput,
  parseJsonProp,
} from '@bizstack/piece-common';
import { z } from 'zod';
import type { NocoBaseClient } from './client';
import { findCollection } from './collections';
import { listAnswerSchema, type NocoBaseRecord, readCollection } from './records';

export interface PollSettings {
  collection: string;
  event: 'created' | 'changed';
  filter?: unknown;
  maxRecords?: number | undefined;
  start?: 'now' | 'all' | undefined;
  afterCrash?: 'redeliver' | 'continue' | undefined;
}

export interface PollInput {
  client: NocoBaseClient;
  store: Pick<Store, 'get' | 'put'>;
  settings: PollSettings;
}

/**
 * Records younger than this wait for the next poll: a transaction that began earlier may still be about to
 * commit an older timestamp, which a cursor beyond it would never see.
 */
export const SETTLE_MS = 3_000;

/** After the record `id` of time `at`; records of one time are ordered by their key. */
const positionSchema = z.object({ at: z.string(), id: z.union([z.string(), z.number()]).nullable() });
type Position = z.infer<typeof positionSchema>;

const BEGINNING: Position = { at: '1970-01-01T00:00:00.000Z', id: null };

function cursorOf({ store, settings }: PollInput) {
  const { collection, event, afterCrash = 'redeliver' } = settings;
  return createPollCursor<Position>({
    store,
    key: `record_event:${event}:${collection}`.slice(0, 128),
    schema: positionSchema,
    redelivery: afterCrash,
  });
}

/** Sets the first position when the flow is published for the first time. */
export async function prepareCursor(input: PollInput): Promise<void> {
  const cursor = cursorOf(input);
  const { committed } = await cursor.begin();
  if (committed) return;
  await cursor.commit(input.settings.start === 'all' ? BEGINNING : await latest(input));
}

/** Records after the position, oldest first; the position moves on with the next poll. */
export async function pollRecords(input: PollInput): Promise<NocoBaseRecord[]> {
  const cursor = cursorOf(input);
  const { committed, promoted } = await cursor.begin();
  const from = promoted ?? committed;
  if (!from) {
    await prepareCursor(input);
    return [];
  }
  const key = await keyOf(input);
  const field = timeField(input.settings);
  const records = await fetchRecords(input, {
    filter: {
      $and: [after(from, field, key), { [field]: { $lte: new Date(Date.now() - SETTLE_MS).toISOString() } }],
    },
    sort: [field, key],
    pageSize: parseInput(
      'Records per Poll',
      input.settings.maxRecords ?? 100,
      z.number().int().min(1).max(200),
    ),
  });
  const last = records.at(-1);
  if (last) await cursor.stage({ from, to: positionOf(last, field, key) });
  else await cursor.commit(from);
  return records;
}

/** The latest records, to build the flow with. */
export async function sampleRecords(
  client: NocoBaseClient,
  settings: PollSettings,
): Promise<NocoBaseRecord[]> {
  const store = { get: async () => null, put: async <T>(_key: string, value: T) => value };
  return fetchRecords(
    { client, store, settings },
    { filter: {}, sort: [`-${timeField(settings)}`], pageSize: 5 },
  );
}

async function latest(input: PollInput): Promise<Position> {
  const key = await keyOf(input);
  const field = timeField(input.settings);
  const [newest] = await fetchRecords(input, { filter: {}, sort: [`-${field}`, `-${key}`], pageSize: 1 });
  return newest ? positionOf(newest, field, key) : BEGINNING;
}

interface Query {
  filter: Record<string, unknown>;
  sort: string[];
  pageSize: number;
}

async function fetchRecords({ client, settings }: PollInput, query: Query): Promise<NocoBaseRecord[]> {
  const own = parseJsonProp('Filter', settings.filter ?? {}, jsonObjectSchema.optional()) ?? {};
  const parts = [own, query.filter].filter((part) => Object.keys(part).length > 0);
  const { data } = await client.call({
    action: `${readCollection(settings.collection)}:list`,
    query: { ...query, filter: parts.length > 0 ? { $and: parts } : undefined },
    schema: listAnswerSchema,
    repeatable: true,
  });
  return data;
}

function timeField({ event }: PollSettings): 'createdAt' | 'updatedAt' {
  return event === 'changed' ? 'updatedAt' : 'createdAt';
}

async function keyOf({ client, settings }: PollInput): Promise<string> {
  return (await findCollection(client, settings.collection))?.key ?? 'id';
}

function after({ at, id }: Position, field: string, key: string): Record<string, unknown> {
  if (id === null) return { [field]: { $gt: at } };
  return {
    $or: [{ [field]: { $gt: at } }, { $and: [{ [field]: { $eq: at } }, { [key]: { $gt: id } }] }],
  };
}

function positionOf(record: NocoBaseRecord, field: string, key: string): Position {
  const position = z.object({ at: z.string(), id: z.union([z.string(), z.number()]) }).safeParse({
    at: record[field],
    id: record[key],
  });
  if (position.success) return position.data;
  throw new BizError('BIZ_NOCOBASE_COLLECTION_UNSUITABLE', `The records have no "${field}" or no "${key}".`, {
    hint: 'Add the fields "Created at" and "Updated at" to the collection.',
  });
}
