import { BizError, type BizErrorCode, unreachableError } from '@bizstack/piece-common';

export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly timeoutMs: number;
  /** `BIZ_QDRANT` or `BIZ_EMBEDDINGS`; the codes start with it. */
  readonly area: 'BIZ_QDRANT' | 'BIZ_EMBEDDINGS';
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/**
 * Sends one request and reads the whole answer, whatever its status. Redirects are not followed: they
 * would carry the API key to another host.
 * @throws BizError `…_UNREACHABLE`, `…_TIMEOUT`, `…_CONNECTION_LOST` or `…_REDIRECTED`.
 */
export async function send(request: HttpRequest): Promise<HttpAnswer> {
  const { method, url, headers, body, timeoutMs } = request;
  let answer: HttpAnswer;
  try {
    const response = await fetch(url, {
      method,
      redirect: 'manual',
      headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(timeoutMs),
    });
    answer = { status: response.status, headers: response.headers, text: await response.text() };
  } catch (cause) {
    throw failed(request, cause);
  }
  if (answer.status >= 300 && answer.status < 400) throw redirected(request, answer.headers);
  return answer;
}

function redirected({ url, area }: HttpRequest, headers: Headers): BizError {
  return new BizError(
    `${area}_REDIRECTED`,
    `${originOf(url)} redirects to ${headers.get('location') ?? '?'}.`,
    {
      hint: 'Put the final URL into the connection.',
    },
  );
}

function failed({ url, timeoutMs, area }: HttpRequest, cause: unknown): BizError {
  if (cause instanceof Error && (cause.name === 'TimeoutError' || cause.name === 'AbortError')) {
    const message = `${originOf(url)} did not answer within ${timeoutMs / 1000} s.`;
    return new BizError(`${area}_TIMEOUT`, message, { cause, retryable: true });
  }
  const code: BizErrorCode = `${area}_UNREACHABLE`;
  const unreachable = unreachableError({ code, where: originOf(url), cause });
  if (unreachable) return unreachable;
  // fetch has codes of its own for a connection that ends before the answer, for example a reused one.
  const message = `The connection to ${originOf(url)} ended before the answer came.`;
  return new BizError(`${area}_CONNECTION_LOST`, message, { cause, retryable: true });
}

/** Scheme, host and port: all of a URL that is safe to show. */
export function originOf(url: string): string {
  return new URL(url).origin;
}

/**
 * The base of an HTTP API without a slash at its end.
 * @throws BizError `BIZ_INPUT_INVALID` when it is no http(s) URL, or holds a user or password.
 */
export function parseBaseUrl(name: string, text: string): URL {
  let url: URL;
  try {
    url = new URL(text.trim());
  } catch (cause) {
    throw new BizError('BIZ_INPUT_INVALID', `"${name}" is not a URL.`, {
      hint: 'Write it with scheme and port, for example http://127.0.0.1:6333.',
      cause,
    });
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new BizError('BIZ_INPUT_INVALID', `"${name}" must start with http:// or https://.`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new BizError('BIZ_INPUT_INVALID', `"${name}" holds a user name or password.`, {
      hint: 'Use the API key field: URLs are shown in logs.',
    });
  }
  url.pathname = url.pathname.replace(/\/+$/, '');
  url.search = '';
  url.hash = '';
  return url;
}
