import { randomUUID } from 'node:crypto';
import {
  startScripted,
  type Dialect,
  type Reply,
  type Script,
  type ScriptedMessage,
  type ScriptedServer,
} from './scripted-server';

interface WireBlock {
  type: string;
  text?: string;
  id?: string;
  name?: string;
  input?: unknown;
  content?: string | WireBlock[];
}
interface WireMessage {
  role: string;
  content: string | WireBlock[];
}

const USAGE = {
  input_tokens: 50,
  cache_read_input_tokens: 40,
  cache_creation_input_tokens: 10,
  output_tokens: 20,
};

/** Anthropic's messages API, scripted. `url` is the base URL to configure. */
export function startScriptedAnthropic(script: Script): Promise<ScriptedServer> {
  return startScripted(dialect, script);
}

const dialect: Dialect = {
  path: '/v1/messages',
  read: (body) => ({
    system: textOf(body.system as WireMessage['content'] | undefined),
    messages: (body.messages as WireMessage[]).map(toMessage),
    tools: ((body.tools ?? []) as { name: string }[]).map((tool) => tool.name),
  }),
  error: (_status, message) => ({ type: 'error', error: { type: 'error', message } }),
  whole: (reply, model) => ({
    id: `msg_${randomUUID()}`,
    type: 'message',
    role: 'assistant',
    model,
    content: blocksOf(reply),
    stop_reason: stopOf(reply),
    stop_sequence: null,
    usage: USAGE,
  }),
  parts: (reply, model) => {
    const event = (type: string, data: object) =>
      `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}`;
    const parts = [
      event('message_start', {
        message: {
          id: `msg_${randomUUID()}`,
          type: 'message',
          role: 'assistant',
          model,
          content: [],
          stop_reason: null,
          stop_sequence: null,
          usage: { ...USAGE, output_tokens: 1 },
        },
      }),
    ];
    blocksOf(reply).forEach((block, index) => {
      const start = block.type === 'text' ? { type: 'text', text: '' } : { ...block, input: {} };
      parts.push(event('content_block_start', { index, content_block: start }));
      const text = block.type === 'text' ? (block.text ?? '') : JSON.stringify(block.input);
      for (const piece of text.match(/[\s\S]{1,7}/g) ?? []) {
        const delta =
          block.type === 'text'
            ? { type: 'text_delta', text: piece }
            : { type: 'input_json_delta', partial_json: piece };
        parts.push(event('content_block_delta', { index, delta }));
      }
      if (!('cut' in reply)) parts.push(event('content_block_stop', { index }));
    });
    if ('cut' in reply) return parts;
    parts.push(
      event('message_delta', {
        delta: { stop_reason: stopOf(reply), stop_sequence: null },
        usage: { output_tokens: 20 },
      }),
    );
    return [...parts, event('message_stop', {})];
  },
};

function toMessage({ role, content }: WireMessage): ScriptedMessage {
  const blocks = typeof content === 'string' ? [] : content;
  return {
    role: blocks.some((block) => block.type === 'tool_result') ? 'tool' : role,
    text: textOf(content),
    toolCalls: blocks
      .filter((block) => block.type === 'tool_use')
      .map((block) => ({ id: block.id ?? '', name: block.name ?? '', input: JSON.stringify(block.input) })),
  };
}

function textOf(content: WireMessage['content'] | undefined): string {
  if (content === undefined || typeof content === 'string') return content ?? '';
  return content.map((block) => block.text ?? textOf(block.content)).join('');
}

function blocksOf(reply: Reply): WireBlock[] {
  if ('truncated' in reply) return [{ type: 'text', text: reply.truncated }];
  if ('cut' in reply) return [{ type: 'text', text: reply.cut }];
  if ('refusal' in reply) return [{ type: 'text', text: reply.refusal }];
  if (!('text' in reply) && !('toolCalls' in reply)) return [];
  return [
    ...(reply.text ? [{ type: 'text', text: reply.text }] : []),
    ...(reply.toolCalls ?? []).map((call) => ({
      type: 'tool_use',
      id: `toolu_${randomUUID()}`,
      name: call.name,
      input: call.input ?? {},
    })),
  ];
}

function stopOf(reply: Reply): string {
  if ('truncated' in reply) return 'max_tokens';
  if ('refusal' in reply) return 'refusal';
  return 'toolCalls' in reply && (reply.toolCalls?.length ?? 0) > 0 ? 'tool_use' : 'end_turn';
}
