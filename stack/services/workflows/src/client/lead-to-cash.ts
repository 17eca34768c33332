import { z } from 'zod';
import {
  amountSchema,
  currencySchema,
  days,
  idSchema,
  linesSchema,
  percentSchema,
  personSchema,
  positiveAmountSchema,
  reasonSchema,
  risingDays,
} from './schemas';

export const leadToCashTermsSchema = z.object({
  /** Days that a quote is open. */
  quoteValidDays: z.number().int().min(1).max(365).default(30),
  /** Days after the quote was sent on which the customer is reminded. */
  quoteReminderDays: risingDays(365).default([7, 21]),
  paymentTermDays: days(365).default(14),
  /** Days before the due date on which the customer is reminded; 0 = never. */
  reminderDaysBeforeDue: days(60).default(3),
  /** Levels of dunning, by days after the due date, each with its fee. */
  dunning: z
    .array(z.object({ afterDays: z.number().int().min(1).max(730), fee: amountSchema }))
    .max(10)
    .refine(
      (levels) =>
        levels.every(
          ({ afterDays }, index) => index === 0 || afterDays > (levels[index - 1]?.afterDays ?? 0),
        ),
      'afterDays must rise from level to level',
    )
    .default([
      { afterDays: 7, fee: '0.00' },
      { afterDays: 21, fee: '5.00' },
      { afterDays: 35, fee: '10.00' },
    ]),
  /** Percent a year on what is open, charged with each level of dunning. */
  lateInterestPercent: percentSchema.default('0'),
  /** Days after the last level until a person decides about writing off. */
  writeOffDecisionDays: days(730).default(30),
  /** Writes off without a person. */
  autoWriteOff: z.boolean().default(false),
  /** Days after payment in which a refund can be made; the workflow ends then. */
  refundWindowDays: days(365).default(14),
});

export const leadToCashInputSchema = z.object({
  leadId: idSchema,
  customer: z.object({
    name: z.string().trim().min(1).max(300),
    email: z.email().max(320),
    vatId: z.string().max(40).optional(),
    country: z.string().length(2).optional(),
  }),
  currency: currencySchema,
  lines: linesSchema,
  terms: leadToCashTermsSchema.prefault({}),
});
export type LeadToCashInput = z.input<typeof leadToCashInputSchema>;
export type LeadToCashOrder = z.output<typeof leadToCashInputSchema>;

export const acceptQuoteSchema = z.object({
  by: personSchema,
  purchaseOrder: z.string().max(100).optional(),
});
export const declineQuoteSchema = z.object({ by: personSchema, reason: reasonSchema });
export const reviseQuoteSchema = z.object({ by: personSchema, lines: linesSchema });
export const extendQuoteSchema = z.object({ by: personSchema, days: z.number().int().min(1).max(365) });
export const recordPaymentSchema = z.object({
  /** The bank's or the provider's id: the same one counts once. */
  paymentId: idSchema,
  amount: positiveAmountSchema,
  method: z.string().trim().min(1).max(60).default('bank transfer'),
});
export const extendTermSchema = z.object({ by: personSchema, days: z.number().int().min(1).max(365) });
export const writeOffSchema = z.object({ by: personSchema, reason: reasonSchema });
export const refundSchema = z.object({
  refundId: idSchema,
  amount: positiveAmountSchema,
  by: personSchema,
  reason: reasonSchema,
});
export const closeSchema = z.object({ by: personSchema });
export const pauseDunningSchema = z.object({ by: personSchema });
export const resumeDunningSchema = z.object({ by: personSchema });
export const compactSchema = z.object({});
export const cancelOrderSchema = z.object({ by: personSchema, reason: reasonSchema });

/** Updates by name, with the schema of what they take. Each answers with the state after it. */
export const LEAD_TO_CASH_UPDATES = {
  /** The customer accepts: the invoice follows. */
  acceptQuote: acceptQuoteSchema,
  declineQuote: declineQuoteSchema,
  /** Sends another quote in place of the open one; its time begins anew. */
  reviseQuote: reviseQuoteSchema,
  extendQuote: extendQuoteSchema,
  recordPayment: recordPaymentSchema,
  /** Puts the due date off; dunning begins after the new one. */
  extendPaymentTerm: extendTermSchema,
  writeOff: writeOffSchema,
  refund: refundSchema,
  /** Ends the time for refunds. */
  close: closeSchema,
  /** Takes everything back that was not paid. */
  cancelOrder: cancelOrderSchema,
} as const;

/** Signals by name; one that does not fit the state is noted in the timeline and changes nothing. */
export const LEAD_TO_CASH_SIGNALS = {
  /** Like the update recordPayment, for who cannot wait for an answer. */
  paymentReceived: recordPaymentSchema,
  pauseDunning: pauseDunningSchema,
  resumeDunning: resumeDunningSchema,
  /** Goes on in a new run with a short history. */
  compact: compactSchema,
} as const;

export type LeadToCashStage =
  | 'quoting'
  | 'quote_sent'
  | 'invoicing'
  | 'awaiting_payment'
  | 'overdue'
  | 'paid'
  | 'refunded'
  | 'written_off'
  | 'declined'
  | 'expired'
  | 'cancelled'
  | 'failed';

/** Everything a person wants to see; amounts are decimal text in `currency`. */
export interface LeadToCashState {
  readonly stage: LeadToCashStage;
  readonly leadId: string;
  readonly currency: string;
  readonly quote: {
    readonly number: string;
    readonly revision: number;
    readonly gross: string;
    readonly expiresAt: string;
  } | null;
  readonly invoice: { readonly number: string; readonly gross: string; readonly dueAt: string } | null;
  /** Fees and interest of late payment. */
  readonly lateCharges: string;
  readonly paid: string;
  readonly open: string;
  /** What the customer paid too much. */
  readonly credit: string;
  readonly refunded: string;
  readonly dunningLevel: number;
  readonly dunningPaused: boolean;
  readonly waitingFor: string | null;
}

export interface LeadToCashResult {
  readonly outcome: 'paid' | 'refunded' | 'written_off' | 'declined' | 'expired' | 'cancelled';
  readonly quoteNumber: string | null;
  readonly invoiceNumber: string | null;
  readonly paid: string;
  readonly refunded: string;
  readonly writtenOff: string;
  readonly currency: string;
}
