import { LEAD_MESSAGE_MAX, leadAttributesSchema } from '@bizstack/contracts';
import { z } from 'zod';
import { fieldErrors, invalidFields } from './errors';
import { looksLikePhone, toE164 } from './phone';

/** Control characters other than tab and line breaks have no place in text and break PostgreSQL (NUL). */
const CONTROL = /(?![\t\n\r])\p{Cc}/gu;

const line = (max: number) =>
  z
    .string()
    .transform((value) => value.replace(CONTROL, '').replace(/\s+/g, ' ').trim())
    .pipe(z.string().max(max, `Longer than ${max} characters`));

const optionalLine = (max: number) =>
  line(max)
    .nullish()
    .transform((value) => (value === undefined || value === null || value === '' ? null : value));

/** Code of the field errors of an enquiry that leaves nothing to answer to. */
export const CONTACT_MISSING = 'contact_missing';

const message = z
  .string()
  .transform((value) => value.replace(CONTROL, '').replace(/\r\n?/g, '\n').trim())
  .pipe(z.string().max(LEAD_MESSAGE_MAX, `Longer than ${LEAD_MESSAGE_MAX} characters`))
  .nullish()
  .transform((value) => (value === undefined || value === null || value === '' ? null : value));

const email = line(254)
  .transform((value) => value.toLowerCase())
  .pipe(z.union([z.literal(''), z.email('Not an e-mail address')]))
  .nullish()
  .transform((value) => (value === undefined || value === null || value === '' ? null : value));

const phone = line(40)
  .refine((value) => value === '' || looksLikePhone(value), 'Not a phone number')
  .nullish()
  .transform((value) => (value === undefined || value === null || value === '' ? null : value));

/** What may come in about a lead, from any way in. Unknown fields are refused. */
export const leadInputSchema = z
  .strictObject({
    name: optionalLine(200),
    firstName: optionalLine(100),
    lastName: optionalLine(100),
    email,
    phone,
    company: optionalLine(200),
    jobTitle: optionalLine(200),
    country: optionalLine(100),
    city: optionalLine(100),
    source: optionalLine(100),
    message,
    attributes: leadAttributesSchema
      .refine((value) => Object.keys(value).length <= 100, 'More than 100 attributes')
      .nullish()
      .transform((value) => value ?? {}),
    externalId: optionalLine(200),
    consent: z
      .boolean()
      .nullish()
      .transform((value) => value ?? false),
  })
  .superRefine((value, context) => {
    if (value.email === null && value.phone === null) {
      for (const path of ['email', 'phone']) {
        context.addIssue({
          code: 'custom',
          path: [path],
          params: { code: CONTACT_MISSING },
          message: 'Give an e-mail address or a phone number',
        });
      }
    }
  });

export interface LeadInput extends z.output<typeof leadInputSchema> {
  /** Company and name together, lower case; null without both. */
  readonly matchKey: string | null;
}

/**
 * Validates and normalises an enquiry: e-mail in lower case, phone in E.164, spaces and control characters tidied.
 * Markup stays as it was typed: it is data here and escaped where it is shown.
 * @throws BizError `BIZ_CRM_LEAD_INVALID` with one entry a field.
 */
export function parseLead(values: unknown): LeadInput {
  const parsed = leadInputSchema.safeParse(values);
  if (!parsed.success) throw invalidFields('BIZ_CRM_LEAD_INVALID', fieldErrors(parsed.error));
  const lead = parsed.data;
  const name = lead.name ?? ([lead.firstName, lead.lastName].filter(Boolean).join(' ') || null);
  return {
    ...lead,
    name,
    phone: lead.phone === null ? null : (toE164(lead.phone, lead.country ?? undefined) ?? lead.phone),
    matchKey: matchKeyOf(lead.company, name),
  };
}

export function matchKeyOf(company: string | null, name: string | null): string | null {
  if (company === null || name === null) return null;
  return `${company}|${name}`.toLowerCase();
}
