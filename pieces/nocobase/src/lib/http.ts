import { BizError, unreachableError } from '@bizstack/piece-common';

export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent as JSON; a form is sent as multipart. */
  readonly body?: unknown;
  readonly timeoutMs: number;
  /** Called with the body as it comes; the answer's text is then empty unless it failed. */
  readonly onText?: (text: string) => void;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/**
 * Sends one request and reads the whole answer, whatever its status. Redirects are not followed: they
 * would carry the token to another host.
 * @throws BizError `BIZ_NOCOBASE_UNREACHABLE`, `_TIMEOUT`, `_CONNECTION_LOST` or `_REDIRECTED`.
 */
export async function send(request: HttpRequest): Promise<HttpAnswer> {
  const { method, url, headers, body, timeoutMs } = request;
  const isForm = body instanceof FormData;
  const json = body === undefined || isForm ? undefined : JSON.stringify(body);
  let answer: HttpAnswer;
  try {
    const response = await fetch(url, {
      method,
      redirect: 'manual',
      headers: { ...headers, ...(json === undefined ? {} : { 'content-type': 'application/json' }) },
      body: isForm ? body : (json ?? null),
      signal: AbortSignal.timeout(timeoutMs),
    });
    answer = { status: response.status, headers: response.headers, text: await readText(response, request) };
  } catch (cause) {
    if (cause instanceof Error && cause.name === 'TimeoutError') {
      const message = `${url.origin} did not answer within ${timeoutMs / 1000} s.`;
      throw new BizError('BIZ_NOCOBASE_TIMEOUT', message, { cause, retryable: true });
    }
    throw (
      unreachableError({ code: 'BIZ_NOCOBASE_UNREACHABLE', where: url.origin, cause }) ?? lost(url, cause)
    );
  }
  if (answer.status >= 300 && answer.status < 400) {
    const target = answer.headers.get('location') ?? '?';
    throw new BizError('BIZ_NOCOBASE_REDIRECTED', `${url.origin} redirects to ${target}.`, {
      hint: 'Put the final URL into the connection.',
    });
  }
  return answer;
}

async function readText(response: Response, { onText }: HttpRequest): Promise<string> {
  const streams = response.headers.get('content-type')?.startsWith('text/event-stream') ?? false;
  if (onText === undefined || !streams || response.body === null) return response.text();
  const decoder = new TextDecoder();
  for await (const chunk of response.body) onText(decoder.decode(chunk, { stream: true }));
  onText(decoder.decode());
  return '';
}

/** fetch has codes of its own for a connection that ends before the answer, for example a reused one. */
function lost(url: URL, cause: unknown): BizError {
  const message = `The connection to ${url.origin} ended before the answer came.`;
  return new BizError('BIZ_NOCOBASE_CONNECTION_LOST', message, {
    hint: 'The server may be restarting; whether it did the work is not known.',
    cause,
    retryable: true,
  });
}
