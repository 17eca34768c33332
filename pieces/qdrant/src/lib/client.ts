import { BizError, withRetry } from '@bizstack/piece-common';
import { z } from 'zod';
import { type HttpAnswer, originOf, parseBaseUrl, send } from './http';

/** Longest wait for one answer. Actions have 600 s in all. */
const TIMEOUT_MS = 60_000;

export interface QdrantSettings {
  url: string;
  apiKey?: string | undefined;
}

export interface CallOptions<T> {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Parts of the path; each is escaped. */
  path: readonly string[];
  query?: Readonly<Record<string, string | number | boolean | undefined>>;
  body?: unknown;
  /** Shape of `result` in the answer. */
  schema: z.ZodType<T>;
  /** Off for calls that are not the same when sent twice. */
  retry?: boolean;
}

const answerSchema = z.looseObject({ result: z.unknown() });
const errorSchema = z.looseObject({ status: z.looseObject({ error: z.string() }) });

/** Qdrant's REST API. Holds no connection: fetch keeps sockets open between calls by itself. */
export class QdrantClient {
  private readonly base: string;

  constructor(private readonly settings: QdrantSettings) {
    this.base = parseBaseUrl('URL', settings.url).toString().replace(/\/$/, '');
  }

  /**
   * One call, repeated on overload and network failures.
   * @throws BizError `BIZ_QDRANT_…`; see the piece's README for the codes.
   */
  async call<T>({ schema, retry = true, ...options }: CallOptions<T>): Promise<T> {
    const attempt = async () => {
      const answer = await this.send(options);
      if (answer.status >= 400) throw statusError(answer, originOf(this.base));
      return readResult(answer, schema, originOf(this.base));
    };
    return retry ? withRetry(attempt) : attempt();
  }

  /** The answer as it came, for calls the piece knows nothing about. Never repeated. */
  async raw(options: Omit<CallOptions<unknown>, 'schema' | 'retry'>): Promise<HttpAnswer> {
    return this.send(options);
  }

  private send({
    method = 'GET',
    path,
    query,
    body,
  }: Omit<CallOptions<unknown>, 'schema'>): Promise<HttpAnswer> {
    const url = new URL(`${this.base}/${path.map(encodeURIComponent).join('/')}`);
    for (const [name, value] of Object.entries(query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const { apiKey } = this.settings;
    return send({
      method,
      url: url.toString(),
      headers: { accept: 'application/json', ...(apiKey ? { 'api-key': apiKey } : {}) },
      body,
      timeoutMs: TIMEOUT_MS,
      area: 'BIZ_QDRANT',
    });
  }
}

function readResult<T>({ text }: HttpAnswer, schema: z.ZodType<T>, where: string): T {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw unexpected(where, 'the answer is not JSON', cause);
  }
  const envelope = answerSchema.safeParse(json);
  if (!envelope.success) throw unexpected(where, 'the answer has no result', envelope.error);
  const result = schema.safeParse(envelope.data.result);
  if (!result.success) throw unexpected(where, z.prettifyError(result.error), result.error);
  return result.data;
}

function unexpected(where: string, problem: string, cause: unknown): BizError {
  return new BizError('BIZ_QDRANT_ANSWER_UNEXPECTED', `${where} does not answer like Qdrant: ${problem}.`, {
    hint: 'Check that the URL is the REST port of Qdrant (6333) and not a web page or the gRPC port.',
    cause,
  });
}

/** What a failure status means, in words a person can act on. */
export function statusError({ status, text }: HttpAnswer, where: string): BizError {
  const said = serverMessage(text);
  const details = { status };
  if (status === 401 || status === 403) {
    return new BizError('BIZ_QDRANT_UNAUTHORIZED', `${where} refused the API key (${status}).`, {
      hint: 'Check the API key of the connection and what it may do.',
      details,
    });
  }
  if (said === undefined && status < 500)
    return unexpected(where, `status ${status} without a message`, undefined);
  const message = `Qdrant: ${said ?? `status ${status}`}`;
  if (status === 404) return new BizError('BIZ_QDRANT_NOT_FOUND', message, { details });
  if (status === 409) return new BizError('BIZ_QDRANT_CONFLICT', message, { details });
  if (status === 413) {
    const hint = 'Send fewer points per request (Batch Size).';
    return new BizError('BIZ_QDRANT_TOO_LARGE', message, { hint, details });
  }
  if (status === 429 || status >= 500) {
    return new BizError('BIZ_QDRANT_OVERLOADED', message, { retryable: status !== 501, details });
  }
  if (/dimension/i.test(message)) {
    const hint = 'The vectors (or the embeddings model) do not fit the collection.';
    return new BizError('BIZ_QDRANT_DIMENSION_MISMATCH', message, { hint, details });
  }
  return new BizError('BIZ_QDRANT_REQUEST_INVALID', message, { details });
}

function serverMessage(text: string): string | undefined {
  try {
    const parsed = errorSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data.status.error.slice(0, 500) : undefined;
  } catch {
    return undefined;
  }
}
