import { BizError } from '@bizstack/contracts';
import type { Context } from '@nocobase/actions';
import { z } from 'zod';
import { MAX_BODY_BYTES } from '../constants';

/**
 * The body of a public request as it was sent.
 * @throws BizError `BIZ_CRM_BODY_TOO_LARGE`, `BIZ_CRM_BODY_TYPE`.
 */
export function rawBody(context: Context): string {
  const raw = context.request.rawBody;
  if (raw === undefined) {
    throw new BizError('BIZ_CRM_BODY_TYPE', 'The body has no type that is understood here.', {
      hint: 'Send application/json or application/x-www-form-urlencoded.',
    });
  }
  if (Buffer.byteLength(raw) > MAX_BODY_BYTES) {
    throw new BizError('BIZ_CRM_BODY_TOO_LARGE', `The body is larger than ${MAX_BODY_BYTES / 1024} KB.`);
  }
  return raw;
}

export function isJson(context: Context): boolean {
  return /^application\/([\w.+-]+\+)?json\b/i.test(context.get('content-type'));
}

/** @throws BizError `BIZ_CRM_LEAD_INVALID` when the body is not a JSON object. */
export function jsonBody(raw: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(raw);
  } catch (cause) {
    throw new BizError('BIZ_CRM_LEAD_INVALID', 'The body is not JSON.', { cause });
  }
  const parsed = z.record(z.string(), z.unknown()).safeParse(value);
  if (!parsed.success) throw new BizError('BIZ_CRM_LEAD_INVALID', 'The body is not a JSON object.');
  return parsed.data;
}

/** Key of the form or webhook in the path: `crmLeads:webhook/<key>`. */
export function pathKey(context: Context, fallback: string): string {
  const key = context.action.params.filterByTk;
  return key === undefined || key === '' ? fallback : String(key);
}

/** Who sends; the proxy's word counts only where the operator says that there is one. */
export function clientAddress(context: Context): string {
  return process.env['BIZSTACK_TRUST_PROXY'] === 'true'
    ? (context.state.clientIp ?? context.request.ip)
    : context.request.ip;
}
