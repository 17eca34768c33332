import { BizError, isBizError, messageOf } from '@bizstack/contracts';

/** What the provider's server answered, or did not; thrown inside of the SDKs' fetch and found again around them. */
export class ProviderFault extends Error {
  readonly kind: 'status' | 'malformed' | 'refused';
  readonly status: number;
  readonly body: string;
  /** Milliseconds the server asks to wait. */
  readonly retryAfterMs: number | undefined;

  constructor(kind: 'status' | 'malformed' | 'refused', status: number, body: string, retryAfterMs?: number) {
    super(`HTTP ${status}`);
    this.kind = kind;
    this.status = status;
    this.body = body;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Why an attempt was ended from our side. */
export type Ended = 'timeout' | 'cancelled' | undefined;

interface FaultContext {
  model: string;
  apiKey: string;
  timeoutMs: number;
  ended: Ended;
  streamed: boolean;
}

/** The coded error of a failed attempt. Text of the server is shortened, and the key is taken out of it. */
export function toAgentError(error: unknown, context: FaultContext): BizError {
  if (isBizError(error)) return error;
  const { model } = context;
  const cause = redactedCause(error, context.apiKey);
  if (context.ended === 'cancelled') return cancelled(cause);
  if (context.ended === 'timeout') {
    return new BizError('BIZ_AGENTS_TIMEOUT', `"${model}" did not answer within ${context.timeoutMs} ms.`, {
      hint: 'Raise timeoutMs, or ask for less at once.',
      cause,
      retryable: true,
    });
  }
  const fault = findFault(error);
  if (fault?.kind === 'refused') return refused(model, redact(fault.body, context.apiKey));
  if (fault?.kind === 'malformed') {
    return new BizError(
      'BIZ_AGENTS_RESPONSE_MALFORMED',
      `The server of "${model}" answered with no valid JSON.`,
      {
        hint: 'Check that the base URL names an API of this kind, and what stands between.',
        cause,
        retryable: true,
      },
    );
  }
  if (fault) return statusError(fault, context, cause);
  if (error instanceof SyntaxError) {
    return new BizError('BIZ_AGENTS_RESPONSE_MALFORMED', `"${model}" sent a part that is no valid JSON.`, {
      cause,
      retryable: true,
    });
  }
  if (context.streamed) return streamCut(model, cause);
  return new BizError(
    'BIZ_AGENTS_UNREACHABLE',
    `The server of "${model}" could not be reached: ${cause.message}`,
    {
      hint: 'Check the base URL and the network.',
      cause,
      retryable: true,
    },
  );
}

export function cancelled(cause?: unknown): BizError {
  return new BizError('BIZ_AGENTS_CANCELLED', 'The run was cancelled.', { cause });
}

export function streamCut(model: string, cause?: unknown): BizError {
  return new BizError('BIZ_AGENTS_STREAM_CUT', `The answer of "${model}" broke off before its end.`, {
    hint: 'Try again; if it happens often, look at proxies between here and the server.',
    cause,
    retryable: true,
  });
}

export function refused(model: string, text: string): BizError {
  return new BizError(
    'BIZ_AGENTS_REFUSED',
    `"${model}" refused to answer${text ? `: ${text.slice(0, 300)}` : '.'}`,
    {
      hint: 'Change the task; the provider or the model does not allow it.',
    },
  );
}

function statusError(fault: ProviderFault, { model, apiKey }: FaultContext, cause: Error): BizError {
  const said = redact(saidBy(fault.body), apiKey);
  const details = { status: fault.status };
  switch (fault.status) {
    case 401:
    case 403:
      return new BizError('BIZ_AGENTS_KEY_WRONG', `The provider does not accept the key for "${model}".`, {
        hint: 'Check the key and what it may use.',
        cause,
        details,
      });
    case 404:
      return new BizError('BIZ_AGENTS_MODEL_UNKNOWN', `The provider does not know "${model}". ${said}`, {
        hint: 'Check the name of the model and the base URL.',
        cause,
        details,
      });
    case 429:
      if (/insufficient_quota|credit balance|exceeded your current quota/i.test(fault.body)) {
        return new BizError('BIZ_AGENTS_QUOTA_SPENT', `The account has no quota left for "${model}".`, {
          hint: "Top it up with the provider, or use another account's key.",
          cause,
          details,
        });
      }
      return new BizError('BIZ_AGENTS_RATE_LIMITED', `The provider limits the rate of "${model}".`, {
        hint: 'Send less at once, set requestsPerMinute, or ask the provider for more.',
        cause,
        retryable: true,
        details: { ...details, retryAfterMs: fault.retryAfterMs },
      });
    default:
  }
  if (/context_length_exceeded|prompt is too long|maximum context length|context window/i.test(fault.body)) {
    return new BizError('BIZ_AGENTS_CONTEXT_TOO_LONG', `The conversation is too long for "${model}".`, {
      hint: 'Give it less text, or lower the budget of the memory.',
      cause,
      details,
    });
  }
  if (fault.status >= 500 || fault.status === 408 || fault.status === 409) {
    return new BizError(
      'BIZ_AGENTS_PROVIDER_DOWN',
      `The provider of "${model}" failed (HTTP ${fault.status}). ${said}`,
      { cause, retryable: true, details: { ...details, retryAfterMs: fault.retryAfterMs } },
    );
  }
  return new BizError(
    'BIZ_AGENTS_REQUEST_REFUSED',
    `The provider refused the request for "${model}" (HTTP ${fault.status}). ${said}`,
    { hint: 'Check that the model can use tools and what the message says.', cause, details },
  );
}

function saidBy(body: string): string {
  const match = /"message"\s*:\s*"((?:[^"\\]|\\.){0,300})/.exec(body);
  return (match?.[1] ?? body.slice(0, 200)).trim();
}

/** The key may stand in what a server says; it never gets into an error. Masked forms go too. */
export function redact(text: string, apiKey: string): string {
  return text
    .replaceAll(apiKey, '[key]')
    .replaceAll(encodeURIComponent(apiKey), '[key]')
    .replace(/\bsk-[\w*.-]{4,}/g, '[key]');
}

/** Errors of the SDKs carry request and response; only name and message are kept, without the key. */
function redactedCause(error: unknown, apiKey: string): Error {
  const text = redact(messageOf(error), apiKey);
  const inner =
    error instanceof Error && error.cause !== undefined ? redact(messageOf(error.cause), apiKey) : '';
  const copy = new Error(inner && inner !== text ? `${text} (${inner})` : text);
  if (error instanceof Error) copy.name = error.name;
  return copy;
}

function findFault(error: unknown): ProviderFault | undefined {
  let current = error;
  for (let depth = 0; depth < 6 && current instanceof Error; depth++) {
    if (current instanceof ProviderFault) return current;
    current = current.cause;
  }
  return undefined;
}
