import type { Context, Next } from '@nocobase/actions';
import { DEFAULT_FORM } from '../constants';
import { requireForm, rotateSecret } from '../services/forms';
import { pathKey } from '../services/request';

/** `POST /api/crmLeadForms:rotateSecret/<key>`: a new webhook secret, shown this once. */
export async function rotateSecretAction(context: Context, next: Next): Promise<void> {
  const form = await requireForm(context.db, pathKey(context, DEFAULT_FORM));
  context.body = { key: form.key, secret: await rotateSecret(context.app, form) };
  await next();
}
