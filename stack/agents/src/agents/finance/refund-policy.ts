import { z } from 'zod';
import { centsOf, decimalOf } from './money';
import type { InvoiceFacts } from './ports';

export const refundPolicySchema = z.strictObject({
  /** Days after payment. */
  withinDays: z.int().min(0).max(3650).default(30),
  /** Largest part of what was paid, 0–1. */
  maxShare: z.number().min(0).max(1).default(1),
  /** Largest refund, decimal text in the invoice's currency. */
  maxAmount: z
    .string()
    .regex(/^\d+(\.\d{1,2})?$/)
    .optional(),
  /** Statuses of invoices that are never refunded. */
  excludedStatuses: z.array(z.string()).default(['disputed', 'written_off', 'cancelled']),
});
export type RefundPolicy = z.output<typeof refundPolicySchema>;

export interface RefundVerdict {
  allowed: boolean;
  /** Most that may be refunded now, decimal text. */
  upTo: string;
  /** Why not, stable words; empty when it is allowed. */
  reasons: ('not_paid' | 'too_late' | 'status' | 'too_much' | 'nothing_left' | 'amount_invalid')[];
}

const DAY_MS = 86_400_000;

/** What the policy says about a refund. No model takes part in it. */
export function checkRefund(
  invoice: InvoiceFacts,
  amount: string,
  policy: RefundPolicy,
  now: Date,
): RefundVerdict {
  const paid = centsOf(invoice.paid) ?? 0n;
  const left = paid - (centsOf(invoice.refunded) ?? 0n);
  const share =
    (paid * BigInt(Math.round(policy.maxShare * 10_000))) / 10_000n - (centsOf(invoice.refunded) ?? 0n);
  const most = policy.maxAmount === undefined ? undefined : centsOf(policy.maxAmount);
  const upTo = [left, share, ...(most === undefined ? [] : [most])].reduce((least, one) =>
    one < least ? one : least,
  );
  const reasons: RefundVerdict['reasons'] = [];
  const wanted = centsOf(amount);
  if (wanted === undefined || wanted <= 0n) reasons.push('amount_invalid');
  if (paid <= 0n || invoice.paidAt === null) reasons.push('not_paid');
  else if (now.getTime() - Date.parse(invoice.paidAt) > policy.withinDays * DAY_MS) reasons.push('too_late');
  if (policy.excludedStatuses.includes(invoice.status)) reasons.push('status');
  if (paid > 0n && upTo <= 0n) reasons.push('nothing_left');
  else if (wanted !== undefined && wanted > upTo) reasons.push('too_much');
  const open = upTo > 0n && reasons.every((reason) => reason === 'too_much' || reason === 'amount_invalid');
  return { allowed: reasons.length === 0, upTo: decimalOf(open ? upTo : 0n), reasons };
}
