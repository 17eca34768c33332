import { once } from 'node:events';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import { type AddressInfo } from 'node:net';

export interface ScriptedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly raw: Buffer;
  json(): Record<string, unknown>;
  form(): Promise<FormData>;
}

export interface ScriptedAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Record<string, string>;
}

/** A failure that the script puts in the way of the next matching requests. */
export interface ScriptedFailure {
  readonly method?: string;
  readonly path: RegExp;
  readonly times?: number;
  /** What is answered; `drop` cuts the connection, `hang` never answers. */
  readonly answer: ScriptedAnswer | 'drop' | 'hang';
  /** True when the request takes effect before it fails. */
  readonly takesEffect?: boolean;
}

/** A real HTTP server on loopback whose answers a test scripts. Base of the scripted Activepieces and NocoBase. */
export abstract class ScriptedServer {
  /** `METHOD path` of everything that was asked, in order. */
  readonly requests: string[] = [];
  readonly #failures: { failure: ScriptedFailure; left: number }[] = [];
  readonly #server: Server = createServer((request, response) => {
    void this.#serve(request, response);
  });
  /** Called after a request took effect and before it is answered; true means: never answer. */
  onRequest: (count: number) => boolean = () => false;

  protected abstract handle(request: ScriptedRequest): Promise<ScriptedAnswer> | ScriptedAnswer;

  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this.url;
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  fail(failure: ScriptedFailure): void {
    this.#failures.push({ failure, left: failure.times ?? 1 });
  }

  async #serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of message as AsyncIterable<Buffer>) {
      chunks.push(chunk);
    }
    const raw = Buffer.concat(chunks);
    const url = new URL(message.url ?? '/', 'http://scripted');
    const method = message.method ?? 'GET';
    const path = decodeURIComponent(url.pathname);
    this.requests.push(`${method} ${path}`);
    const request: ScriptedRequest = {
      method,
      path,
      query: url.searchParams,
      headers: message.headers,
      raw,
      json: () => JSON.parse(raw.toString('utf8')) as Record<string, unknown>,
      form: () =>
        new Response(new Uint8Array(raw), {
          headers: { 'content-type': message.headers['content-type'] ?? '' },
        }).formData(),
    };
    const due = this.#failures.find(
      ({ failure, left }) => left > 0 && (failure.method ?? method) === method && failure.path.test(path),
    );
    let answer: ScriptedAnswer | 'drop' | 'hang';
    if (due === undefined) {
      answer = await this.handle(request);
    } else {
      due.left -= 1;
      if (due.failure.takesEffect === true) {
        await this.handle(request);
      }
      answer = due.failure.answer;
    }
    if (this.onRequest(this.requests.length) || answer === 'hang') {
      return;
    }
    if (answer === 'drop') {
      message.socket.destroy();
      return;
    }
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
    response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
  }
}
