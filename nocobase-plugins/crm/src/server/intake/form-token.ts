import { createHmac, timingSafeEqual } from 'node:crypto';

/** A form may stay open in a browser this long. */
export const FORM_TOKEN_HOURS = 12;
/** People need longer than this to fill in a form; programs do not. */
export const FORM_TOKEN_MIN_SECONDS = 1;

export type FormTokenProblem = 'malformed' | 'wrong' | 'expired' | 'early';

const sign = (secret: string, formKey: string, issuedAt: number): string =>
  createHmac('sha256', secret).update(`form:${formKey}:${issuedAt}`).digest('base64url');

/** A token for one rendering of one form: `<Unix milliseconds>.<HMAC-SHA256>`. */
export function issueFormToken(secret: string, formKey: string, now = Date.now()): string {
  return `${now}.${sign(secret, formKey, now)}`;
}

/** @returns what is wrong with the token, or undefined when it is good */
export function checkFormToken(
  secret: string,
  formKey: string,
  token: unknown,
  now = Date.now(),
): FormTokenProblem | undefined {
  const match = typeof token === 'string' ? /^(\d{13})\.([\w-]{43})$/.exec(token) : null;
  const [, time, signature] = match ?? [];
  if (time === undefined || signature === undefined) return 'malformed';
  const issuedAt = Number(time);
  if (!timingSafeEqual(Buffer.from(signature), Buffer.from(sign(secret, formKey, issuedAt)))) return 'wrong';
  const age = now - issuedAt;
  if (age > FORM_TOKEN_HOURS * 3_600_000) return 'expired';
  return age < FORM_TOKEN_MIN_SECONDS * 1_000 ? 'early' : undefined;
}
