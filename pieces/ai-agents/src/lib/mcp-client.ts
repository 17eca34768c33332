import type { GuardedFetch, GuardedResponse } from '@bizstack/agents/tools';
import { BizError, isBizError } from '@bizstack/piece-common';
import { z } from 'zod';

const PROTOCOL = '2025-06-18';
const PAGES_MAX = 20;

export interface McpServerAddress {
  name: string;
  url: string;
  headers: Readonly<Record<string, string>>;
}

const toolsSchema = z.looseObject({
  tools: z.array(
    z.looseObject({ name: z.string(), description: z.string().optional(), inputSchema: z.unknown() }),
  ),
  nextCursor: z.string().nullish(),
});
export type McpTool = z.output<typeof toolsSchema>['tools'][number];

const resultSchema = z.looseObject({
  content: z.array(z.looseObject({ type: z.string(), text: z.string().optional() })).default([]),
  structuredContent: z.unknown().optional(),
  isError: z.boolean().optional(),
});
const answerSchema = z.looseObject({
  id: z.union([z.string(), z.number(), z.null()]).optional(),
  result: z.unknown().optional(),
  error: z.looseObject({ code: z.number(), message: z.string() }).optional(),
});

/** Model Context Protocol over streamable HTTP: as much of it as calling tools needs. */
export class McpClient {
  readonly #server: McpServerAddress;
  readonly #fetch: GuardedFetch;
  #session: string | undefined;
  #ready: Promise<unknown> | undefined;
  #nextId = 1;

  constructor(server: McpServerAddress, guard: GuardedFetch) {
    this.#server = server;
    this.#fetch = guard;
  }

  /** @throws BizError `BIZ_AI_ENDPOINT_…`, `BIZ_AGENTS_HOST_REFUSED` */
  async listTools(): Promise<McpTool[]> {
    const tools: McpTool[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < PAGES_MAX; page++) {
      const found = await this.#request('tools/list', cursor === undefined ? {} : { cursor }, toolsSchema);
      tools.push(...found.tools);
      cursor = found.nextCursor ?? undefined;
      if (cursor === undefined) break;
    }
    return tools;
  }

  /** @throws BizError `BIZ_AI_MCP_TOOL_FAILED` with what the tool said, `BIZ_AI_ENDPOINT_…` */
  async callTool(name: string, input: Record<string, unknown>, signal?: AbortSignal): Promise<unknown> {
    const result = await this.#request('tools/call', { name, arguments: input }, resultSchema, signal);
    const text = result.content.flatMap((part) => (part.text === undefined ? [] : [part.text])).join('\n');
    if (result.isError) {
      throw new BizError('BIZ_AI_MCP_TOOL_FAILED', `${name}: ${text.slice(0, 1_000)}`);
    }
    return result.structuredContent ?? text;
  }

  async #request<T>(method: string, params: unknown, schema: z.ZodType<T>, signal?: AbortSignal): Promise<T> {
    this.#ready ??= this.#initialize();
    await this.#ready;
    return this.#call(method, params, schema, signal);
  }

  async #initialize(): Promise<void> {
    await this.#call(
      'initialize',
      { protocolVersion: PROTOCOL, capabilities: {}, clientInfo: { name: 'bizstack', version: '1' } },
      z.unknown(),
    );
    await this.#send({ jsonrpc: '2.0', method: 'notifications/initialized' });
  }

  async #call<T>(method: string, params: unknown, schema: z.ZodType<T>, signal?: AbortSignal): Promise<T> {
    const id = this.#nextId++;
    const { text, isStream } = await this.#send({ jsonrpc: '2.0', id, method, params }, signal);
    const answer = messagesIn(text, isStream)
      .map((message) => answerSchema.safeParse(message).data)
      .find((message) => message?.id === id);
    if (answer === undefined) throw this.#failure('ANSWER_UNEXPECTED', `no answer to ${method}`);
    if (answer.error) throw this.#failure('REFUSED', `${method}: ${answer.error.message.slice(0, 300)}`);
    const parsed = schema.safeParse(answer.result);
    if (parsed.success) return parsed.data;
    throw this.#failure('ANSWER_UNEXPECTED', z.prettifyError(parsed.error), parsed.error);
  }

  async #send(message: unknown, signal?: AbortSignal): Promise<{ text: string; isStream: boolean }> {
    const { url, headers } = this.#server;
    let response: GuardedResponse;
    try {
      response = await this.#fetch(url, {
        method: 'POST',
        headers: {
          ...headers,
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          'mcp-protocol-version': PROTOCOL,
          ...(this.#session === undefined ? {} : { 'mcp-session-id': this.#session }),
        },
        body: JSON.stringify(message),
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (cause) {
      if (isBizError(cause, 'BIZ_AGENTS_FETCH_FAILED')) {
        throw this.#failure('UNREACHABLE', `it cannot be reached: ${cause.message}`, cause);
      }
      throw cause;
    }
    const { status, text, contentType } = response;
    if (status < 200 || status >= 300)
      throw this.#failure('REFUSED', `status ${status}: ${text.slice(0, 300)}`);
    this.#session ??= response.headers['mcp-session-id'];
    return { text, isStream: contentType.startsWith('text/event-stream') };
  }

  #failure(
    kind: 'ANSWER_UNEXPECTED' | 'REFUSED' | 'UNREACHABLE',
    problem: string,
    cause?: unknown,
  ): BizError {
    return new BizError(`BIZ_AI_ENDPOINT_${kind}`, `MCP server "${this.#server.name}": ${problem}.`, {
      cause,
      retryable: kind === 'UNREACHABLE',
    });
  }
}

/** The JSON-RPC messages of an answer: one, a list, or the events of a stream. */
function messagesIn(text: string, isStream: boolean): unknown[] {
  const parts = isStream
    ? text.split(/\r?\n\r?\n/).map((event) =>
        event
          .split(/\r?\n/)
          .filter((line) => line.startsWith('data:'))
          .map((line) => line.slice(5).trimStart())
          .join('\n'),
      )
    : [text];
  return parts.flatMap((part) => {
    try {
      const parsed: unknown = JSON.parse(part);
      return Array.isArray(parsed) ? z.array(z.unknown()).parse(parsed) : [parsed];
    } catch {
      return [];
    }
  });
}
