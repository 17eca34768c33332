import { BizError } from '@bizstack/piece-common';
import { z } from 'zod';
import type { NocoBaseClient } from '../client';

const conversationSchema = z.looseObject({
  sessionId: z.string(),
  aiEmployeeUsername: z.string().nullish(),
  /** idle, streaming, invoking. */
  llmActiveState: z.string().nullish(),
  updatedAt: z.string().nullish(),
});

export type Conversation = z.infer<typeof conversationSchema>;

const listSchema = z.looseObject({ data: z.array(conversationSchema) });
const createdSchema = z.looseObject({ data: conversationSchema });

/** NocoBase itself takes a conversation that has been active for longer as abandoned. */
const ABANDONED_MS = 10 * 60_000;

/** True while NocoBase works on an answer. */
export function isBusy({ llmActiveState, updatedAt }: Conversation): boolean {
  if (!llmActiveState || llmActiveState === 'idle') return false;
  return !updatedAt || Date.now() - Date.parse(updatedAt) < ABANDONED_MS;
}

/** @throws BizError `BIZ_NOCOBASE_RECORD_MISSING` when the account has no such conversation. */
export async function findConversation(client: NocoBaseClient, sessionId: string): Promise<Conversation> {
  const { data } = await client.call({
    action: 'aiConversations:list',
    query: { filter: { sessionId }, pageSize: 1 },
    schema: listSchema,
    repeatable: true,
  });
  const [conversation] = data;
  if (conversation) return conversation;
  throw new BizError('BIZ_NOCOBASE_RECORD_MISSING', `The account has no conversation ${sessionId}.`, {
    hint: 'A conversation belongs to the account that began it.',
  });
}

/**
 * The conversation of a scope, made when there is none. When two calls make it at once, both end with the older one.
 */
export async function ensureConversation(
  client: NocoBaseClient,
  username: string,
  scope: string,
): Promise<Conversation> {
  const known = await oldestOf(client, scope);
  if (known) return known;
  const { data: created } = await client.call({
    method: 'POST',
    action: 'aiConversations:create',
    body: { aiEmployee: { username }, scope },
    schema: createdSchema,
  });
  const oldest = (await oldestOf(client, scope)) ?? created;
  if (oldest.sessionId !== created.sessionId) {
    await client.call({
      method: 'POST',
      action: 'aiConversations:destroy',
      query: { filterByTk: created.sessionId },
      schema: z.unknown(),
      repeatable: true,
    });
  }
  return oldest;
}

async function oldestOf(client: NocoBaseClient, scope: string): Promise<Conversation | undefined> {
  const { data } = await client.call({
    action: 'aiConversations:list',
    query: { scope, sort: ['createdAt', 'sessionId'], pageSize: 1 },
    schema: listSchema,
    repeatable: true,
  });
  return data[0];
}
