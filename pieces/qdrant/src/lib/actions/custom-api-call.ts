import { createAction, Property } from '@activepieces/pieces-framework';
import { BizError, jsonObjectSchema, parseInput, parseJsonProp } from '@bizstack/piece-common';
import { z } from 'zod';
import { clientOf, qdrantAuth } from '../auth';
import { originOf } from '../http';
import { statusError } from '../client';

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

export const customApiCallAction = createAction({
  name: 'custom_api_call',
  auth: qdrantAuth,
  displayName: 'Custom API Call',
  description: 'Calls any endpoint of the Qdrant REST API with the connection',
  audience: 'both',
  aiMetadata: {
    description:
      'Calls any Qdrant REST endpoint below the URL of the connection. What it does depends on the endpoint.',
    idempotent: false,
  },
  props: {
    method: Property.StaticDropdown<string, true>({
      displayName: 'Method',
      description: 'HTTP method.',
      required: true,
      defaultValue: 'GET',
      options: { options: METHODS.map((value) => ({ label: value, value })) },
    }),
    path: Property.ShortText({
      displayName: 'Path',
      description: 'Below the URL of the connection, for example /collections/leads/points/query.',
      required: true,
    }),
    query: Property.Json({
      displayName: 'Query Parameters',
      description: 'For example {"wait": true}.',
      required: false,
    }),
    body: Property.Json({ displayName: 'Body', description: 'JSON body of the request.', required: false }),
  },
  outputSchema: {
    fields: [
      { key: 'status', label: 'Status', format: 'number' },
      { key: 'body', label: 'Body' },
    ],
  },
  async run({ auth, propsValue }) {
    const method = parseInput('Method', propsValue.method, z.enum(METHODS));
    const path = propsValue.path.split('/').filter((part) => part !== '');
    if (path.some((part) => part === '.' || part === '..' || part.includes('?'))) {
      throw new BizError('BIZ_INPUT_INVALID', '"Path" may hold neither "..", nor a query.', {
        hint: 'Put parameters into Query Parameters.',
      });
    }
    const query = parseJsonProp(
      'Query Parameters',
      propsValue.query ?? {},
      z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
    );
    const body = parseJsonProp('Body', propsValue.body, jsonObjectSchema.optional());
    const answer = await clientOf(auth.props).raw({ method, path, query: query ?? {}, body });
    if (answer.status >= 400) throw statusError(answer, originOf(auth.props.url));
    return { status: answer.status, body: jsonOrText(answer.text) };
  },
});

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
