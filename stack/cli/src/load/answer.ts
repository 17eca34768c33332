import { BizError, type BizErrorCode } from '@bizstack/contracts';
import { z } from 'zod';
import { type HttpClient, type HttpResponse } from './http';

/**
 * The body of a 2xx answer.
 *
 * @param doing completes "… refused to", for example `install @bizstack/piece-kafka 0.1.0`
 * @throws BizError of `code` for any other status, BIZ_LOAD_ANSWER when the body has another shape
 */
export function expectAnswer<T>(
  client: HttpClient,
  response: HttpResponse,
  schema: z.ZodType<T>,
  doing: string,
  code: BizErrorCode,
): T {
  if (response.status < 200 || response.status > 299) {
    throw new BizError(
      code,
      `${client.server} refused to ${doing}: ${response.status} ${client.redact(messageIn(response.body))}.`,
      { details: { status: response.status }, retryable: response.status === 429 || response.status >= 500 },
    );
  }
  const parsed = schema.safeParse(response.body);
  if (!parsed.success) {
    throw new BizError(
      'BIZ_LOAD_ANSWER',
      `${client.server} answered something unexpected when asked to ${doing}: ${client.redact(z.prettifyError(parsed.error))}`,
      {
        hint: `Check that the URL is that of ${client.server} and that its version is supported.`,
        cause: parsed.error,
      },
    );
  }
  return parsed.data;
}

const LONGEST_MESSAGE = 500;

/** The readable part of an error body, whichever of the servers' shapes it has. */
export function messageIn(body: unknown): string {
  const text = typeof body === 'string' ? body : (messageField(body) ?? JSON.stringify(body) ?? '');
  return text.length > LONGEST_MESSAGE ? `${text.slice(0, LONGEST_MESSAGE)}…` : text;
}

const errorBody = z.looseObject({
  code: z.string().optional(),
  message: z.string().optional(),
  params: z.looseObject({ message: z.string().optional(), error: z.string().optional() }).optional(),
  errors: z.array(z.looseObject({ message: z.string() })).optional(),
});

function messageField(body: unknown): string | undefined {
  const parsed = errorBody.safeParse(body);
  if (!parsed.success) {
    return undefined;
  }
  const { code, message, params, errors } = parsed.data;
  const text =
    errors?.map((error) => error.message).join('; ') ?? params?.message ?? params?.error ?? message;
  return text === undefined ? code : [code, text].filter((part) => part !== undefined).join(': ');
}
