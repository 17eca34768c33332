import { z } from 'zod';
import { listen } from './support';

const requestSchema = z.looseObject({
  stream: z.boolean().optional(),
  model: z.string(),
  messages: z.array(z.looseObject({ role: z.string(), content: z.unknown() })),
});

export type LlmRequest = z.infer<typeof requestSchema>;

/** What the fake model says: a text, a tool call, or an HTTP failure. */
export type Reply = { text: string } | { tool: string; args: unknown } | { failure: number };

export interface FakeLlm {
  url: string;
  requests: LlmRequest[];
  close(): Promise<void>;
}

/**
 * A fake of an OpenAI-compatible model: nothing thinks here, `script` says what the n-th request gets. A reply that
 * never comes is a promise that never ends.
 */
export async function fakeLlm(
  script: (request: LlmRequest, n: number) => Reply | Promise<Reply>,
): Promise<FakeLlm> {
  const requests: LlmRequest[] = [];
  const server = await listen(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk as Uint8Array));
    const body = requestSchema.parse(JSON.parse(Buffer.concat(chunks).toString()));
    requests.push(body);
    const n = requests.length;
    const reply = await script(body, n);
    if ('failure' in reply) {
      response.writeHead(reply.failure, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: { message: 'the fake model refuses', type: 'fake' } }));
      return;
    }
    const id = `fake-${n}-${Math.random().toString(36).slice(2)}`;
    const call = 'tool' in reply ? toolCall(id, reply) : undefined;
    const message = call
      ? { role: 'assistant', content: '', tool_calls: [call] }
      : { role: 'assistant', content: 'text' in reply ? reply.text : '' };
    const reason = call ? 'tool_calls' : 'stop';
    const common = { id, created: 1, model: body.model };
    if (!body.stream) {
      response.writeHead(200, { 'content-type': 'application/json' });
      const choices = [{ index: 0, message, finish_reason: reason }];
      response.end(JSON.stringify({ ...common, object: 'chat.completion', choices }));
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const send = (delta: unknown, finish: string | null) => {
      const choices = [{ index: 0, delta, finish_reason: finish }];
      response.write(`data: ${JSON.stringify({ ...common, object: 'chat.completion.chunk', choices })}\n\n`);
    };
    send(call ? { ...message, tool_calls: [{ index: 0, ...call }] } : message, null);
    send({}, reason);
    response.end('data: [DONE]\n\n');
  });
  return { ...server, url: `${server.url}/v1`, requests };
}

function toolCall(id: string, { tool, args }: { tool: string; args: unknown }) {
  return { id: `call-${id}`, type: 'function', function: { name: tool, arguments: JSON.stringify(args) } };
}

/** The text of the last message of a request. */
export function lastText({ messages }: LlmRequest): string {
  const content = messages.at(-1)?.content;
  return typeof content === 'string' ? content : JSON.stringify(content);
}
