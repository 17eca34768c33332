// Our messages and LangChain's, both ways. Reached only through the -lazy files.
import type { BaseChatModel } from '@langchain/core/language_models/chat_models';
import {
  AIMessage,
  AIMessageChunk,
  HumanMessage,
  type SystemMessage,
  ToolMessage,
  type BaseMessage,
} from '@langchain/core/messages';
import { z } from 'zod';
import type { ModelRequest } from './chat-model';
import type { Message, ToolCall, ToolSpec } from './messages';
import type { RequestUsage } from './usage';

/** An answer before it is judged. `none`: it has no end. */
export interface RawReply {
  text: string;
  toolCalls: ToolCall[];
  finish: 'stop' | 'length' | 'refused' | 'none';
  usage: RequestUsage;
}

export interface LangChainModel {
  ask(
    request: Pick<ModelRequest, 'messages' | 'tools' | 'toolChoice'>,
    signal: AbortSignal,
    /** Gets every part of a stream, also those without text. */
    onPart: ((delta: string) => void) | undefined,
  ): Promise<RawReply>;
}

/** What differs between providers. */
export interface Dialect {
  model: BaseChatModel;
  system(content: string, perRun: string | undefined): SystemMessage;
  tools(specs: readonly ToolSpec[]): Record<string, unknown>[];
  choice(choice: NonNullable<ModelRequest['toolChoice']>): unknown;
}

export function langChainModel(dialect: Dialect): LangChainModel {
  return { ask: (request, signal, onPart) => ask(dialect, request, signal, onPart) };
}

async function ask(
  dialect: Dialect,
  request: Pick<ModelRequest, 'messages' | 'tools' | 'toolChoice'>,
  signal: AbortSignal,
  onPart: ((delta: string) => void) | undefined,
): Promise<RawReply> {
  const options: Record<string, unknown> = { signal };
  if (request.tools && request.tools.length > 0) {
    options.tools = dialect.tools(request.tools);
    if (request.toolChoice !== undefined) options.tool_choice = dialect.choice(request.toolChoice);
  }
  const messages = request.messages.map((message) => toLangChain(message, dialect));
  if (!onPart) return toReply(await dialect.model.invoke(messages, options));
  let whole: AIMessageChunk | undefined;
  for await (const part of await dialect.model.stream(messages, options)) {
    if (!(part instanceof AIMessageChunk)) continue;
    onPart(part.text);
    whole = whole === undefined ? part : whole.concat(part);
  }
  signal.throwIfAborted();
  return whole === undefined ? toReply(new AIMessageChunk('')) : toReply(whole);
}

function toLangChain(message: Message, dialect: Dialect): BaseMessage {
  switch (message.role) {
    case 'system':
      return dialect.system(message.content, message.perRun);
    case 'user':
      return new HumanMessage(message.content);
    case 'assistant':
      return new AIMessage({
        content: message.content,
        tool_calls: message.toolCalls.map(({ id, name, input }) => ({
          id,
          name,
          args: input,
          type: 'tool_call',
        })),
      });
    case 'tool':
      return new ToolMessage({ content: message.content, tool_call_id: message.toolCallId });
  }
}

const metadataSchema = z.looseObject({
  finish_reason: z.string().optional().catch(undefined),
  stop_reason: z.string().nullish().catch(undefined),
});

function toReply(message: AIMessage | AIMessageChunk | BaseMessage): RawReply {
  if (!AIMessage.isInstance(message) && !(message instanceof AIMessageChunk)) {
    throw new SyntaxError('The answer is not a message of an assistant.');
  }
  const metadata = metadataSchema.parse({ ...message.additional_kwargs, ...message.response_metadata });
  const reason = metadata.finish_reason ?? metadata.stop_reason ?? undefined;
  const details = message.usage_metadata?.input_token_details;
  return {
    text: message.text,
    toolCalls: message instanceof AIMessageChunk ? callsOfStream(message) : callsOf(message),
    finish: finishOf(reason),
    usage: {
      inputTokens: message.usage_metadata?.input_tokens ?? 0,
      outputTokens: message.usage_metadata?.output_tokens ?? 0,
      cachedInputTokens: details?.cache_read ?? 0,
      cacheWriteTokens: details?.cache_creation ?? 0,
    },
  };
}

function finishOf(reason: string | undefined): RawReply['finish'] {
  switch (reason) {
    case undefined:
    case '':
      return 'none';
    case 'length':
    case 'max_tokens':
      return 'length';
    case 'content_filter':
    case 'refusal':
      return 'refused';
    default:
      return 'stop';
  }
}

function callsOf(message: AIMessage): ToolCall[] {
  const good = (message.tool_calls ?? []).map((call) => ({
    id: call.id ?? call.name,
    name: call.name,
    input: call.args,
  }));
  const bad = (message.invalid_tool_calls ?? []).map((call) => ({
    id: call.id ?? call.name ?? 'unnamed',
    name: call.name ?? 'unnamed',
    input: {},
    malformed: call.args ?? '',
  }));
  return [...good, ...bad];
}

/** LangChain completes half JSON of a stream by guessing; here it counts only when it is whole. */
function callsOfStream(message: AIMessageChunk): ToolCall[] {
  return (message.tool_call_chunks ?? []).map((chunk, index) => {
    const text = chunk.args ?? '';
    const call = { id: chunk.id ?? `call-${index}`, name: chunk.name ?? 'unnamed' };
    const input = objectOf(text === '' ? '{}' : text);
    return input === undefined ? { ...call, input: {}, malformed: text } : { ...call, input };
  });
}

const objectSchema = z.record(z.string(), z.unknown());

function objectOf(text: string): Record<string, unknown> | undefined {
  try {
    return objectSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
