import type { Tool } from '@bizstack/agents/tools';
import { Property } from '@activepieces/pieces-framework';
import { BizError, jsonObjectSchema, parseJsonProp } from '@bizstack/piece-common';
import { z } from 'zod';
import { httpUrl, sendJson } from './http';
import { inputFromJson } from './json-schema';

const TIMEOUT_MS = 60_000;

export const toolsProp = Property.Json({
  displayName: 'Tools',
  description:
    'Flows as tools: [{"name": "find_order", "description", "label": "read", "url", "input": {JSON schema}}]. Each is called by POST with its input. Labels: read, write, destructive; without one it is destructive.',
  required: false,
});

const toolSchema = z.strictObject({
  name: z.string(),
  description: z.string().min(1).max(2_000),
  label: z.enum(['read', 'write', 'destructive']).default('destructive'),
  url: z.string(),
  input: jsonObjectSchema.default({ type: 'object', properties: {} }),
  permission: z.string().min(1).optional(),
});
const toolsSchema = z
  .array(toolSchema)
  .max(50)
  .nullish()
  .transform((tools) => tools ?? []);

/**
 * Tools that call the sync webhook of a flow, or any other URL of the flow's author.
 * @throws BizError `BIZ_INPUT_INVALID`, `BIZ_AGENTS_TOOL_NAME`
 */
export async function readTools(given: unknown): Promise<Tool[]> {
  const { defineTool } = await import('@bizstack/agents/tools');
  const list = parseJsonProp('Tools', given ?? [], toolsSchema);
  refuseTwice(list.map(({ name }) => name));
  return list.map(({ name, description, label, url, input, permission }) => {
    httpUrl(`Tools, ${name}`, url);
    return defineTool({
      name,
      description,
      label,
      // The key goes along, so that the flow can tell a second attempt; it is not known whether it does.
      idempotent: false,
      input: inputFromJson(`Tools, ${name}`, input),
      ...(permission === undefined ? {} : { permission }),
      run: (value, { user, runId, signal, idempotencyKey }) =>
        sendJson({
          name,
          area: 'BIZ_AI_ENDPOINT',
          url,
          headers: { 'idempotency-key': idempotencyKey },
          body: { input: value, user: { id: user.id, name: user.name ?? null }, runId, idempotencyKey },
          timeoutMs: TIMEOUT_MS,
          schema: z.unknown(),
          signal,
        }),
    });
  });
}

/** @throws BizError `BIZ_INPUT_INVALID` */
export function refuseTwice(names: readonly string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return;
  throw new BizError('BIZ_INPUT_INVALID', `Two tools are called "${twice}".`, {
    hint: 'Give each its own name.',
  });
}
