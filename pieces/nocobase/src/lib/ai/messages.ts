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

const contentSchema = z.looseObject({
  content: z.unknown(),
  tool_calls: z.array(toolCallSchema).nullish(),
  metadata: z.looseObject({ usage_metadata: z.unknown(), model: z.string().nullish() }).nullish(),
});

const plainMessageSchema = z.looseObject({
  key: z.coerce.string(),
  role: z.string(),
  content: contentSchema,
});

/** A conversation of an employee that was given a part of the task. */
const subConversationSchema = z.looseObject({
  sessionId: z.string(),
  /** Oldest first. */
  messages: z.array(plainMessageSchema),
});

const messageSchema = plainMessageSchema.extend({
  content: contentSchema.extend({ subAgentConversations: z.array(subConversationSchema).nullish() }),
});

export type ToolCall = z.infer<typeof toolCallSchema>;
export type Message = z.infer<typeof messageSchema>;
export type PlainMessage = z.infer<typeof plainMessageSchema>;

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

export function textOf({ content: { content } }: PlainMessage): string {
  return typeof content === 'string' ? content : '';
}

export function toolCallsOf({ content }: PlainMessage): ToolCall[] {
  return content.tool_calls ?? [];
}

/** Tool calls that wait for a person. */
export interface Waiting {
  /** The conversation that the message stands in: the asked employee's, or that of one it gave work to. */
  sessionId: string;
  message: PlainMessage;
  pending: ToolCall[];
}

/** What the last message of a conversation waits for, in it or in the conversations of those it gave work to. */
export function waitingOf(sessionId: string, last: Message): Waiting | undefined {
  const subConversations = last.content.subAgentConversations ?? [];
  const places = [
    { sessionId, message: last },
    ...subConversations.map((one) => ({ sessionId: one.sessionId, message: one.messages.at(-1) })),
  ];
  for (const { sessionId: holder, message } of places) {
    const pending = message ? toolCallsOf(message).filter(isOpen) : [];
    if (message && pending.length > 0) return { sessionId: holder, message, pending };
  }
  return undefined;
}

/** Waits for a decision, or was decided without being carried out. */
function isOpen({ invokeStatus }: ToolCall): boolean {
  return invokeStatus === 'interrupted' || invokeStatus === 'waiting';
}
