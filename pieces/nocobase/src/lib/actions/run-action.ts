import { createAction, Property } from '@activepieces/pieces-framework';
import { jsonObjectSchema, parseInput, parseJsonProp } from '@bizstack/piece-common';
import { z } from 'zod';
import { clientOf, nocobaseAuth } from '../auth';
import type { QueryValue } from '../client';

const ACTION = /^[A-Za-z_][\w-]*(\/[\w-]+\/[A-Za-z_][\w-]*)?:[A-Za-z_][\w-]*(\/[\w.~-]+)?$/;

const queryValueSchema = z.union([
  z.string(),
  z.number(),
  z.boolean(),
  z.array(z.string()),
  z.record(z.string(), z.unknown()),
]);

export const runActionAction = createAction({
  name: 'run_action',
  auth: nocobaseAuth,
  displayName: 'Run Action',
  description: 'Calls any action of any resource, those of plugins too, for example crmLeads:applyScore',
  audience: 'both',
  aiMetadata: {
    description:
      'Calls a NocoBase resource action named resource:action with query parameters and a JSON body. What it does depends on the action.',
    idempotent: false,
  },
  props: {
    action: Property.ShortText({
      displayName: 'Action',
      description: 'Resource and action, for example crmLeads:applyScore or users:list.',
      required: true,
    }),
    method: Property.StaticDropdown<string, false>({
      displayName: 'Method',
      description: 'HTTP method. POST unless the action only reads.',
      required: false,
      defaultValue: 'POST',
      options: {
        options: [
          { label: 'POST', value: 'POST' },
          { label: 'GET', value: 'GET' },
        ],
      },
    }),
    recordId: Property.ShortText({
      displayName: 'Record ID',
      description: 'For actions on one record: value of the primary key (filterByTk).',
      required: false,
    }),
    query: Property.Json({
      displayName: 'Query Parameters',
      description: 'For example {"filter": {"stage": "new"}, "pageSize": 50}.',
      required: false,
    }),
    body: Property.Json({ displayName: 'Body', description: 'JSON body of the call.', required: false }),
    safeToRepeat: Property.Checkbox({
      displayName: 'Safe to Repeat',
      description: 'The action ends the same when it is called twice: it is repeated after network failures.',
      required: false,
      defaultValue: false,
    }),
  },
  outputSchema: { fields: [{ key: 'data', label: 'Data' }] },
  async run({ auth, propsValue }) {
    const action = parseInput(
      'Action',
      propsValue.action,
      z.string().trim().regex(ACTION, 'use resource:action'),
    );
    const method = propsValue.method === 'GET' ? 'GET' : 'POST';
    const given = parseJsonProp(
      'Query Parameters',
      propsValue.query ?? {},
      z.record(z.string(), queryValueSchema).optional(),
    );
    const query: Record<string, QueryValue> = { ...given };
    if (propsValue.recordId) query['filterByTk'] = propsValue.recordId;
    const body = parseJsonProp('Body', propsValue.body ?? {}, jsonObjectSchema.optional());
    const answer = await clientOf(auth).call({
      method,
      action,
      query,
      body: method === 'POST' ? (body ?? {}) : undefined,
      schema: z.unknown(),
      repeatable: method === 'GET' || propsValue.safeToRepeat === true,
    });
    const object = jsonObjectSchema.safeParse(answer);
    return object.success && 'data' in object.data ? object.data : { data: answer ?? null };
  },
});
