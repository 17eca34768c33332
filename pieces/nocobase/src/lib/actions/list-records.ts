import { createAction, Property } from '@activepieces/pieces-framework';
import { jsonObjectSchema, parseInput, parseJsonProp } from '@bizstack/piece-common';
import { z } from 'zod';
import { clientOf, nocobaseAuth } from '../auth';
import { appendsProp, collectionProp, fieldsProp, filterProp } from '../props';
import { listAnswerSchema, type NocoBaseRecord, readCollection } from '../records';

const PAGE_SIZE = 200;

export const listRecordsAction = createAction({
  name: 'list_records',
  auth: nocobaseAuth,
  displayName: 'List Records',
  description: 'Finds records of a collection: filter, order, fields, related records, paging',
  audience: 'both',
  aiMetadata: {
    description:
      'Returns records of a NocoBase collection that match an optional filter, with total count. Read-only.',
    idempotent: true,
  },
  props: {
    collection: collectionProp,
    filter: filterProp,
    sort: Property.Array({
      displayName: 'Sort',
      description: 'Fields to order by; a minus in front turns the order around, for example -createdAt.',
      required: false,
    }),
    fields: fieldsProp,
    appends: appendsProp,
    limit: Property.Number({
      displayName: 'Limit',
      description: 'Most records to return, up to 10,000.',
      required: false,
      defaultValue: 100,
    }),
    page: Property.Number({
      displayName: 'Page',
      description: 'Which page of that size, starting at 1.',
      required: false,
      defaultValue: 1,
    }),
  },
  outputSchema: {
    fields: [
      { key: 'count', label: 'Count', format: 'number', description: 'Records returned' },
      {
        key: 'total',
        label: 'Total',
        format: 'number',
        description: 'Records that match; empty when not counted',
      },
      { key: 'records', label: 'Records', listItems: [{ key: 'id', label: 'ID' }] },
    ],
  },
  async run({ auth, propsValue }) {
    const collection = readCollection(propsValue.collection);
    const limit = parseInput('Limit', propsValue.limit ?? 100, z.number().int().min(1).max(10_000));
    const page = parseInput('Page', propsValue.page ?? 1, z.number().int().min(1));
    const filter = parseJsonProp('Filter', propsValue.filter ?? {}, jsonObjectSchema.optional());
    const sort = parseInput('Sort', propsValue.sort ?? [], z.array(z.string().min(1)));
    const client = clientOf(auth);
    const records: NocoBaseRecord[] = [];
    let total: number | null = null;
    const first = (page - 1) * limit;
    // NocoBase caps the size of a page, so a large page is read in parts whose size divides it.
    const pageSize = partSize(limit);
    for (let part = first / pageSize + 1; records.length < limit; part += 1) {
      const answer = await client.call({
        action: `${collection}:list`,
        query: {
          filter: filter && Object.keys(filter).length > 0 ? filter : undefined,
          sort: sort.length > 0 ? sort : undefined,
          fields: listOf(propsValue.fields),
          appends: listOf(propsValue.appends),
          page: part,
          pageSize,
        },
        schema: listAnswerSchema,
        repeatable: true,
      });
      records.push(...answer.data);
      total = answer.meta?.count ?? total;
      if (answer.data.length < pageSize) break;
    }
    return { count: records.length, total, records };
  },
});

function listOf(value: string[] | undefined): string[] | undefined {
  return value && value.length > 0 ? value : undefined;
}

/** The largest divisor of the limit that NocoBase serves at once. */
function partSize(limit: number): number {
  for (let size = Math.min(limit, PAGE_SIZE); size > 1; size -= 1) {
    if (limit % size === 0) return size;
  }
  return 1;
}
