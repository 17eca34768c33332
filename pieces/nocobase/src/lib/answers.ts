import { BizError, type BizErrorCode } from '@bizstack/piece-common';
import { z } from 'zod';
import type { HttpAnswer } from './http';

const errorsSchema = z.looseObject({
  errors: z.array(z.looseObject({ message: z.string(), code: z.unknown().optional() })).min(1),
});
const stateSchema = z.looseObject({
  error: z.looseObject({ code: z.unknown().optional(), message: z.string().optional() }),
});

export interface Failure {
  message: string | undefined;
  /** Code that NocoBase or a plugin gave. */
  code: string | undefined;
}

/** The JSON of an answer. @throws BizError `BIZ_NOCOBASE_ANSWER_UNEXPECTED` */
export function readJson({ text, status }: HttpAnswer, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw unexpected(where, `status ${status} and no JSON`, cause);
  }
}

export function unexpected(where: string, problem: string, cause?: unknown): BizError {
  return new BizError(
    'BIZ_NOCOBASE_ANSWER_UNEXPECTED',
    `${where} does not answer like NocoBase: ${problem}.`,
    {
      hint: 'Check that the URL is the address of NocoBase itself.',
      cause,
    },
  );
}

/** True while the application starts, reloads plugins or upgrades: it answers, but does nothing. */
export function isStarting({ text }: HttpAnswer): boolean {
  return text.startsWith('{"error"') && /"(APP_[A-Z_]+|maintaining)"/.test(text);
}

/** What a failed answer means, in words a person can act on. */
export function statusError(answer: HttpAnswer, where: string, what: string): BizError {
  const { status } = answer;
  const { message, code } = failureOf(answer.text);
  const said = message === undefined ? `status ${status}` : message.slice(0, 500);
  const details = { status, ...(code === undefined ? {} : { code }) };
  const make = (name: BizErrorCode, text: string, hint?: string, retryable = false) =>
    new BizError(name, code?.startsWith('BIZ_') ? `${text} (${code})` : text, {
      details,
      retryable,
      ...(hint === undefined ? {} : { hint }),
    });
  if (isStarting(answer)) {
    return make(
      'BIZ_NOCOBASE_STARTING',
      `${where} is starting or reloading.`,
      'Try again in a minute.',
      true,
    );
  }
  switch (status) {
    case 401:
      return make(
        'BIZ_NOCOBASE_UNAUTHORIZED',
        `${where} refused the sign-in: ${said}`,
        'Check the API key, or account and password, of the connection.',
      );
    case 403:
      return make(
        'BIZ_NOCOBASE_FORBIDDEN',
        `The role may not call ${what}: ${said}`,
        'Give the role this permission.',
      );
    case 404:
      return make(
        'BIZ_NOCOBASE_NOT_FOUND',
        `${where} knows no ${what}: ${said}`,
        'Check collection and action.',
      );
    case 413:
      return make('BIZ_NOCOBASE_TOO_LARGE', `${what}: ${said}`);
    default:
  }
  if (status === 429 || (status >= 502 && status <= 504)) {
    return make('BIZ_NOCOBASE_UNAVAILABLE', `${where} cannot serve ${what} now: ${said}`, undefined, true);
  }
  if (status === 400 && /already exists|must be unique/i.test(said)) {
    return make('BIZ_NOCOBASE_DUPLICATE', `${what}: ${said}`);
  }
  const name = status >= 500 ? 'BIZ_NOCOBASE_SERVER_ERROR' : 'BIZ_NOCOBASE_REQUEST_INVALID';
  return make(name, `${what}: ${said}`);
}

function failureOf(text: string): Failure {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { message: undefined, code: undefined };
  }
  const list = errorsSchema.safeParse(json);
  if (list.success) {
    const { errors } = list.data;
    return { message: errors.map((error) => error.message).join('; '), code: codeText(errors[0]?.code) };
  }
  const state = stateSchema.safeParse(json);
  return state.success
    ? { message: state.data.error.message, code: codeText(state.data.error.code) }
    : { message: undefined, code: undefined };
}

function codeText(code: unknown): string | undefined {
  return typeof code === 'string' ? code : undefined;
}
