import { z } from 'zod';

const text = z.union([z.string(), z.number()]).transform(String);
/** Decimal text with at most two decimals; numbers of a query are taken as they are shown. */
const amount = z
  .union([z.string(), z.number().transform((value) => value.toFixed(2))])
  .pipe(z.string().regex(/^-?\d{1,15}(\.\d{1,2})?$/, 'must be a decimal number such as "1234.50"'));
const day = z.string().min(8).max(40);

export const invoicesSchema = z
  .array(
    z.looseObject({
      id: text,
      number: text,
      customer: z.string(),
      issued: day,
      due: day,
      currency: z.string().regex(/^[A-Z]{3}$/),
      total: amount,
      paid: amount.default('0'),
      refunded: amount.default('0'),
      paidAt: day.nullish().transform((value) => value ?? null),
      status: z.string(),
    }),
  )
  .max(20_000)
  .nullish()
  .transform((rows) => rows ?? []);

export const reportsSchema = z
  .array(
    z.strictObject({
      name: z.string().min(1).max(100),
      description: z.string().max(1_000).default(''),
      currency: z
        .string()
        .regex(/^[A-Z]{3}$/)
        .optional(),
      columns: z
        .array(
          z.strictObject({
            name: z.string().min(1),
            kind: z.enum(['money', 'number', 'percent', 'date', 'text']),
          }),
        )
        .min(1)
        .max(50),
      rows: z.array(z.record(z.string(), z.union([z.string(), z.number(), z.null()]))).max(2_000),
    }),
  )
  .max(50)
  .nullish()
  .transform((reports) => reports ?? []);

/** Flags by transaction: those of one transaction are its reasons. */
export const flagsSchema = z
  .array(
    z.looseObject({
      transactionId: text,
      text: z.string(),
      amount,
      currency: z.string(),
      date: day,
      party: z.string(),
    }),
  )
  .max(20_000)
  .nullish()
  .transform((rows) => {
    const byId = new Map<
      string,
      { amount: string; currency: string; date: string; party: string; reasons: string[] }
    >();
    for (const { transactionId, text: reason, amount: sum, currency, date, party } of rows ?? []) {
      const known = byId.get(transactionId);
      if (known) known.reasons.push(reason);
      else byId.set(transactionId, { amount: sum, currency, date, party, reasons: [reason] });
    }
    return byId;
  });
