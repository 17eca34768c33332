import { BizError, messageOf } from '@bizstack/contracts';
import { withRetries } from '../providers/retry';
import { abortedError, throwIfAborted } from './errors';

export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Milliseconds for one attempt. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  /** Codes of errors start with it. */
  readonly area: 'BIZ_QDRANT' | 'BIZ_EMBEDDINGS';
}

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
  /** What the server asks to wait, in milliseconds. */
  readonly retryAfterMs: number | undefined;
}

const MAX_RETRIES = 4;
/** Milliseconds for all attempts of one request. */
const RETRY_BUDGET_MS = 120_000;

/**
 * Runs an attempt again while it fails with a retryable error.
 * @throws BizError that of the last attempt, or `BIZ_RETRIEVAL_ABORTED`
 */
export async function retried<T>(attempt: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  throwIfAborted(signal);
  try {
    return await withRetries(attempt, {
      max: MAX_RETRIES,
      budgetMs: RETRY_BUDGET_MS,
      signal: signal ?? new AbortController().signal,
    });
  } catch (error) {
    throwIfAborted(signal);
    throw error;
  }
}

/**
 * Sends one request and reads the whole answer, whatever its status. Redirects are not followed: they would
 * carry the API key to another host.
 * @throws BizError `…_UNREACHABLE`, `…_TIMEOUT`, `…_REDIRECTED`, or `BIZ_RETRIEVAL_ABORTED`
 */
export async function send(request: HttpRequest): Promise<HttpAnswer> {
  const { method, url, headers, body, timeoutMs, signal, area } = request;
  const timeout = AbortSignal.timeout(timeoutMs);
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, {
      method,
      redirect: 'manual',
      headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      body: body === undefined ? null : JSON.stringify(body),
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
    text = await response.text();
  } catch (cause) {
    if (signal?.aborted) throw abortedError(signal);
    const where = originOf(url);
    if (timeout.aborted) {
      const message = `${where} did not answer within ${timeoutMs / 1000} s.`;
      throw new BizError(`${area}_TIMEOUT`, message, { cause, retryable: true });
    }
    const reason =
      cause instanceof Error && cause.cause !== undefined ? messageOf(cause.cause) : messageOf(cause);
    throw new BizError(`${area}_UNREACHABLE`, `${where} cannot be reached: ${reason}.`, {
      hint: 'Check that the server runs and that the URL is right.',
      cause,
      retryable: true,
    });
  }
  const { status } = response;
  if (status >= 300 && status < 400) {
    throw new BizError(`${area}_REDIRECTED`, `${originOf(url)} redirects elsewhere.`, {
      hint: 'Configure the final URL.',
    });
  }
  return { status, text, retryAfterMs: retryAfter(response.headers) };
}

function retryAfter(headers: Headers): number | undefined {
  const seconds = Number(headers.get('retry-after') ?? NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}

/** Scheme, host and port: all of a URL that is safe to show. */
export function originOf(url: string): string {
  return new URL(url).origin;
}

/** The value of a JSON text, undefined when it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
