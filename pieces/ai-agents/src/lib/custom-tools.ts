import type { Tool } from '@bizstack/agents/tools';
import { Property } from '@activepieces/pieces-framework';
import { BizError, jsonObjectSchema, parseJsonProp } from '@bizstack/piece-common';
import { z } from 'zod';
import { sendJson } from './http';
import { inputFromJson } from './json-schema';
import type { ToolGuard } from './tool-guard';

/** Of the whole answer; the guard has the same. */
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

export type FlowTool = z.output<typeof toolSchema>;

/** @throws BizError `BIZ_INPUT_INVALID` */
export function readFlowTools(given: unknown): FlowTool[] {
  const list = parseJsonProp('Tools', given ?? [], toolsSchema);
  refuseTwice(list.map(({ name }) => name));
  return list;
}

/**
 * Tools that call the sync webhook of a flow, or any other URL of the flow's author.
 * @throws BizError `BIZ_INPUT_INVALID`, `BIZ_AGENTS_TOOL_NAME`, `BIZ_AGENTS_HOST_REFUSED`
 */
export async function flowTools(list: readonly FlowTool[], guard: ToolGuard): Promise<Tool[]> {
  const { defineTool } = await import('@bizstack/agents/tools');
  return list.map(({ name, description, label, url, input, permission }) => {
    guard.check(`Tools, ${name}`, url);
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
          guard: guard.fetch,
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
