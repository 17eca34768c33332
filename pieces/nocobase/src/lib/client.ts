import { createHash } from 'node:crypto';
import { BizError, createConnectionPool, isBizError, withRetry } from '@bizstack/piece-common';
import { z } from 'zod';
import { isStarting, readJson, statusError, unexpected } from './answers';
import { createEventParser } from './event-stream';
import { type HttpAnswer, send } from './http';

/** Longest wait for one answer. Actions have 600 s in all. */
const TIMEOUT_MS = 60_000;
/** How long a token is kept without use; NocoBase's own last longer. */
const TOKEN_IDLE_MS = 30 * 60_000;

export interface NocoBaseSettings {
  url: string;
  apiKey?: string | undefined;
  account?: string | undefined;
  password?: string | undefined;
}

export type QueryValue = string | number | boolean | readonly string[] | Record<string, unknown> | undefined;

export interface CallOptions<T> {
  method?: 'GET' | 'POST';
  /** `<resource>:<action>`, for example `users:list`. */
  action: string;
  query?: Readonly<Record<string, QueryValue>>;
  body?: unknown;
  /** Shape of the whole answer. */
  schema: z.ZodType<T>;
  /** True when the call may be sent twice: reads, and writes that end the same. */
  repeatable?: boolean;
}

export interface StreamOptions {
  action: string;
  body: unknown;
  timeoutMs: number;
  /** Gets the JSON of each event. */
  onEvent: (event: unknown) => void;
}

const signInSchema = z.looseObject({ data: z.looseObject({ token: z.string().min(1) }) });

const tokens = createConnectionPool<NocoBaseSettings, string>({
  open: signIn,
  close: () => undefined,
  idleMs: TOKEN_IDLE_MS,
});

/**
 * NocoBase's HTTP API. With account and password it signs in once for all runs in this process and again
 * when the token is refused.
 */
export class NocoBaseClient {
  readonly base: URL;
  /** Stands for server and account; holds no secret. */
  readonly identity: string;
  private readonly settings: NocoBaseSettings;

  /** @throws BizError `BIZ_INPUT_INVALID` for a wrong URL or missing credentials. */
  constructor({ url, apiKey, account, password }: NocoBaseSettings) {
    this.base = parseBaseUrl(url);
    this.settings = { url: this.base.toString(), apiKey, account, password };
    this.identity = createHash('sha256').update(JSON.stringify(this.settings)).digest('hex');
    if (!apiKey && !(account && password)) {
      throw new BizError(
        'BIZ_INPUT_INVALID',
        'The connection has neither an API key nor account and password.',
        {
          hint: 'Fill in one of them.',
        },
      );
    }
  }

  /**
   * Calls an action.
   * @throws BizError `BIZ_NOCOBASE_…`; see the piece's README for the codes.
   */
  async call<T>(options: CallOptions<T>): Promise<T> {
    return this.withToken(async (token) => {
      const attempt = () => this.attempt(options, token);
      return options.repeatable ? withRetry(attempt) : withRetry(attempt, { retryable: wasNotDone });
    });
  }

  /**
   * Calls an action that answers with server-sent events, once.
   * @throws BizError `BIZ_NOCOBASE_…`
   */
  async stream({ action, body, timeoutMs, onEvent }: StreamOptions): Promise<void> {
    await this.withToken(async (token) => {
      const parser = createEventParser(onEvent);
      const answer = await send({
        method: 'POST',
        url: urlOf(this.base, action),
        headers: { ...commonHeaders(), accept: 'text/event-stream', authorization: `Bearer ${token}` },
        body,
        timeoutMs,
        onText: parser,
      });
      if (answer.status >= 400 || isStarting(answer)) throw statusError(answer, this.base.origin, action);
    });
  }

  private async attempt<T>(
    { method = 'GET', action, query, body, schema }: CallOptions<T>,
    token: string,
  ): Promise<T> {
    const answer = await send({
      method,
      url: urlOf(this.base, action, query),
      headers: { ...commonHeaders(), authorization: `Bearer ${token}` },
      body,
      timeoutMs: TIMEOUT_MS,
    });
    return readAnswer(answer, this.base.origin, action, schema);
  }

  private async withToken<T>(work: (token: string) => Promise<T>): Promise<T> {
    if (this.settings.apiKey) return work(this.settings.apiKey);
    try {
      return await tokens.use(this.settings, work);
    } catch (error) {
      if (!isBizError(error, 'BIZ_NOCOBASE_UNAUTHORIZED')) throw error;
      // The token may have expired since; wrong credentials fail a second time.
      await tokens.discard(this.settings);
      return tokens.use(this.settings, work);
    }
  }
}

async function signIn({ url, account, password }: NocoBaseSettings): Promise<string> {
  const base = new URL(url);
  const action = 'auth:signIn';
  return withRetry(async () => {
    const answer = await send({
      method: 'POST',
      url: urlOf(base, action),
      headers: { ...commonHeaders(), 'x-authenticator': 'basic' },
      body: { account, password },
      timeoutMs: TIMEOUT_MS,
    });
    return readAnswer(answer, base.origin, action, signInSchema).data.token;
  });
}

function readAnswer<T>(answer: HttpAnswer, where: string, action: string, schema: z.ZodType<T>): T {
  if (answer.status >= 400 || isStarting(answer)) throw statusError(answer, where, action);
  const json = answer.text === '' ? undefined : readJson(answer, where);
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  throw unexpected(where, `${action}: ${z.prettifyError(result.error)}`, result.error);
}

function commonHeaders(): Record<string, string> {
  return { accept: 'application/json', 'x-timezone': '+00:00', 'x-locale': 'en-US' };
}

/** Failures before the server did anything: safe to repeat whatever the call. */
function wasNotDone(error: unknown): boolean {
  if (isBizError(error, 'BIZ_NOCOBASE_STARTING')) return true;
  return (
    isBizError(error, 'BIZ_NOCOBASE_UNREACHABLE') &&
    error.retryable &&
    /refused|name server/.test(error.message)
  );
}

function urlOf(base: URL, action: string, query: CallOptions<unknown>['query'] = {}): URL {
  const url = new URL(
    `${base.toString().replace(/\/$/, '')}/api/${action.split('/').map(escapePart).join('/')}`,
  );
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === '') continue;
    url.searchParams.set(name, queryText(value));
  }
  return url;
}

/** `:` parts resource and action and must stay. */
function escapePart(part: string): string {
  return encodeURIComponent(part).replaceAll('%3A', ':');
}

function queryText(value: Exclude<QueryValue, undefined>): string {
  if (typeof value !== 'object') return String(value);
  return isTextList(value) ? value.join(',') : JSON.stringify(value);
}

function isTextList(value: readonly string[] | Record<string, unknown>): value is readonly string[] {
  return Array.isArray(value);
}

function parseBaseUrl(text: string): URL {
  let url: URL;
  try {
    url = new URL(text.trim());
  } catch (cause) {
    throw new BizError('BIZ_INPUT_INVALID', '"URL" is not a URL.', {
      hint: 'Write it with scheme and port, for example http://127.0.0.1:13000.',
      cause,
    });
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new BizError('BIZ_INPUT_INVALID', '"URL" must start with http:// or https://.');
  }
  if (url.username !== '' || url.password !== '') {
    throw new BizError('BIZ_INPUT_INVALID', '"URL" holds a user name or password.', {
      hint: 'Use the fields for them: URLs are shown in logs.',
    });
  }
  // People copy the address of a page or of the API; both stand for the application.
  url.pathname = url.pathname.replace(/\/(api|admin|v\/admin|signin)(\/.*)?$/, '/').replace(/\/+$/, '');
  url.search = '';
  url.hash = '';
  return url;
}
