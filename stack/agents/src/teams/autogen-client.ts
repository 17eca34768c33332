import { BizError, isBizError, messageOf } from '@bizstack/contracts';
import { z } from 'zod';
import { cancelled } from '../providers/errors';
import { usageSchema } from '../providers/usage';

/** Where the AutoGen service is, and how to get in. */
export interface AutogenService {
  /** Base URL, for example `http://autogen:8098`. */
  url: string;
  token: string;
}

const callSchema = z.object({
  callId: z.string().min(1),
  tool: z.string(),
  input: z.record(z.string(), z.unknown()).optional(),
  /** The arguments as the model wrote them, when they are no JSON object. */
  raw: z.string().optional(),
});
export type AutogenCall = z.output<typeof callSchema>;

const runId = z.string();
const codeSchema = z.templateLiteral(['BIZ_AUTOGEN_', z.string().regex(/[A-Z_]+/)]);
const eventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('started'), runId, members: z.array(z.string()) }),
  z.object({ type: z.literal('ping') }),
  z.object({
    type: z.literal('hand_off'),
    runId,
    from: z.string(),
    to: z.string(),
    task: z.string(),
    round: z.int(),
  }),
  z.object({ type: z.literal('message'), runId, from: z.string(), text: z.string() }),
  z.object({ type: z.literal('usage'), runId, usage: usageSchema }),
  z.object({
    type: z.literal('tool_calls'),
    runId,
    from: z.string(),
    task: z.string(),
    round: z.int(),
    calls: z.array(callSchema).min(1),
    usage: usageSchema,
  }),
  z.object({
    type: z.literal('completed'),
    runId,
    text: z.string(),
    reason: z.enum(['finished', 'max_rounds', 'budget']),
    usage: usageSchema,
  }),
  z.object({ type: z.literal('cancelled'), runId, usage: usageSchema }),
  z.object({ type: z.literal('failed'), runId, code: codeSchema, message: z.string(), usage: usageSchema }),
]);
/** What the service says about a run. The last event is `tool_calls`, `completed`, `cancelled` or `failed`. */
export type AutogenEvent = z.output<typeof eventSchema>;

/** What came of a call. `ends`: the member's turn ends with `content` as its result. */
export interface AutogenResult {
  callId: string;
  ok: boolean;
  content: string;
  ends?: boolean;
}

const errorSchema = z.object({
  error: z.object({
    code: codeSchema,
    message: z.string(),
    hint: z.string().optional(),
    retryable: z.boolean().default(false),
  }),
});

/** The service pings every ten seconds. */
const SILENCE_MS = 60_000;
const CANCEL_TIMEOUT_MS = 15_000;
const LINE_MAX = 16_000_000;

/** Talks to the AutoGen service. */
export class AutogenClient {
  readonly #url: URL;
  readonly #token: string;

  /** @throws BizError `BIZ_AGENTS_CONFIG_INVALID` */
  constructor({ url, token }: AutogenService) {
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol) || new URL(url).username !== '') {
      throw new BizError('BIZ_AGENTS_CONFIG_INVALID', 'The URL of the AutoGen service is no http URL.', {
        hint: 'Give its base URL, for example http://autogen:8098, without user or password.',
      });
    }
    this.#url = new URL(url.endsWith('/') ? url : `${url}/`);
    this.#token = token;
  }

  /** Starts a run, or goes on with the one that has this id. */
  start(body: object, signal: AbortSignal): AsyncGenerator<AutogenEvent> {
    return this.#events('v1/teams/runs', body, signal);
  }

  /** Goes on with results, or with none where a run broke off. */
  resume(id: string, body: object, signal: AbortSignal): AsyncGenerator<AutogenEvent> {
    return this.#events(`v1/teams/runs/${encodeURIComponent(id)}/resume`, body, signal);
  }

  /** Ends a run. One that the service does not know has ended. */
  async cancel(id: string): Promise<void> {
    try {
      const path = `v1/teams/runs/${encodeURIComponent(id)}/cancel`;
      await this.#send('POST', path, {}, AbortSignal.timeout(CANCEL_TIMEOUT_MS));
    } catch (error) {
      if (!isBizError(error, 'BIZ_AUTOGEN_RUN_GONE')) throw error;
    }
  }

  /** Removes every run of a contact; gives how many. */
  async forgetContact(contactId: string): Promise<number> {
    const path = `v1/teams/contacts/${encodeURIComponent(contactId)}`;
    const response = await this.#send('DELETE', path, undefined, AbortSignal.timeout(CANCEL_TIMEOUT_MS));
    return z.object({ deleted: z.int() }).parse(await response.json()).deleted;
  }

  async *#events(path: string, body: object, signal: AbortSignal): AsyncGenerator<AutogenEvent> {
    const silence = new AbortController();
    let timer = setTimeout(() => silence.abort(), SILENCE_MS);
    try {
      const response = await this.#send('POST', path, body, AbortSignal.any([signal, silence.signal]));
      for await (const line of linesOf(response)) {
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(), SILENCE_MS);
        yield this.#event(line);
      }
    } catch (error) {
      if (signal.aborted) throw cancelled(error);
      if (isBizError(error)) throw error;
      throw new BizError('BIZ_AUTOGEN_STREAM_CUT', 'The stream of the AutoGen service broke off.', {
        hint: 'The run stands as it was after its last turn; resume it.',
        cause: error,
        retryable: true,
      });
    } finally {
      clearTimeout(timer);
    }
  }

  #event(line: string): AutogenEvent {
    try {
      return eventSchema.parse(JSON.parse(line));
    } catch (cause) {
      throw new BizError('BIZ_AUTOGEN_ANSWER_INVALID', 'The AutoGen service sent an event that is unknown.', {
        hint: 'Run a service of the same version as this library.',
        cause,
      });
    }
  }

  async #send(
    method: 'POST' | 'DELETE',
    path: string,
    body: object | undefined,
    signal: AbortSignal,
  ): Promise<Response> {
    let response: Response;
    try {
      response = await fetch(new URL(path, this.#url), {
        method,
        headers: { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' },
        body: body === undefined ? null : JSON.stringify(body, wellFormed),
        redirect: 'error',
        signal,
      });
    } catch (cause) {
      if (signal.aborted) throw cause;
      throw new BizError(
        'BIZ_AUTOGEN_UNREACHABLE',
        `The AutoGen service could not be reached: ${messageOf(cause)}`,
        { hint: 'Check its URL and whether it runs.', cause, retryable: true },
      );
    }
    if (response.ok) return response;
    const known = errorSchema.safeParse(await response.json().catch(() => undefined));
    if (!known.success) {
      throw new BizError(
        'BIZ_AUTOGEN_ANSWER_INVALID',
        `The AutoGen service answered with HTTP ${response.status}.`,
        { hint: 'Check that the URL is that of the AutoGen service.' },
      );
    }
    const { code, message, hint, retryable } = known.data.error;
    throw new BizError(code, message, { ...(hint === undefined ? {} : { hint }), retryable });
  }
}

/** Halves of characters, as a text cut in the middle of one has them, cannot be sent. */
function wellFormed(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? Buffer.from(value).toString() : value;
}

async function* linesOf(response: Response): AsyncGenerator<string> {
  if (!response.body) return;
  let rest = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body) {
    rest += decoder.decode(chunk, { stream: true });
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > LINE_MAX) throw new Error('A line of the stream is too long.');
    yield* lines.filter((line) => line !== '');
  }
  if (rest !== '') throw new Error('The stream ended within a line.');
}
