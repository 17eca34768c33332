import { randomBytes } from 'node:crypto';
import { isBizError } from '@bizstack/contracts';
import type { Context, Next } from '@nocobase/actions';
import { DEFAULT_FORM } from '../constants';
import { type PageInput, contentSecurityPolicy, formPage, messagePage } from '../services/form-page';
import { FORM_TEXTS, type FormLanguage, languageOf } from '../services/form-texts';
import { issueToken } from '../services/form-token';
import { type LeadForm, requireForm } from '../services/forms';
import { pathKey } from '../services/request';

/** `GET /api/crmLeadForms:page/<key>`: the public form; as JSON for a site that draws the form itself. */
export async function page(context: Context, next: Next): Promise<void> {
  const language = pageLanguage(context);
  const key = pathKey(context, DEFAULT_FORM);
  let form: LeadForm;
  try {
    form = await requireForm(context.db, key);
  } catch (error) {
    if (!isBizError(error, 'BIZ_CRM_FORM_UNKNOWN') || wantsJson(context)) throw error;
    sendMessage(context, undefined, 404, { language, title: '404', text: FORM_TEXTS[language].unknown });
    return next();
  }
  if (wantsJson(context)) {
    const { title, intro, fields, consentRequired, consentText } = form;
    context.set('Cache-Control', 'no-store');
    context.body = {
      key: form.key,
      title,
      intro,
      fields,
      consentRequired,
      consentText,
      token: issueToken(form.key),
    };
    return next();
  }
  sendForm(context, 200, { form, language });
  return next();
}

export function pageLanguage(context: Context): FormLanguage {
  return languageOf(context.action.params['lang'], context.get('accept-language'));
}

export function wantsJson(context: Context): boolean {
  return /\bapplication\/json\b/i.test(context.get('accept'));
}

/** Sends the form, empty or with what was entered and what is wrong with it. */
export function sendForm(
  context: Context,
  status: number,
  input: Pick<PageInput, 'form' | 'language' | 'values' | 'errors'>,
): void {
  const nonce = randomBytes(16).toString('base64');
  const action = context.path.replace(/:[^:/]+(\/[^/]*)?$/, `:submit/${input.form.key}`);
  sendHtml(
    context,
    status,
    input.form,
    nonce,
    formPage({ ...input, action, token: issueToken(input.form.key), nonce }),
  );
}

interface Message {
  readonly language: FormLanguage;
  readonly title: string;
  readonly text: string;
  readonly link?: { readonly href: string; readonly text: string };
}

export function sendMessage(
  context: Context,
  form: LeadForm | undefined,
  status: number,
  message: Message,
): void {
  const nonce = randomBytes(16).toString('base64');
  sendHtml(context, status, form, nonce, messagePage({ ...message, nonce }));
}

function sendHtml(
  context: Context,
  status: number,
  form: LeadForm | undefined,
  nonce: string,
  html: string,
): void {
  context.withoutDataWrapping = true;
  context.status = status;
  context.type = 'text/html; charset=utf-8';
  context.set('Content-Security-Policy', contentSecurityPolicy(form, nonce));
  context.set('Cache-Control', 'no-store');
  context.set('X-Content-Type-Options', 'nosniff');
  // frame-ancestors decides; this older header knows no list of sites.
  context.remove('X-Frame-Options');
  context.body = html;
}
