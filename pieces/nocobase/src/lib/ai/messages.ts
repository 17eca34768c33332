import { z } from 'zod';
import type { NocoBaseClient } from '../client';

const toolCallSchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  args: z.unknown(),
  /** init, pending, interrupted (wants a decision), waiting (decided), done, confirmed. */
  invokeStatus: z.string().nullish(),
  status: z.string().nullish(),
  content: z.unknown(),
  execution: z.string().nullish(),
});

const messageSchema = z.looseObject({
  key: z.coerce.string(),
  role: z.string(),
  content: z.looseObject({
    content: z.unknown(),
    tool_calls: z.array(toolCallSchema).nullish(),
    metadata: z.looseObject({ usage_metadata: z.unknown(), model: z.string().nullish() }).nullish(),
  }),
});

export type ToolCall = z.infer<typeof toolCallSchema>;
export type Message = z.infer<typeof messageSchema>;

const messagesSchema = z.looseObject({ data: z.array(messageSchema) });

/** The latest messages of a conversation, oldest first: as many as NocoBase returns at once (200). */
export async function readMessages(client: NocoBaseClient, sessionId: string): Promise<Message[]> {
  const { data } = await client.call({
    action: 'aiConversations:getMessages',
    query: { sessionId, paginate: false },
    schema: messagesSchema,
    repeatable: true,
  });
  return [...data].reverse();
}

export function textOf({ content: { content } }: Message): string {
  return typeof content === 'string' ? content : '';
}

export function toolCallsOf({ content }: Message): ToolCall[] {
  return content.tool_calls ?? [];
}
