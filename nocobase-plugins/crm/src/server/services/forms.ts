import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { BizError } from '@bizstack/contracts';
import type { Database, Model } from '@nocobase/database';
import type { Application } from '@nocobase/server';
import { z } from 'zod';
import { DEFAULT_FORM, FORM_FIELDS, type FormField } from '../constants';
import { invalidFields } from './errors';

const formSchema = z.object({
  id: z.coerce.string(),
  key: z.string(),
  title: z
    .string()
    .nullish()
    .transform((value) => value ?? ''),
  intro: z
    .string()
    .nullish()
    .transform((value) => value ?? ''),
  fields: z
    .array(z.enum(FORM_FIELDS))
    .nullish()
    .transform((value): FormField[] => value ?? ['name', 'email', 'message']),
  allowedOrigins: z
    .array(z.string())
    .nullish()
    .transform((value) => value ?? []),
  successText: z
    .string()
    .nullish()
    .transform((value) => value ?? ''),
  redirectUrl: z
    .string()
    .nullish()
    .transform((value) => (value === '' ? undefined : (value ?? undefined))),
  consentRequired: z
    .boolean()
    .nullish()
    .transform((value) => value ?? false),
  consentText: z
    .string()
    .nullish()
    .transform((value) => value ?? ''),
  source: z
    .string()
    .nullish()
    .transform((value) => (value === '' ? undefined : (value ?? undefined))),
  enabled: z
    .boolean()
    .nullish()
    .transform((value) => value ?? true),
  encryptedSecret: z.string().nullish(),
});

export type LeadForm = z.output<typeof formSchema>;

/** @throws BizError `BIZ_CRM_FORM_UNKNOWN` when there is no enabled form of that key. */
export async function requireForm(db: Database, key: string): Promise<LeadForm> {
  const found = KEY.test(key) ? await db.getRepository('crmLeadForms').findOne({ filter: { key } }) : null;
  const form = found === null ? undefined : readForm(found);
  if (form?.enabled !== true)
    throw new BizError('BIZ_CRM_FORM_UNKNOWN', `There is no form "${key.slice(0, 64)}".`);
  return form;
}

function readForm(model: Model): LeadForm {
  const fields = [
    'id',
    'key',
    'title',
    'intro',
    'fields',
    'allowedOrigins',
    'successText',
    'redirectUrl',
    'consentRequired',
    'consentText',
    'source',
    'enabled',
    'encryptedSecret',
  ];
  return formSchema.parse(Object.fromEntries(fields.map((field) => [field, model.get(field)])));
}

const KEY = /^[a-z0-9][a-z0-9-]{0,63}$/;
const ORIGIN = /^https?:\/\/(\*\.)?[a-z0-9.-]+(:\d{1,5})?$/i;

/** Keeps what an administrator enters usable: key, origins, address; a secret is made where none is. */
export function registerFormHooks(app: Application): void {
  const check = async (form: Model): Promise<void> => {
    const problems = [];
    if (form.get('key') === null || form.get('key') === undefined || form.get('key') === '')
      form.set('key', randomBytes(6).toString('hex'));
    if (!KEY.test(String(form.get('key')))) {
      problems.push({
        field: 'key',
        code: 'invalid',
        message: 'Use lower-case letters, digits and hyphens, at most 64.',
      });
    }
    const origins = z.array(z.string().regex(ORIGIN)).nullish().safeParse(form.get('allowedOrigins'));
    if (!origins.success) {
      problems.push({
        field: 'allowedOrigins',
        code: 'invalid',
        message: 'Give a list of origins such as https://www.example.com.',
      });
    }
    const redirect = form.get('redirectUrl');
    if (typeof redirect === 'string' && redirect !== '' && !/^https?:\/\/[^\s"<>;,]+$/i.test(redirect)) {
      problems.push({
        field: 'redirectUrl',
        code: 'invalid',
        message: 'Give an address that starts with https:// or http://.',
      });
    }
    if (problems.length > 0) throw invalidFields('BIZ_CRM_VALUES_INVALID', problems);
    if (typeof form.get('encryptedSecret') !== 'string') {
      form.set('encryptedSecret', await app.aesEncryptor.encrypt(newSecret()));
    }
  };
  app.db.on('crmLeadForms.beforeCreate', check);
  app.db.on('crmLeadForms.beforeUpdate', check);
}

/** The secret that a form's webhook is signed with. */
export async function secretOf(app: Application, form: LeadForm): Promise<string> {
  if (form.encryptedSecret === null || form.encryptedSecret === undefined) {
    throw new BizError('BIZ_CRM_SECRET_MISSING', `The form "${form.key}" has no secret.`, {
      hint: 'Make a new one in the CRM settings.',
    });
  }
  return app.aesEncryptor.decrypt(form.encryptedSecret);
}

/** Replaces a form's secret and returns the new one. The old one stops working at once. */
export async function rotateSecret(app: Application, form: LeadForm): Promise<string> {
  const secret = newSecret();
  await app.db.getRepository('crmLeadForms').update({
    filterByTk: form.id,
    values: { encryptedSecret: await app.aesEncryptor.encrypt(secret) },
  });
  return secret;
}

/**
 * Makes the form that exists from the start. Its secret is the content of `BIZSTACK_CRM_WEBHOOK_SECRET_FILE`
 * where that is set, at every start of the set-up, so that a deployment's secret store stays the one truth.
 */
export async function ensureDefaultForm(app: Application): Promise<void> {
  const forms = app.db.getRepository('crmLeadForms');
  const secret = configuredSecret();
  const form = await forms.findOne({ filter: { key: DEFAULT_FORM } });
  if (form === null) {
    await forms.create({
      values: {
        key: DEFAULT_FORM,
        title: 'Contact us',
        fields: ['name', 'email', 'phone', 'company', 'message'],
        source: 'web-form',
        enabled: true,
        encryptedSecret: await app.aesEncryptor.encrypt(secret ?? newSecret()),
      },
    });
    return;
  }
  if (secret === undefined || (await secretOf(app, readForm(form)).catch(() => undefined)) === secret) return;
  await forms.update({
    filterByTk: form.get('id'),
    values: { encryptedSecret: await app.aesEncryptor.encrypt(secret) },
  });
}

/** @throws BizError `BIZ_CRM_SECRET_FILE` when the file is named but cannot be used. */
function configuredSecret(): string | undefined {
  const file = process.env['BIZSTACK_CRM_WEBHOOK_SECRET_FILE'];
  if (file === undefined || file === '') return undefined;
  const secret = existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
  if (secret.length < 16) {
    throw new BizError(
      'BIZ_CRM_SECRET_FILE',
      `BIZSTACK_CRM_WEBHOOK_SECRET_FILE names ${file}, which holds no secret of 16 characters or more.`,
    );
  }
  return secret;
}

function newSecret(): string {
  return randomBytes(24).toString('hex');
}
