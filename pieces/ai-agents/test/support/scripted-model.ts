import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';

const messageSchema = z.looseObject({ role: z.string(), content: z.unknown() });
const requestSchema = z.looseObject({
  model: z.string(),
  messages: z.array(messageSchema),
  tools: z.array(z.looseObject({ function: z.looseObject({ name: z.string() }) })).default([]),
});

export interface ModelRequest {
  /** 1 for the first. */
  number: number;
  /** All messages as text. */
  text: string;
  /** Results of tools in the conversation so far. */
  toolResults: number;
  tools: string[];
}

/** Text, or calls of tools, or a failure. */
export type Answer =
  string | { calls: { name: string; input: unknown }[] } | { status: number; error: string };

export interface ScriptedModel {
  /** Base URL for an OpenAI-compatible provider. */
  url: string;
  requests: ModelRequest[];
  close(): Promise<void>;
}

/** Not a language model: a real HTTP server that answers `/v1/chat/completions` by a script. */
export async function startScriptedModel(script: (request: ModelRequest) => Answer): Promise<ScriptedModel> {
  const requests: ModelRequest[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const send = (status: number, body: unknown) =>
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      if (request.url !== '/v1/chat/completions') return send(404, { error: { message: 'not found' } });
      const body = requestSchema.parse(JSON.parse(Buffer.concat(chunks).toString()));
      const seen: ModelRequest = {
        number: requests.length + 1,
        text: JSON.stringify(body.messages),
        toolResults: body.messages.filter(({ role }) => role === 'tool').length,
        tools: body.tools.map((tool) => tool.function.name),
      };
      requests.push(seen);
      const answer = script(seen);
      if (typeof answer === 'object' && 'status' in answer) {
        return send(answer.status, { error: { message: answer.error, type: 'error' } });
      }
      const calls = typeof answer === 'string' ? [] : answer.calls;
      return send(200, {
        id: 'chatcmpl-scripted',
        object: 'chat.completion',
        created: 1,
        model: body.model,
        choices: [
          {
            index: 0,
            message: {
              role: 'assistant',
              content: typeof answer === 'string' ? answer : null,
              ...(calls.length > 0
                ? {
                    tool_calls: calls.map(({ name, input }, index) => ({
                      id: `call_${seen.number}_${index}`,
                      type: 'function',
                      function: { name, arguments: JSON.stringify(input) },
                    })),
                  }
                : {}),
            },
            finish_reason: calls.length > 0 ? 'tool_calls' : 'stop',
          },
        ],
        usage: { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 },
      });
    });
  });
  const close = await listen(server);
  return { url: `${close.url}/v1`, requests, close: close.close };
}

/** Starts a server on loopback. */
export async function listen(
  server: ReturnType<typeof createServer>,
): Promise<{ url: string; close: () => Promise<void> }> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The result that a structured question wants. */
export function submit(input: unknown): Answer {
  return { calls: [{ name: 'submit_result', input }] };
}
