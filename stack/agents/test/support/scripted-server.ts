import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a scripted model does with one request. */
export type Reply =
  | { text: string; toolCalls?: ScriptedCall[] }
  | { toolCalls: ScriptedCall[]; text?: string }
  | { refusal: string }
  | { status: number; headers?: Record<string, string>; error: string }
  /** Never answers. */
  | { hang: true }
  /** Answers 200 with this instead of JSON. */
  | { raw: string }
  /** Streams this much and closes the socket; without a stream it closes at once. */
  | { cut: string }
  /** The answer is as long as it may be. */
  | { truncated: string };

export interface ScriptedCall {
  name: string;
  input?: Record<string, unknown>;
  /** Sent as it is in place of `input`. */
  raw?: string;
}

export interface ScriptedMessage {
  role: string;
  text: string;
  toolCalls: { id: string; name: string; input: string }[];
}

/** A request in the same form for both dialects. */
export interface ScriptedRequest {
  /** 1 for the first. */
  number: number;
  body: Record<string, unknown>;
  headers: IncomingHttpHeaders;
  system: string;
  messages: ScriptedMessage[];
  /** Text of the last message. */
  last: string;
  tools: string[];
  stream: boolean;
}

export type Script = (request: ScriptedRequest) => Reply | Promise<Reply>;

export interface ScriptedServer {
  url: string;
  requests: ScriptedRequest[];
  close(): Promise<void>;
}

export interface Dialect {
  path: string;
  read(body: Record<string, unknown>): Pick<ScriptedRequest, 'system' | 'messages' | 'tools'>;
  error(status: number, message: string): unknown;
  whole(reply: Reply, model: string): unknown;
  /** Lines of an event stream, without the blank ones. `cut` leaves out the end. */
  parts(reply: Reply, model: string): string[];
}

/** A real HTTP server that answers like a model's API, by a script and not by a model. */
export async function startScripted(dialect: Dialect, script: Script): Promise<ScriptedServer> {
  const requests: ScriptedRequest[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (request.url !== dialect.path) {
        response.writeHead(404).end(JSON.stringify({ error: { message: `no ${request.url}` } }));
        return;
      }
      const body = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>;
      const read = dialect.read(body);
      const seen: ScriptedRequest = {
        number: requests.length + 1,
        body,
        headers: request.headers,
        ...read,
        last: read.messages.at(-1)?.text ?? '',
        stream: body.stream === true,
      };
      requests.push(seen);
      void Promise.resolve(script(seen)).then(
        (reply) => send(dialect, reply, seen, response),
        (error: unknown) => response.writeHead(599).end(String(error)),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function send(dialect: Dialect, reply: Reply, request: ScriptedRequest, response: ServerResponse): void {
  const model = String(request.body.model);
  if ('hang' in reply) return;
  if ('raw' in reply) {
    response.writeHead(200, { 'content-type': 'application/json' }).end(reply.raw);
  } else if ('status' in reply) {
    response
      .writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers })
      .end(JSON.stringify(dialect.error(reply.status, reply.error)));
  } else if (request.stream) {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const part of dialect.parts(reply, model)) response.write(`${part}\n\n`);
    if ('cut' in reply) setImmediate(() => response.destroy());
    else response.end();
  } else if ('cut' in reply) {
    response.destroy();
  } else {
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify(dialect.whole(reply, model)));
  }
}
