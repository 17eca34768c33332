import { BizError, type BizErrorCode, isBizError } from '@bizstack/contracts';
import type { Context } from '@nocobase/actions';
import { z } from 'zod';

/** One field that was refused. */
export const fieldErrorSchema = z.object({ field: z.string(), code: z.string(), message: z.string() });

export type FieldError = z.infer<typeof fieldErrorSchema>;

const STATUS: Readonly<Record<string, number>> = {
  BIZ_CRM_LEAD_INVALID: 422,
  BIZ_CRM_VALUES_INVALID: 422,
  BIZ_CRM_FORM_TOKEN: 422,
  BIZ_CRM_BODY_TOO_LARGE: 413,
  BIZ_CRM_BODY_TYPE: 415,
  BIZ_CRM_FORM_UNKNOWN: 404,
  BIZ_CRM_LEAD_UNKNOWN: 404,
  BIZ_CRM_RATE_LIMITED: 429,
  BIZ_CRM_DELIVERY_REUSED: 409,
  BIZ_CRM_EVENT_MISMATCH: 409,
  BIZ_CRM_BULK_CREATE: 409,
  BIZ_CRM_TARGET_REFUSED: 422,
  BIZ_CRM_COLLECTION_UNREADABLE: 403,
  BIZ_CRM_SUBSCRIPTIONS_MANY: 409,
  BIZ_CRM_NOT_SIGNED_IN: 401,
  BIZ_SIGNATURE_MISSING: 401,
  BIZ_SIGNATURE_EXPIRED: 401,
  BIZ_SIGNATURE_WRONG: 401,
  BIZ_EVENT_INVALID: 422,
};

/** @throws BizError with `fields` in its details, one entry a field. */
export function invalidFields(code: BizErrorCode, fields: readonly FieldError[]): BizError {
  const list = fields.map(({ field, message }) => `${field}: ${message}`).join(' ');
  return new BizError(code, list, { details: { fields } });
}

/** zod's issues as field errors; an unknown key is reported under its own name. */
export function fieldErrors(error: z.ZodError): FieldError[] {
  return error.issues.flatMap((issue) => {
    const path = issue.path.map(String).join('.');
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        field: path === '' ? key : `${path}.${key}`,
        code: 'unknown',
        message: `The field "${key}" is not known.`,
      }));
    }
    return [
      {
        field: path === '' ? '(body)' : path,
        code: codeOf(issue),
        message: `${issue.message}.`.replace(/\.\.$/, '.'),
      },
    ];
  });
}

function codeOf(issue: z.core.$ZodIssue): string {
  const own: unknown = issue.code === 'custom' ? issue.params?.['code'] : undefined;
  return typeof own === 'string' ? own : (issue.code ?? 'custom');
}

export function fieldsOf(error: BizError): FieldError[] {
  const parsed = z.array(fieldErrorSchema).safeParse(error.details['fields']);
  return parsed.success ? parsed.data : [];
}

export function statusOf(error: BizError): number {
  return STATUS[error.code] ?? 500;
}

/** Renders a coded error as NocoBase's clients expect errors: `errors[]`, here with code and field. */
export function renderBizError(error: unknown, context: Context): void {
  if (!isBizError(error)) return;
  const fields = fieldsOf(error);
  context.status = statusOf(error);
  // What a sender did wrong is no error of this server; NocoBase reads its log level here.
  if (context.status < 500) Reflect.set(error, 'logLevel', 'info');
  context.withoutDataWrapping = true;
  context.body = {
    errors: fields.length > 0 ? fields : [{ code: error.code, message: error.message }],
    code: error.code,
  };
}
