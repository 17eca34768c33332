import { LEAD_MESSAGE_MAX } from '@bizstack/contracts';
import { type CountryCode, isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js';
import { z } from 'zod';
import { INTAKE_TEXTS, type IntakeLocale, type IntakeTexts } from './texts';

/** A lead as every way in hands it to the CRM: trimmed, e-mail in lower case, phone as E.164. */
export interface NormalisedLead {
  readonly externalId: string | null;
  readonly name: string | null;
  readonly email: string | null;
  readonly phone: string | null;
  readonly company: string | null;
  readonly jobTitle: string | null;
  readonly country: string | null;
  readonly city: string | null;
  readonly source: string | null;
  readonly message: string | null;
  readonly attributes: Readonly<Record<string, string | number | boolean | null>>;
}

export type LeadInputResult =
  | { readonly ok: true; readonly lead: NormalisedLead }
  /** What is wrong, by field; `form` for the lead as a whole. */
  | { readonly ok: false; readonly errors: Readonly<Record<string, string>> };

export interface LeadInputOptions {
  readonly locale?: IntakeLocale;
  /** Country of phone numbers that are written without one, ISO 3166-1 alpha-2. */
  readonly defaultCountry?: string | undefined;
}

export const MAX_ATTRIBUTES = 100;

/** Control characters other than tab and line ends: PostgreSQL refuses NUL, and nobody types the others. */
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g;

function schemaFor(texts: IntakeTexts) {
  const line = (max: number) =>
    z
      .string({ error: texts.text })
      .transform((text) => text.replace(CONTROL, '').replace(/\s+/g, ' ').trim())
      .pipe(z.string().max(max, texts.tooLong(max)))
      .transform((text) => text || null)
      .nullish()
      .transform((text) => text ?? null);
  const note = z
    .string({ error: texts.text })
    .transform((text) => text.replace(CONTROL, '').replace(/\r\n?/g, '\n').trim())
    .pipe(z.string().max(LEAD_MESSAGE_MAX, texts.tooLong(LEAD_MESSAGE_MAX)))
    .transform((text) => text || null)
    .nullish()
    .transform((text) => text ?? null);
  const attribute = z.union(
    [
      z
        .string()
        .max(500)
        .transform((text) => text.replace(CONTROL, '')),
      z.number(),
      z.boolean(),
      z.null(),
    ],
    { error: texts.attribute },
  );
  return z.strictObject({
    externalId: line(200),
    name: line(200),
    firstName: line(100),
    lastName: line(100),
    email: line(254),
    phone: line(40),
    company: line(200),
    jobTitle: line(200),
    country: line(100),
    city: line(100),
    source: line(100),
    message: note,
    attributes: z
      .record(z.string().min(1).max(100), attribute)
      .refine((value) => Object.keys(value).length <= MAX_ATTRIBUTES, texts.tooMany(MAX_ATTRIBUTES))
      .nullish()
      .transform((value) => value ?? {}),
  });
}

/** Validates and normalises what came from outside. Text stays text: markup in it is kept and never run. */
export function readLeadInput(input: unknown, options: LeadInputOptions = {}): LeadInputResult {
  const texts = INTAKE_TEXTS[options.locale ?? 'en'];
  const parsed = schemaFor(texts).safeParse(input);
  if (!parsed.success) return { ok: false, errors: issuesByField(parsed.error, texts) };
  const { firstName, lastName, ...fields } = parsed.data;
  const errors: Record<string, string> = {};

  const email = fields.email?.toLowerCase() ?? null;
  if (email !== null && !z.email().safeParse(email).success) errors['email'] = texts.email;
  const phone = fields.phone === null ? null : normalisePhone(fields.phone, options.defaultCountry);
  if (phone === undefined) errors['phone'] = texts.phone;
  if (email === null && fields.phone === null) errors['form'] = texts.contact;
  if (Object.keys(errors).length > 0) return { ok: false, errors };

  const name = fields.name ?? ([firstName, lastName].filter(Boolean).join(' ') || null);
  return { ok: true, lead: { ...fields, name, email, phone: phone ?? null } };
}

/**
 * E.164 where the number is valid. A number without a country is kept as digits when it could be one: a lead
 * must not be lost because its country is unknown.
 */
export function normalisePhone(text: string, defaultCountry?: string): string | undefined {
  const country: CountryCode | undefined =
    defaultCountry !== undefined && isSupportedCountry(defaultCountry) ? defaultCountry : undefined;
  const parsed = parsePhoneNumberFromString(text, country);
  if (parsed?.isPossible()) return parsed.number;
  const digits = text.replace(/[\s().\-/]/g, '');
  return /^\+?\d{5,15}$/.test(digits) ? digits : undefined;
}

function issuesByField(error: z.ZodError, texts: IntakeTexts): Record<string, string> {
  const errors: Record<string, string> = {};
  for (const issue of error.issues) {
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) errors[key.slice(0, 100)] ??= texts.unknownField;
      continue;
    }
    const field = issue.path.join('.') || 'form';
    errors[field] ??= issue.path.length === 0 ? texts.object : issue.message;
  }
  return errors;
}
