import { z } from 'zod';
import {
  amountSchema,
  currencySchema,
  days,
  idSchema,
  lineSchema,
  personSchema,
  positiveAmountSchema,
  reasonSchema,
} from './schemas';

const dateSchema = z.iso.date('Write the date as 2026-01-31');

/** What an extractor has to find on an invoice. Amounts as decimal text. */
export const supplierInvoiceSchema = z.object({
  supplier: z.object({
    name: z.string().trim().min(1).max(300),
    vatId: z.string().trim().min(4).max(40).optional(),
    iban: z.string().trim().min(15).max(42).optional(),
    bic: z.string().trim().min(8).max(11).optional(),
    country: z.string().length(2).optional(),
    /** Account at the payment provider. */
    providerAccount: z.string().max(200).optional(),
  }),
  number: z.string().trim().min(1).max(100),
  issuedOn: dateSchema,
  dueOn: dateSchema.optional(),
  currency: currencySchema,
  lines: z.array(lineSchema).max(500).default([]),
  net: amountSchema,
  tax: amountSchema,
  gross: positiveAmountSchema,
});
export type SupplierInvoice = z.output<typeof supplierInvoiceSchema>;

/** z.base64() asks `atob`, which the sandbox of workflows does not have. */
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Up to 1 MB in the input itself; what is larger is fetched or stays with the extractor. */
const documentSchema = z.discriminatedUnion('kind', [
  /** The fields, from a form or another system. */
  z.object({ kind: z.literal('structured'), invoice: supplierInvoiceSchema }),
  /** A UBL 2.1 invoice (Peppol BIS, XRechnung in UBL syntax). */
  z.object({ kind: z.literal('ubl'), xml: z.string().min(1).max(1_000_000) }),
  /** A PDF file, a picture or another XML invoice; read by the worker, or by the HTTP extractor it is told of. */
  z.object({
    kind: z.literal('document'),
    mediaType: z.string().regex(/^[\w.+-]+\/[\w.+-]+$/),
    base64: z.string().min(4).max(1_400_000).regex(BASE64, 'Write the bytes as Base64'),
  }),
]);
export type InvoiceDocument = z.output<typeof documentSchema>;

const levelSchema = z.object({
  /** Invoices up to this gross amount stop here; absent on the last level. */
  upTo: positiveAmountSchema.optional(),
  approvers: z.array(personSchema).min(1).max(50),
  /** Different persons that must approve at this level. */
  required: z.number().int().min(1).max(5).default(1),
  /** Asked too when nobody decided in time. */
  escalateTo: z.array(personSchema).max(50).default([]),
});

export const approvalPolicySchema = z
  .object({
    levels: z.array(levelSchema).min(1).max(6),
    /** Hours until a level is escalated. */
    escalateAfterHours: z
      .number()
      .int()
      .min(1)
      .max(24 * 90)
      .default(48),
  })
  .superRefine(({ levels }, context) => {
    levels.forEach(({ approvers, escalateTo, required, upTo }, index) => {
      if (new Set([...approvers, ...escalateTo]).size < required) {
        context.addIssue({
          code: 'custom',
          path: ['levels', index, 'required'],
          message: 'Needs more persons than there are',
        });
      }
      if (upTo === undefined && index < levels.length - 1) {
        context.addIssue({
          code: 'custom',
          path: ['levels', index, 'upTo'],
          message: 'Only the last level has no limit',
        });
      }
    });
    if (levels.at(-1)?.upTo !== undefined) {
      context.addIssue({
        code: 'custom',
        path: ['levels', levels.length - 1, 'upTo'],
        message: 'The last level must have no limit, so that every amount has one',
      });
    }
  });
export type ApprovalPolicy = z.output<typeof approvalPolicySchema>;

export const paymentMethodSchema = z.enum(['stripe', 'sepa', 'manual']);
export type PaymentMethod = z.output<typeof paymentMethodSchema>;

export const invoiceProcessingInputSchema = z.object({
  document: documentSchema,
  /** Who handed it in; may not approve it. */
  submittedBy: personSchema,
  policy: approvalPolicySchema,
  paymentMethod: paymentMethodSchema.default('sepa'),
  /** Days before the due date on which it is paid; it is never paid before it is approved. */
  payDaysBeforeDue: days(60).default(2),
});
export type InvoiceProcessingInput = z.input<typeof invoiceProcessingInputSchema>;
export type InvoiceProcessingOrder = z.output<typeof invoiceProcessingInputSchema>;

export const INVOICE_PROCESSING_UPDATES = {
  /** Corrects what was read wrongly. */
  correct: z.object({ by: personSchema, invoice: supplierInvoiceSchema }),
  approve: z.object({ by: personSchema, comment: z.string().max(2_000).optional() }),
  reject: z.object({ by: personSchema, reason: reasonSchema }),
  /** `to` may decide in place of `from`. */
  delegate: z.object({ from: personSchema, to: personSchema }),
  categorise: z.object({
    by: personSchema,
    category: z.string().min(1).max(100),
    account: z.string().min(1).max(20),
  }),
  /** The bank has carried out the file, or somebody paid by hand. */
  confirmPayment: z.object({ by: personSchema, reference: idSchema }),
  /** After a failed payment: again, perhaps in another way. */
  retryPayment: z.object({ by: personSchema, method: paymentMethodSchema.optional() }),
  /** Takes it back before it is paid. */
  cancel: z.object({ by: personSchema, reason: reasonSchema }),
} as const;

export const INVOICE_PROCESSING_SIGNALS = {
  /** Does not wait for the time of escalation. */
  escalate: z.object({ by: personSchema }),
  /** Pays at once instead of near the due date. */
  payNow: z.object({ by: personSchema }),
} as const;

export type InvoiceProcessingStage =
  | 'reading'
  | 'correction'
  | 'approval'
  | 'scheduled'
  | 'paying'
  | 'awaiting_confirmation'
  | 'payment_failed'
  | 'paid'
  | 'rejected'
  | 'duplicate'
  | 'cancelled'
  | 'failed';

export interface InvoiceProcessingState {
  readonly stage: InvoiceProcessingStage;
  readonly invoice: SupplierInvoice | null;
  /** What was read where it is not a whole invoice, as a start for `correct`. From outside: not checked. */
  readonly draft: unknown;
  readonly problems: readonly string[];
  readonly category: string | null;
  readonly account: string | null;
  /** From 0; null before and after approval. */
  readonly level: number | null;
  readonly levels: number;
  readonly approvers: readonly string[];
  readonly approvedBy: readonly string[];
  readonly escalated: boolean;
  readonly paymentMethod: PaymentMethod;
  readonly paymentReference: string | null;
  readonly duplicateOf: string | null;
  readonly waitingFor: string | null;
}

export interface InvoiceProcessingResult {
  readonly outcome: 'paid' | 'rejected' | 'duplicate' | 'cancelled';
  readonly number: string | null;
  readonly gross: string | null;
  readonly currency: string | null;
  readonly paymentReference: string | null;
  readonly duplicateOf: string | null;
}
