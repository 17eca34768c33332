import { BizError, type BizErrorCode, messageOf } from '@bizstack/contracts';

const MAX_RESPONSE_BYTES = 2 * 1024 * 1024;

export interface HttpCall {
  readonly url: string;
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Area of its error codes, for example `BIZ_PUBLISH`. */
  readonly area: BizErrorCode;
}

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

/**
 * One HTTP call. Redirects are refused: they could lead past an allow-list.
 * @throws BizError `<area>_UNREACHABLE` (may work later), `<area>_REFUSED` (4xx: never tried again)
 */
export async function callHttp(call: HttpCall): Promise<HttpAnswer> {
  const { area } = call;
  const where = new URL(call.url).origin;
  let answer: HttpAnswer;
  try {
    const response = await fetch(call.url, {
      method: call.method,
      headers: { ...call.headers },
      ...(call.body === undefined ? {} : { body: call.body }),
      redirect: 'error',
      signal: AbortSignal.any([call.signal, AbortSignal.timeout(call.timeoutMs)]),
    });
    answer = { status: response.status, text: await limitedText(response) };
  } catch (cause) {
    throw new BizError(`${area}_UNREACHABLE`, `${where} could not be reached: ${messageOf(cause)}.`, {
      cause,
      retryable: true,
    });
  }
  if (answer.status < 300) return answer;
  const busy = answer.status >= 500 || [408, 409, 425, 429].includes(answer.status);
  throw new BizError(
    busy ? `${area}_UNREACHABLE` : `${area}_REFUSED`,
    `${where} answered ${answer.status}: ${answer.text.slice(0, 300)}`,
    { retryable: busy, details: { status: answer.status } },
  );
}

async function limitedText(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.byteLength;
    if (size > MAX_RESPONSE_BYTES) throw new Error(`the answer is longer than ${MAX_RESPONSE_BYTES} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

/**
 * Origins that may be called, for example `https://blog.example.com http://127.0.0.1:*`.
 * @throws BizError `BIZ_WORKFLOWS_CONFIG` for what is not an origin
 */
export function parseOrigins(text: string): (url: string) => boolean {
  const patterns = text.split(/[\s,]+/).filter((part) => part !== '');
  for (const pattern of patterns) {
    if (!/^https?:\/\/[^/*\s:]+(:(\d+|\*))?$/.test(pattern)) {
      throw new BizError('BIZ_WORKFLOWS_CONFIG', `"${pattern}" is not an origin.`, {
        hint: 'Write scheme, host and port, for example https://blog.example.com.',
      });
    }
  }
  return (url) => {
    if (!URL.canParse(url)) return false;
    const { protocol, hostname, origin, username, password } = new URL(url);
    if (username !== '' || password !== '') return false;
    return patterns.some((pattern) =>
      pattern.endsWith(':*') ? pattern === `${protocol}//${hostname}:*` : new URL(pattern).origin === origin,
    );
  };
}
