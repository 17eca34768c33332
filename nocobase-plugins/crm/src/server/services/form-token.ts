import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto';
import { BizError } from '@bizstack/contracts';
import { z } from 'zod';

/** Seconds for which a page can be sent after it was opened. */
export const TOKEN_LIFETIME_SECONDS = 12 * 3600;

const tokenSchema = z.strictObject({
  /** Key of the form. */
  f: z.string(),
  /** Names this opening of the page: sending it twice makes one lead. */
  n: z.uuid(),
  /** Unix time in seconds. */
  t: z.number().int(),
});

/** A token that only this server can make; the page sends it back with the form. */
export function issueToken(formKey: string, now = new Date()): string {
  const body = Buffer.from(
    JSON.stringify({ f: formKey, n: randomUUID(), t: Math.floor(now.getTime() / 1000) }),
  ).toString('base64url');
  return `${body}.${sign(body)}`;
}

/**
 * @returns the idempotency key of this opening of the page.
 * @throws BizError `BIZ_CRM_FORM_TOKEN` when the token is missing, forged, of another form or too old.
 */
export function checkToken(token: unknown, formKey: string, now = new Date()): string {
  const [body, signature, rest] = typeof token === 'string' && token.length <= 500 ? token.split('.') : [];
  if (body === undefined || signature === undefined || rest !== undefined || !same(signature, sign(body)))
    throw refused();
  const parsed = tokenSchema.safeParse(JSON.parse(Buffer.from(body, 'base64url').toString()));
  if (!parsed.success || parsed.data.f !== formKey) throw refused();
  const age = now.getTime() / 1000 - parsed.data.t;
  if (age < -60 || age > TOKEN_LIFETIME_SECONDS) throw refused();
  return `form:${parsed.data.n}`;
}

function refused(): BizError {
  return new BizError('BIZ_CRM_FORM_TOKEN', 'The page was open too long.', {
    hint: 'Open it again and send it once more.',
  });
}

function sign(body: string): string {
  const key = process.env['APP_KEY'];
  if (key === undefined || key === '')
    throw new BizError('BIZ_CRM_APP_KEY', 'APP_KEY is not set, so forms cannot be signed.');
  return createHmac('sha256', key).update(`bizstack.crm.form.${body}`).digest('base64url');
}

function same(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
