import { BizError, isBizError, parseInput } from '@bizstack/piece-common';
import { z } from 'zod';
import type { NocoBaseClient } from './client';
import { checkedCollection } from './checked-collection';

export const recordSchema = z.record(z.string(), z.unknown());
export type NocoBaseRecord = z.infer<typeof recordSchema>;

export const recordAnswerSchema = z.looseObject({ data: recordSchema.nullish() });

export const listAnswerSchema = z.looseObject({
  data: z.array(recordSchema),
  meta: z
    .looseObject({ count: z.number().nullish(), page: z.number().nullish(), totalPage: z.number().nullish() })
    .nullish(),
});

const updatedSchema = z.looseObject({ data: z.array(recordSchema).nullish() });

/** Name of a collection; `/` parts a relation: `orders/7/items`. */
const NAME = /^[A-Za-z_][\w-]*(\/[\w-]+\/[A-Za-z_][\w-]*)?$/;

/** @throws BizError `BIZ_INPUT_INVALID` for what cannot be a collection's name. */
export function readCollection(name: unknown): string {
  return parseInput('Collection', name, z.string().regex(NAME, 'use the name of a collection'));
}

/** The key of a record as NocoBase takes it. */
export function readKey(value: unknown): string {
  const key = typeof value === 'number' ? String(value) : value;
  return parseInput('Record ID', key, z.string().trim().min(1).max(200));
}

export async function createRecord(
  client: NocoBaseClient,
  collection: string,
  values: Record<string, unknown>,
): Promise<NocoBaseRecord> {
  const { data } = await client.call({
    method: 'POST',
    action: `${collection}:create`,
    body: values,
    schema: recordAnswerSchema,
  });
  return data ?? {};
}

/** @throws BizError `BIZ_NOCOBASE_RECORD_MISSING` when there is no such record, or the role may not see it. */
export async function updateRecord(
  client: NocoBaseClient,
  collection: string,
  key: string,
  values: Record<string, unknown>,
): Promise<NocoBaseRecord> {
  const { data } = await client.call({
    method: 'POST',
    action: `${collection}:update`,
    query: { filterByTk: key },
    body: values,
    schema: updatedSchema,
    repeatable: true,
  });
  const record = data?.[0];
  if (record) return record;
  throw recordMissing(collection, key);
}

export function recordMissing(collection: string, key: string): BizError {
  return new BizError('BIZ_NOCOBASE_RECORD_MISSING', `"${collection}" has no record ${key}.`, {
    hint: 'It may be deleted, or the role may not see it.',
  });
}

export interface UpsertInput {
  client: NocoBaseClient;
  collection: string;
  /** Field whose value tells records apart. */
  field: string;
  values: Record<string, unknown>;
  /** True: an existing record is returned as it is. */
  keepExisting?: boolean;
}

/**
 * Creates the record or updates the one with the same value in `field`. When two runs create it at once and
 * the field is unique, the one that comes second updates the other's.
 */
export async function upsertRecord(
  input: UpsertInput,
): Promise<{ created: boolean; record: NocoBaseRecord }> {
  const { client, collection, field, values } = input;
  const value = parseInput(field, values[field], z.union([z.string().min(1), z.number(), z.boolean()]));
  const meta = await checkedCollection(client, collection, values);
  const change = async (): Promise<NocoBaseRecord | undefined> => {
    const found = await findByField(client, collection, field, value);
    if (!found || input.keepExisting) return found;
    const key = found[meta?.key ?? 'id'];
    return updateRecord(client, collection, readKey(key), values);
  };
  const changed = await change();
  if (changed) return { created: false, record: changed };
  try {
    return { created: true, record: await createRecord(client, collection, values) };
  } catch (error) {
    const other = isBizError(error, 'BIZ_NOCOBASE_DUPLICATE') ? await change() : undefined;
    if (other) return { created: false, record: other };
    throw error;
  }
}

async function findByField(
  client: NocoBaseClient,
  collection: string,
  field: string,
  value: string | number | boolean,
): Promise<NocoBaseRecord | undefined> {
  const { data } = await client.call({
    action: `${collection}:list`,
    query: { filter: { [field]: { $eq: value } }, pageSize: 2 },
    schema: listAnswerSchema,
    repeatable: true,
  });
  if (data.length < 2) return data[0];
  throw new BizError(
    'BIZ_NOCOBASE_AMBIGUOUS',
    `Several records of "${collection}" have this value in "${field}".`,
    {
      hint: 'Choose a field that is unique.',
    },
  );
}
