import { z } from 'zod';
import type { NocoBaseClient } from '../client';
import { notify } from '../notifications';
import type { Decision } from './ask';
import type { PlainMessage, ToolCall } from './messages';

const toolsSchema = z.looseObject({
  data: z.array(
    z.looseObject({ execution: z.string().nullish(), definition: z.looseObject({ name: z.string() }) }),
  ),
});

const NO_BROWSER: Decision = {
  type: 'reject',
  message: 'This tool needs an open page of NocoBase, and this conversation has none. Go on without it.',
};

/** Names of tools that run in the page of a person; no flow can carry them out. */
export async function browserTools(client: NocoBaseClient): Promise<Set<string>> {
  const { data } = await client.call({ action: 'aiTools:list', schema: toolsSchema, repeatable: true });
  return new Set(
    data.flatMap(({ execution, definition }) => (execution === 'frontend' ? [definition.name] : [])),
  );
}

/** One decision for all calls that a person can decide on; those for a browser are refused. */
export function deciding(decision: Decision, browser: ReadonlySet<string>): (call: ToolCall) => Decision {
  return ({ name }) => (browser.has(name) ? NO_BROWSER : decision);
}

const payloadSchema = z.looseObject({
  decision: z.enum(['approve', 'reject']),
  message: z.coerce.string().optional(),
  reason: z.string().max(2000).optional(),
});

export interface PersonsDecision {
  decision: Decision;
  /** Message whose tool calls were shown. */
  messageKey: string | undefined;
}

/** The decision in a resume link, or in the JSON that was posted to it; undefined when there is none. */
export function readDecision(queryParams: unknown, body: unknown): PersonsDecision | undefined {
  const given = [queryParams, body].map((source) => payloadSchema.safeParse(source));
  const found = given.find(({ success }) => success)?.data;
  if (!found) return undefined;
  const message = found.reason ?? 'A person refused this call.';
  return {
    decision: found.decision === 'approve' ? { type: 'approve' } : { type: 'reject', message },
    messageKey: found.message,
  };
}

export interface ApprovalRequest {
  client: NocoBaseClient;
  roles: unknown;
  users: unknown;
  employee: string;
  message: PlainMessage;
  pending: readonly ToolCall[];
  approveUrl: string;
  rejectUrl: string;
}

const SHOWN = 600;

/** Puts both links before people as in-app messages; once for each call that wants approval. */
export async function askPeople(request: ApprovalRequest): Promise<void> {
  const { client, roles, users, employee, message, pending, approveUrl, rejectUrl } = request;
  const calls = pending
    .map(({ name, args }) => `${name} ${JSON.stringify(args ?? {})}`.slice(0, SHOWN))
    .join('\n');
  const names = pending
    .map(({ name }) => name)
    .join(', ')
    .slice(0, 100);
  for (const [verb, url] of [
    ['Approve', approveUrl],
    ['Reject', rejectUrl],
  ] as const) {
    await notify(client, {
      key: `ai-approval/${message.key}/${verb.toLowerCase()}`,
      roles,
      users,
      title: `${verb}: ${employee} wants to call ${names}`,
      body: `${calls}\n${verb}: ${url}`.slice(0, 2000),
      url,
    });
  }
}
