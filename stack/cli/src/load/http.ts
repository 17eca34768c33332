import { setTimeout as sleep } from 'node:timers/promises';
import { BizError, messageOf } from '@bizstack/contracts';

export interface RetryPolicy {
  /** How often a request is sent at most, the first time included. */
  readonly attempts: number;
  /** Milliseconds before the second attempt; doubles each time, with up to a quarter of jitter. */
  readonly baseDelayMs: number;
  /** Milliseconds; no wait is longer, whatever the server's `Retry-After` says. */
  readonly maxDelayMs: number;
}

export const DEFAULT_RETRY: RetryPolicy = { attempts: 7, baseDelayMs: 500, maxDelayMs: 20_000 };

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  /** Below the client's base URL, with a leading slash, already encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly json?: unknown;
  /** Built anew for every attempt: a body can be sent once only. */
  readonly form?: () => FormData;
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds for one attempt. */
  readonly timeoutMs?: number;
  /**
   * Asked before a request that may have taken effect is sent again (connection lost, 5xx). A value means
   * that it did take effect, and is returned instead of sending twice. Leave it out for calls that are
   * safe to repeat.
   */
  readonly settled?: () => Promise<HttpResponse | undefined>;
  /** 409 and 423 answers that go away by themselves. */
  readonly isBusy?: (response: HttpResponse) => boolean;
}

export interface HttpResponse {
  readonly status: number;
  /** Parsed JSON, or the text when it is none. */
  readonly body: unknown;
}

export interface HttpClientOptions {
  readonly baseUrl: string;
  /** What the server is called in messages, for example `Activepieces`. */
  readonly server: string;
  readonly retry: RetryPolicy;
  readonly signal?: AbortSignal | undefined;
  readonly onRetry?: (message: string) => void;
}

const REQUEST_TIMEOUT_MS = 120_000;
const SHORTEST_REDACTED = 4;

/** JSON over HTTP with back-off, for one server. Known secrets never appear in its errors. */
export class HttpClient {
  readonly #options: HttpClientOptions;
  readonly #secrets = new Set<string>();
  #headers: Readonly<Record<string, string>> = {};

  constructor(options: HttpClientOptions) {
    this.#options = options;
  }

  get server(): string {
    return this.#options.server;
  }

  /** Sent with every later request. */
  useHeaders(headers: Readonly<Record<string, string>>): void {
    this.#headers = { ...this.#headers, ...headers };
  }

  /** Keeps a value out of every message. Values shorter than four characters would redact ordinary words. */
  hide(secret: string): void {
    if (secret.length >= SHORTEST_REDACTED) {
      this.#secrets.add(secret);
    }
  }

  redact(text: string): string {
    return [...this.#secrets]
      .sort((a, b) => b.length - a.length)
      .reduce((redacted, secret) => redacted.replaceAll(secret, '[hidden]'), text);
  }

  /**
   * Sends a request; 429, 5xx and lost connections are tried again.
   *
   * @throws BIZ_LOAD_UNREACHABLE when no answer came after the last attempt. Every answer, an error
   * status too, is returned.
   */
  async send(request: HttpRequest): Promise<HttpResponse> {
    const { retry, signal, onRetry } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      signal?.throwIfAborted();
      const outcome = await this.#attempt(request);
      const last = attempt >= retry.attempts;
      if ('response' in outcome) {
        const { response } = outcome;
        const busy = request.isBusy?.(response) ?? false;
        if (last || !(response.status === 429 || response.status >= 500 || busy)) {
          return response;
        }
      } else if (last) {
        throw new BizError(
          'BIZ_LOAD_UNREACHABLE',
          `${this.#options.server} at ${this.#options.baseUrl} did not answer ${request.method} ${request.path} after ${attempt} attempts: ${this.redact(messageOf(outcome.error))}.`,
          {
            hint: 'Check that it runs and that the URL and port are right.',
            cause: outcome.error,
            retryable: true,
          },
        );
      }
      const delayMs = waitBefore(attempt, retry, 'response' in outcome ? outcome.retryAfterMs : undefined);
      onRetry?.(
        `${this.#options.server}: ${request.method} ${request.path} ${describe(outcome)}; again in ${(delayMs / 1000).toFixed(1)} s (${attempt + 1} of ${retry.attempts})`,
      );
      await sleep(delayMs, undefined, signal === undefined ? {} : { signal });
      const unsent = 'response' in outcome && outcome.response.status === 429;
      const settled = unsent ? undefined : await request.settled?.();
      if (settled !== undefined) {
        return settled;
      }
    }
  }

  async #attempt(request: HttpRequest): Promise<Outcome> {
    const url = new URL(`${this.#options.baseUrl}${request.path}`);
    for (const [name, value] of Object.entries(request.query ?? {})) {
      if (value !== undefined) {
        url.searchParams.set(name, value);
      }
    }
    const timeout = AbortSignal.timeout(request.timeoutMs ?? REQUEST_TIMEOUT_MS);
    const { signal } = this.#options;
    const body = request.form?.() ?? (request.json === undefined ? undefined : JSON.stringify(request.json));
    try {
      const response = await fetch(url, {
        method: request.method,
        headers: {
          accept: 'application/json',
          ...(request.json === undefined ? {} : { 'content-type': 'application/json' }),
          ...this.#headers,
          ...request.headers,
        },
        ...(body === undefined ? {} : { body }),
        signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
        redirect: 'error',
      });
      const text = await response.text();
      return {
        response: { status: response.status, body: parse(text) },
        retryAfterMs: retryAfter(response.headers.get('retry-after')),
      };
    } catch (error) {
      signal?.throwIfAborted();
      return { error: rootCause(error) };
    }
  }
}

type Outcome =
  | { readonly response: HttpResponse; readonly retryAfterMs: number | undefined }
  | { readonly error: unknown };

function describe(outcome: Outcome): string {
  return 'response' in outcome
    ? `answered ${outcome.response.status}`
    : `got no answer (${messageOf(outcome.error)})`;
}

/** fetch says only "fetch failed"; what happened to the connection is its cause. */
function rootCause(error: unknown): unknown {
  return error instanceof TypeError && error.cause !== undefined ? error.cause : error;
}

function waitBefore(attempt: number, retry: RetryPolicy, retryAfterMs: number | undefined): number {
  const backOff = retry.baseDelayMs * 2 ** (attempt - 1) * (1 + Math.random() / 4);
  return Math.min(Math.max(backOff, retryAfterMs ?? 0), retry.maxDelayMs);
}

function retryAfter(header: string | null): number | undefined {
  const seconds = header === null ? Number.NaN : Number(header);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
