import { type BizError, isBizError } from '@bizstack/contracts';
import type { Context, Next } from '@nocobase/actions';
import { DEFAULT_FORM, FORM_FIELDS } from '../constants';
import { fieldsOf, invalidFields, statusOf } from '../services/errors';
import { CONTACT_MISSING } from '../services/lead-input';
import { HONEYPOT } from '../services/form-page';
import { FORM_TEXTS, type FormLanguage, type FormTexts, languageOf } from '../services/form-texts';
import { checkToken } from '../services/form-token';
import { type LeadForm, requireForm } from '../services/forms';
import { type IntakeResult, takeLead } from '../services/lead-intake';
import { RateLimit } from '../services/rate-limit';
import { clientAddress, isJson, jsonBody, pathKey, rawBody } from '../services/request';
import { pageLanguage, sendForm, sendMessage } from './form-page';

const limit = new RateLimit(Number(process.env['BIZSTACK_CRM_FORM_PER_MINUTE'] ?? '30'));

/** `POST /api/crmLeadForms:submit/<key>`: the public form's data, as a browser sends it or as JSON. */
export async function submit(context: Context, next: Next): Promise<void> {
  const key = pathKey(context, DEFAULT_FORM);
  if (isJson(context)) {
    limit.take(clientAddress(context));
    const form = await requireForm(context.db, key);
    const result = await take(context, form, jsonBody(rawBody(context)));
    context.status = result?.created === false ? 200 : 201;
    context.body = result === undefined ? {} : publicResult(result);
    return next();
  }
  await submitPage(context, key);
  return next();
}

/** A browser gets a page whatever happens. */
async function submitPage(context: Context, key: string): Promise<void> {
  let language = pageLanguage(context);
  let form: LeadForm | undefined;
  let values: Record<string, string> = {};
  try {
    limit.take(clientAddress(context));
    values = Object.fromEntries(new URLSearchParams(rawBody(context)));
    language = languageOf(values['_lang'], context.get('accept-language'));
    form = await requireForm(context.db, key);
    await take(context, form, fromBrowser(values));
    sendDone(context, form, language);
  } catch (error) {
    if (!isBizError(error) || statusOf(error) >= 500) {
      context.app.log.error('public form', {
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
      sendMessage(context, form, 500, { language, title: '500', text: FORM_TEXTS[language].failed });
      return;
    }
    sendProblem(context, form, language, values, error);
  }
}

/** @returns undefined for a robot that filled the hidden field: it is told nothing, and nothing is stored. */
async function take(
  context: Context,
  form: LeadForm,
  body: Record<string, unknown>,
): Promise<IntakeResult | undefined> {
  const { _token, [HONEYPOT]: trap, ...values } = body;
  const idempotencyKey = checkToken(_token, form.key);
  if (typeof trap === 'string' && trap.trim() !== '') return undefined;
  const allowed: ReadonlySet<string> = new Set([...form.fields, 'attributes', 'consent']);
  const unknown = Object.keys(values).filter((name) => !allowed.has(name));
  if (unknown.length > 0) {
    throw invalidFields(
      'BIZ_CRM_LEAD_INVALID',
      unknown.map((field) => ({
        field,
        code: 'unknown',
        message: `The field "${field}" is not part of this form.`,
      })),
    );
  }
  if (form.consentRequired && values['consent'] !== true) {
    throw invalidFields('BIZ_CRM_LEAD_INVALID', [
      { field: 'consent', code: 'required', message: 'The consent is missing.' },
    ]);
  }
  return takeLead(context.db, values, {
    channel: 'form',
    form: form.key,
    defaultSource: form.source ?? 'web-form',
    idempotencyKey,
  });
}

function fromBrowser({ _lang, consent, ...values }: Record<string, string>): Record<string, unknown> {
  return { ...values, ...(consent === undefined ? {} : { consent: consent === 'true' || consent === 'on' }) };
}

/** What the public may know of the result. */
export function publicResult({ leadId, eventId, duplicateOf }: IntakeResult): Record<string, string> {
  return { leadId, eventId, ...(duplicateOf === undefined ? {} : { duplicateOf }) };
}

function sendDone(context: Context, form: LeadForm, language: FormLanguage): void {
  const texts = FORM_TEXTS[language];
  if (form.redirectUrl !== undefined) context.set('Location', form.redirectUrl);
  sendMessage(context, form, form.redirectUrl === undefined ? 200 : 303, {
    language,
    title: texts.successTitle,
    text: form.successText === '' ? texts.success : form.successText,
    link:
      form.redirectUrl === undefined
        ? { href: `${context.path.replace(/:submit(\/|$)/, ':page$1')}?lang=${language}`, text: texts.again }
        : { href: form.redirectUrl, text: texts.continue },
  });
}

function sendProblem(
  context: Context,
  form: LeadForm | undefined,
  language: FormLanguage,
  values: Record<string, string>,
  error: BizError,
): void {
  const texts = FORM_TEXTS[language];
  const status = statusOf(error);
  if (error.code === 'BIZ_CRM_RATE_LIMITED') context.set('Retry-After', retryAfter(error));
  if (form === undefined || (status !== 422 && status !== 409)) {
    sendMessage(context, form, status, { language, title: String(status), text: messageFor(error, texts) });
    return;
  }
  const errors: Record<string, string> = { '': messageFor(error, texts) };
  for (const { field, code } of fieldsOf(error)) {
    // Said once, above the form: neither field is wrong in itself.
    if (code !== CONTACT_MISSING) errors[field] = fieldMessage(field, code, texts);
  }
  sendForm(context, status, { form, language, values, errors });
}

function retryAfter({ details }: BizError): string {
  const seconds = details['retryAfterSeconds'];
  return typeof seconds === 'number' ? String(seconds) : '60';
}

function messageFor(error: BizError, texts: FormTexts): string {
  if (error.code === 'BIZ_CRM_RATE_LIMITED') return texts.limited;
  if (error.code === 'BIZ_CRM_FORM_UNKNOWN') return texts.unknown;
  if (error.code === 'BIZ_CRM_FORM_TOKEN' || error.code === 'BIZ_CRM_DELIVERY_REUSED') return texts.expired;
  if (error.code === 'BIZ_CRM_BODY_TOO_LARGE') return texts.tooLong;
  const fields = fieldsOf(error);
  if (fields.some(({ code }) => code === CONTACT_MISSING)) return texts.contact;
  return fields.some(({ field }) => FORM_FIELDS.some((name) => name === field) || field === 'consent')
    ? texts.problem
    : error.message;
}

function fieldMessage(field: string, code: string, texts: FormTexts): string {
  if (code === 'too_big') return texts.tooLong;
  if (field === 'consent') return texts.invalid.consent;
  if (field === 'email' || field === 'phone') return texts.invalid[field];
  return texts.invalid.other;
}
