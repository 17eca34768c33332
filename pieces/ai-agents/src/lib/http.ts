import type { GuardedFetch } from '@bizstack/agents/tools';
import { BizError, type BizErrorCode, unreachableError } from '@bizstack/piece-common';
import { z } from 'zod';

export interface JsonRequest<T> {
  readonly url: string;
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly timeoutMs: number;
  /** What the server is, for messages, for example `Embeddings`. */
  readonly name: string;
  /** The codes start with it, for example `BIZ_EMBEDDINGS`. */
  readonly area: 'BIZ_EMBEDDINGS' | 'BIZ_QDRANT' | 'BIZ_AI_ENDPOINT';
  readonly schema: z.ZodType<T>;
  readonly signal?: AbortSignal;
  /** Sends it through a guard, which has a time limit of its own. */
  readonly guard?: GuardedFetch;
}

const REASON_LENGTH = 300;
const ANSWER_MAX = 8 * 1024 * 1024;

/**
 * One request and its JSON answer. Redirects are not followed: they would carry the key to another host.
 * @throws BizError `…_UNREACHABLE`, `…_TIMEOUT`, `…_REFUSED`, `…_ANSWER_UNEXPECTED`
 */
export async function sendJson<T>(request: JsonRequest<T>): Promise<T> {
  const { name, area, schema } = request;
  const { status, text } = await (request.guard ? guarded(request, request.guard) : exchange(request));
  if (status < 200 || status >= 300) {
    throw new BizError(`${area}_REFUSED`, `${name}: status ${status}: ${text.slice(0, REASON_LENGTH)}`, {
      hint: status === 401 || status === 403 ? 'Check the key.' : 'Check the URL and what was sent.',
      retryable: status === 429 || status >= 500,
      details: { status },
    });
  }
  let json: unknown;
  try {
    json = text.trim() === '' ? null : JSON.parse(text);
  } catch (cause) {
    throw new BizError(`${area}_ANSWER_UNEXPECTED`, `${name}: the answer is not JSON.`, { cause });
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new BizError(`${area}_ANSWER_UNEXPECTED`, `${name}: ${z.prettifyError(parsed.error)}`, {
    cause: parsed.error,
  });
}

function guarded({ url, method = 'POST', headers, body, signal }: JsonRequest<unknown>, guard: GuardedFetch) {
  return guard(url, {
    method,
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  });
}

async function exchange({
  url,
  method = 'POST',
  headers,
  body,
  timeoutMs,
  name,
  area,
  signal,
}: JsonRequest<unknown>): Promise<{ status: number; text: string }> {
  const target = httpUrl(name, url);
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(target, {
      method,
      redirect: 'manual',
      headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      body: body === undefined ? null : JSON.stringify(body),
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
    const text = await response.text();
    if (text.length > ANSWER_MAX) {
      throw new BizError(`${area}_ANSWER_UNEXPECTED`, `${name}: the answer is longer than 8 MB.`);
    }
    return { status: response.status, text };
  } catch (cause) {
    if (cause instanceof BizError) throw cause;
    if (timeout.aborted) {
      const message = `${name}: no answer within ${timeoutMs / 1000} s.`;
      throw new BizError(`${area}_TIMEOUT`, message, { cause, retryable: true });
    }
    const code: BizErrorCode = `${area}_UNREACHABLE`;
    throw (
      unreachableError({ code, where: `${name} (${target.origin})`, cause }) ??
      new BizError(code, `${name}: the connection to ${target.origin} ended before the answer came.`, {
        cause,
        retryable: true,
      })
    );
  }
}

/** @throws BizError `BIZ_INPUT_INVALID` when it is no http(s) URL, or holds a user or password. */
export function httpUrl(name: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    throw new BizError('BIZ_INPUT_INVALID', `"${name}" is not an http(s) URL without user and password.`, {
      hint: 'Write it with scheme and host, for example http://127.0.0.1:8090/v1.',
    });
  }
  return url;
}
