import { BizError } from '@bizstack/contracts/dist/errors';
import { z } from 'zod';

export const FLAG_KINDS = [
  'unusual_amount',
  'duplicate',
  'near_duplicate',
  'split_payment',
  'round_amount',
  'new_bank_details',
  'invalid_bank_details',
  'non_working_day',
  'large_first_payment',
] as const;
export type FlagKind = (typeof FLAG_KINDS)[number];

const count = z.int().positive();
const days = z.int().nonnegative().max(366);
const share = z.number().min(0).max(1);
const currency = z.string().regex(/^[A-Z]{3}$/);

/** What is watched and from where on it is unusual. Every part has a default. */
export const anomalySettingsSchema = z.strictObject({
  /** Kinds to look for; all unless told. */
  kinds: z.array(z.enum(FLAG_KINDS)).default([...FLAG_KINDS]),
  unusualAmount: z
    .strictObject({
      /** Robust z of the logarithm from which an amount is unusual in a large group. */
      threshold: z.number().positive().default(4.5),
      /** Least spread, as a share of the amount: smaller steps are never unusual. */
      leastSpread: z.number().positive().default(0.05),
      /** Payments that a supplier, a category, or either on one weekday needs to be a group of its own. */
      minSupplier: count.default(8),
      minCategory: count.default(30),
      minSupplierWeekday: count.default(20),
      /** Shift of a weekday's median, in spreads of the supplier, from which weekdays are looked at apart. */
      weekdayShift: z.number().positive().default(1.5),
    })
    .prefault({}),
  duplicates: z
    .strictObject({
      /** Days between payments with one invoice number. */
      sameNumberDays: days.default(366),
      /** Days between payments whose numbers differ by typing. */
      typingDays: days.default(45),
      /** Days between payments of one amount without invoice numbers. */
      sameAmountDays: days.default(5),
    })
    .prefault({}),
  splitPayments: z
    .strictObject({
      /** Amount from which a payment needs approval, per currency. Nothing is looked for without one. */
      approvalLimits: z.record(currency, z.number().positive()).default({}),
      days: days.default(3),
      /** Least share of the limit that a part has. */
      leastPart: share.default(0.25),
      /** Chance, by the supplier's usual rhythm, below which so many payments at once are unusual. */
      chance: share.default(0.02),
    })
    .prefault({}),
  roundAmounts: z
    .strictObject({
      /** Amounts that are multiples of this are round. */
      multipleOf: z.number().positive().default(1000),
      /** Most of the other payments that may be round for one to stand out. */
      usualShare: share.default(0.1),
      minSupplier: count.default(8),
      minCategory: count.default(30),
    })
    .prefault({}),
  bankDetails: z
    .strictObject({
      /** Payments to known accounts after which a new account stands out. */
      knownAfter: count.default(3),
    })
    .prefault({}),
  nonWorkingDays: z
    .strictObject({
      /** 1 Monday … 7 Sunday. */
      weekend: z.array(z.int().min(1).max(7)).default([6, 7]),
      /** Public holidays, `YYYY-MM-DD`. */
      holidays: z.array(z.iso.date()).default([]),
      /** Most of the other payments that may fall on such days for one to stand out. */
      usualShare: share.default(0.1),
      minSupplier: count.default(8),
    })
    .prefault({}),
  firstPayments: z
    .strictObject({
      /** Days from the start of a currency's books in which every supplier is new. */
      warmUpDays: days.default(60),
      /** Share of payments of the category (or currency) that the amount must exceed. */
      quantile: share.default(0.95),
      minCategory: count.default(30),
      minCurrency: count.default(100),
    })
    .prefault({}),
});

export type AnomalySettings = z.infer<typeof anomalySettingsSchema>;
/** Settings as people write them: only what differs from the defaults. */
export type AnomalySettingsInput = z.input<typeof anomalySettingsSchema>;

/** @throws BizError `BIZ_ANOMALIES_SETTINGS_INVALID` naming every part that is wrong. */
export function parseAnomalySettings(input: unknown = {}): AnomalySettings {
  const parsed = anomalySettingsSchema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new BizError(
    'BIZ_ANOMALIES_SETTINGS_INVALID',
    `The settings of the anomaly detection are not valid: ${z.prettifyError(parsed.error)}.`,
    { cause: parsed.error },
  );
}
