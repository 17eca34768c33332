import { BizError } from '@bizstack/contracts';
import { z } from 'zod';
import { type HttpAnswer, originOf, parseJson, retried, send } from '../http';

const TIMEOUT_MS = 60_000;

export interface QdrantCall<T> {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Parts of the path; each is escaped. */
  readonly path: readonly string[];
  /** Writes answer when they are applied. */
  readonly wait?: boolean;
  readonly body?: unknown;
  /** Shape of `result` in the answer. */
  readonly schema: z.ZodType<T>;
  readonly signal: AbortSignal | undefined;
}

const answerSchema = z.looseObject({ result: z.unknown() });
const errorSchema = z.looseObject({ status: z.looseObject({ error: z.string() }) });

/** Calls Qdrant's REST API; every call here may be repeated, and is on overload and network failures. */
export class QdrantClient {
  private readonly base: string;

  constructor(
    url: string,
    private readonly apiKey: string | undefined,
  ) {
    this.base = url.replace(/\/+$/, '');
  }

  /** @throws BizError `BIZ_QDRANT_…`, `BIZ_RETRIEVAL_ABORTED` */
  call<T>({ method = 'GET', path, wait, body, schema, signal }: QdrantCall<T>): Promise<T> {
    const query = wait === undefined ? '' : `?wait=${wait}`;
    return retried(async () => {
      const answer = await send({
        method,
        url: `${this.base}/${path.map(encodeURIComponent).join('/')}${query}`,
        headers: this.apiKey ? { 'api-key': this.apiKey } : {},
        body,
        timeoutMs: TIMEOUT_MS,
        signal,
        area: 'BIZ_QDRANT',
      });
      if (answer.status >= 400) throw statusError(answer, originOf(this.base));
      const envelope = answerSchema.safeParse(parseJson(answer.text));
      const where = originOf(this.base);
      if (!envelope.success) throw unexpected(where, 'the answer has no result', envelope.error);
      const result = schema.safeParse(envelope.data.result);
      if (!result.success) throw unexpected(where, z.prettifyError(result.error), result.error);
      return result.data;
    }, signal);
  }
}

function unexpected(where: string, problem: string, cause?: unknown): BizError {
  return new BizError('BIZ_QDRANT_ANSWER_UNEXPECTED', `${where} does not answer like Qdrant: ${problem}.`, {
    hint: 'Check that the URL is the REST port of Qdrant (6333).',
    cause,
  });
}

function statusError({ status, text, retryAfterMs }: HttpAnswer, where: string): BizError {
  const parsed = errorSchema.safeParse(parseJson(text));
  const message = `Qdrant: ${parsed.success ? parsed.data.status.error.slice(0, 500) : `status ${status}`}`;
  const details = { status, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  if (status === 401 || status === 403) {
    return new BizError('BIZ_QDRANT_UNAUTHORIZED', `${where} refused the API key (${status}).`, {
      hint: 'Check the API key of Qdrant and what it may do.',
      details,
    });
  }
  if (status === 404 && parsed.success) return new BizError('BIZ_QDRANT_NOT_FOUND', message, { details });
  if (status === 409) return new BizError('BIZ_QDRANT_CONFLICT', message, { details });
  if (status === 429 || status >= 500) {
    return new BizError('BIZ_QDRANT_OVERLOADED', message, { retryable: status !== 501, details });
  }
  return parsed.success
    ? new BizError('BIZ_QDRANT_REQUEST_INVALID', message, { details })
    : unexpected(where, `status ${status} without a message`);
}
