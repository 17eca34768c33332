import { randomUUID } from 'node:crypto';
import {
  startScripted,
  type Dialect,
  type Reply,
  type Script,
  type ScriptedMessage,
  type ScriptedServer,
} from './scripted-server';

interface WireMessage {
  role: string;
  content?: string | { text?: string }[] | null;
  tool_calls?: { id: string; function: { name: string; arguments: string } }[];
}

const USAGE = {
  prompt_tokens: 100,
  completion_tokens: 20,
  total_tokens: 120,
  prompt_tokens_details: { cached_tokens: 40 },
};

/** OpenAI's chat completions, scripted. `url` is the base URL to configure. */
export async function startScriptedOpenAi(script: Script): Promise<ScriptedServer> {
  const server = await startScripted(dialect, script);
  return { ...server, url: `${server.url}/v1` };
}

const dialect: Dialect = {
  path: '/v1/chat/completions',
  read: (body) => {
    const messages = (body.messages as WireMessage[]).map(toMessage);
    const tools = (body.tools ?? []) as { function: { name: string } }[];
    return {
      system: messages.find((message) => message.role === 'system')?.text ?? '',
      messages,
      tools: tools.map((tool) => tool.function.name),
    };
  },
  error: (status, message) => ({ error: { message, type: 'error', code: String(status) } }),
  whole: (reply, model) => ({
    id: `chatcmpl-${randomUUID()}`,
    object: 'chat.completion',
    created: 1,
    model,
    choices: [
      { index: 0, message: { role: 'assistant', ...contentOf(reply) }, finish_reason: finishOf(reply) },
    ],
    usage: USAGE,
  }),
  parts: (reply, model) => {
    const id = `chatcmpl-${randomUUID()}`;
    const chunk = (delta: object, finish: string | null = null, extra: object = {}) =>
      `data: ${JSON.stringify({
        id,
        object: 'chat.completion.chunk',
        created: 1,
        model,
        choices: [{ index: 0, delta, finish_reason: finish }],
        ...extra,
      })}`;
    const { content, tool_calls: calls = [], refusal } = contentOf(reply);
    const parts = [chunk({ role: 'assistant', content: '' })];
    for (const piece of (content ?? '').match(/[\s\S]{1,7}/g) ?? []) parts.push(chunk({ content: piece }));
    if (refusal) parts.push(chunk({ refusal }));
    calls.forEach((call, index) => {
      const { name, arguments: text } = call.function;
      parts.push(
        chunk({ tool_calls: [{ index, id: call.id, type: 'function', function: { name, arguments: '' } }] }),
      );
      for (const piece of text.match(/[\s\S]{1,9}/g) ?? []) {
        parts.push(chunk({ tool_calls: [{ index, function: { arguments: piece } }] }));
      }
    });
    if ('cut' in reply) return parts;
    parts.push(chunk({}, finishOf(reply)));
    parts.push(
      `data: ${JSON.stringify({ id, object: 'chat.completion.chunk', created: 1, model, choices: [], usage: USAGE })}`,
    );
    return [...parts, 'data: [DONE]'];
  },
};

function toMessage(message: WireMessage): ScriptedMessage {
  const { content } = message;
  return {
    role: message.role,
    text: typeof content === 'string' ? content : (content ?? []).map((part) => part.text ?? '').join(''),
    toolCalls: (message.tool_calls ?? []).map((call) => ({
      id: call.id,
      name: call.function.name,
      input: call.function.arguments,
    })),
  };
}

function contentOf(reply: Reply): {
  content: string | null;
  refusal?: string;
  tool_calls?: { id: string; type: string; function: { name: string; arguments: string } }[];
} {
  if ('refusal' in reply) return { content: null, refusal: reply.refusal };
  if ('truncated' in reply) return { content: reply.truncated };
  if ('cut' in reply) return { content: reply.cut };
  if (!('text' in reply) && !('toolCalls' in reply)) return { content: '' };
  const calls = (reply.toolCalls ?? []).map((call) => ({
    id: `call_${randomUUID()}`,
    type: 'function',
    function: { name: call.name, arguments: call.raw ?? JSON.stringify(call.input ?? {}) },
  }));
  return { content: reply.text ?? null, ...(calls.length > 0 ? { tool_calls: calls } : {}) };
}

function finishOf(reply: Reply): string {
  if ('truncated' in reply) return 'length';
  return 'toolCalls' in reply && (reply.toolCalls?.length ?? 0) > 0 ? 'tool_calls' : 'stop';
}
