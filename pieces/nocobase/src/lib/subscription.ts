import { createHash, randomBytes } from 'node:crypto';
import type { Store } from '@activepieces/pieces-framework';
import {
  DELIVERY_HEADER,
  SIGNATURE_HEADER,
  TIMESTAMP_HEADER,
  verifySignature,
} from '@bizstack/contracts/dist/signature';
import { BizError, isBizError, jsonObjectSchema, parseInput, parseJsonProp } from '@bizstack/piece-common';
import { z } from 'zod';
import type { NocoBaseClient } from './client';
import { findCollection } from './collections';
import { listAnswerSchema, readCollection } from './records';

const STORE_KEY = 'record_subscription';
export const RECORD_EVENTS = ['created', 'updated', 'deleted'] as const;

export interface SubscriptionSettings {
  collection: string;
  events?: unknown;
  fields?: unknown;
  filter?: unknown;
}

interface Flow {
  client: NocoBaseClient;
  webhookUrl: string;
}

const secretSchema = z.object({ secret: z.string().min(16) });
const registeredSchema = z.looseObject({ data: z.looseObject({ key: z.string() }) });

const eventSchema = z.looseObject({
  id: z.string(),
  time: z.string(),
  data: z.looseObject({
    event: z.enum(RECORD_EVENTS),
    collection: z.string(),
    recordId: z.union([z.string(), z.number()]),
    record: z.record(z.string(), z.unknown()),
    changed: z.array(z.string()),
  }),
});

/** What one run gets. */
export interface RecordChange {
  id: string;
  event: (typeof RECORD_EVENTS)[number];
  collection: string;
  recordId: string | number;
  record: Record<string, unknown>;
  changed: string[];
  time: string;
}

/**
 * Asks NocoBase to post changes to the flow; again and again is fine.
 * @throws BizError `BIZ_NOCOBASE_PLUGIN_MISSING` without `@bizstack/plugin-crm`.
 */
export async function subscribe(
  { client, webhookUrl }: Flow,
  store: Pick<Store, 'get' | 'put'>,
  settings: SubscriptionSettings,
): Promise<void> {
  const events = parseInput(
    'Events',
    settings.events ?? RECORD_EVENTS,
    z.array(z.enum(RECORD_EVENTS)).min(1),
  );
  const fields = parseInput('Fields', settings.fields ?? [], z.array(z.string().min(1)).max(200));
  const filter = parseJsonProp('Filter', settings.filter ?? {}, jsonObjectSchema.optional());
  const known = secretSchema.safeParse(await store.get(STORE_KEY));
  const secret = known.success ? known.data.secret : randomBytes(32).toString('hex');
  // Before the call: a delivery may come before its answer.
  await store.put(STORE_KEY, { secret });
  await call(client, 'register', {
    key: keyOf(webhookUrl),
    url: webhookUrl,
    secret,
    collection: readCollection(settings.collection),
    events,
    fields,
    filter: filter && Object.keys(filter).length > 0 ? filter : null,
  });
}

/** Ends the deliveries. The secret stays, for publishing again. */
export async function unsubscribe({ client, webhookUrl }: Flow): Promise<void> {
  try {
    await call(client, 'unregister', { key: keyOf(webhookUrl) });
  } catch (error) {
    // A plugin that was removed takes its subscriptions with it; the flow must be disabled all the same.
    if (!isBizError(error, 'BIZ_NOCOBASE_PLUGIN_MISSING')) throw error;
  }
}

interface Delivery {
  body: unknown;
  rawBody?: unknown;
  headers: Record<string, string>;
}

/** The change that a delivery tells of. @throws BizError `BIZ_SIGNATURE_…` for what NocoBase did not send. */
export async function receive(delivery: Delivery, store: Pick<Store, 'get'>): Promise<RecordChange> {
  const { headers, body } = delivery;
  const known = secretSchema.safeParse(await store.get(STORE_KEY));
  if (!known.success) {
    throw new BizError('BIZ_NOCOBASE_NOT_SUBSCRIBED', 'The flow is not registered with NocoBase.', {
      hint: 'Publish it again.',
    });
  }
  const timestamp = headers[TIMESTAMP_HEADER];
  verifySignature({
    secret: known.data.secret,
    timestamp,
    deliveryId: headers[DELIVERY_HEADER],
    signature: headers[SIGNATURE_HEADER],
    body: rawBody(delivery),
    // Deliveries may wait long in the engine's queue. A replay is a repeat, which at-least-once allows anyway.
    now: new Date(Number(timestamp) * 1000),
  });
  const { id, time, data } = parseInput('Delivery', body, eventSchema);
  const { event, collection, recordId, record, changed } = data;
  return { id, event, collection, recordId, record, changed, time };
}

/** The latest records, shown as changes, to build the flow with. */
export async function sampleChanges(
  client: NocoBaseClient,
  { collection }: SubscriptionSettings,
): Promise<RecordChange[]> {
  const key = (await findCollection(client, collection))?.key ?? 'id';
  const { data } = await client.call({
    action: `${readCollection(collection)}:list`,
    query: { pageSize: 5, sort: [`-${key}`] },
    schema: listAnswerSchema,
    repeatable: true,
  });
  return data.map((record) => {
    const recordId = z.union([z.string(), z.number()]).safeParse(record[key]).data ?? '';
    const time = z.string().safeParse(record['createdAt']).data ?? new Date().toISOString();
    return { id: `sample-${recordId}`, event: 'created', collection, recordId, record, changed: [], time };
  });
}

async function call(client: NocoBaseClient, action: string, body: unknown): Promise<void> {
  try {
    await client.call({
      method: 'POST',
      action: `crmRecordSubscriptions:${action}`,
      body,
      schema: registeredSchema,
      repeatable: true,
    });
  } catch (error) {
    if (!isBizError(error, 'BIZ_NOCOBASE_NOT_FOUND')) throw error;
    throw new BizError(
      'BIZ_NOCOBASE_PLUGIN_MISSING',
      'NocoBase has no record subscriptions: @bizstack/plugin-crm is not installed or not enabled.',
      { hint: 'Install it, or use the trigger "Record Created or Updated", which polls.', cause: error },
    );
  }
}

/** The same flow registers under the same key, so that publishing it again changes its subscription. */
function keyOf(webhookUrl: string): string {
  return `flow-${createHash('sha256').update(webhookUrl).digest('hex').slice(0, 32)}`;
}

/** Where the engine keeps no raw body: NocoBase's JSON comes out of parse and stringify unchanged. */
function rawBody({ body, rawBody: raw }: Delivery): string | Buffer {
  return typeof raw === 'string' || Buffer.isBuffer(raw) ? raw : JSON.stringify(body);
}
