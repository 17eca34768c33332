import { DELIVERY_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, verifySignature } from '@bizstack/contracts';
import type { Context, Next } from '@nocobase/actions';
import { DEFAULT_FORM } from '../constants';
import { requireForm, secretOf } from '../services/forms';
import { takeLead } from '../services/lead-intake';
import { jsonBody, pathKey, rawBody } from '../services/request';
import { publicResult } from './form-submit';

/**
 * `POST /api/crmLeads:webhook/<key>`: a lead as JSON, signed with the secret of the form of that key. A delivery
 * id that was seen answers 200 with the first result when the body is the same, else 409.
 */
export async function webhook(context: Context, next: Next): Promise<void> {
  // For servers, not for browsers: no page may read the answer.
  for (const header of [
    'Access-Control-Allow-Origin',
    'Access-Control-Allow-Credentials',
    'Access-Control-Expose-Headers',
  ]) {
    context.remove(header);
  }
  const body = rawBody(context);
  const form = await requireForm(context.db, pathKey(context, DEFAULT_FORM));
  const deliveryId = context.get(DELIVERY_HEADER);
  verifySignature({
    secret: await secretOf(context.app, form),
    timestamp: context.get(TIMESTAMP_HEADER),
    deliveryId,
    signature: context.get(SIGNATURE_HEADER),
    body,
  });
  const result = await takeLead(context.db, jsonBody(body), {
    channel: 'webhook',
    form: form.key,
    defaultSource: 'webhook',
    idempotencyKey: `webhook:${form.key}:${deliveryId}`.slice(0, 300),
  });
  context.status = result.created ? 201 : 200;
  context.body = publicResult(result);
  await next();
}
