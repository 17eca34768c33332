import { z } from 'zod';

/** Codes of ISO 4217; the decimal places of each are known to `domain/currency.ts`. */
export const currencySchema = z.string().regex(/^[A-Z]{3}$/, 'Use a code of ISO 4217, for example EUR');

/** A decimal number as text: JSON numbers are floats, which lose cents. */
const decimal = (what: string) =>
  z
    .string()
    .regex(/^-?\d{1,12}(\.\d{1,6})?$/, `Write ${what} as text with a decimal point, for example "12.50"`);

export const amountSchema = decimal('the amount').refine(
  (text) => !text.startsWith('-'),
  'Must not be negative',
);
export const positiveAmountSchema = amountSchema.refine(
  (text) => /[1-9]/.test(text),
  'Must be more than zero',
);
export const percentSchema = decimal('the percentage').refine(
  (text) => !text.startsWith('-') && Number(text) <= 1_000,
  'Must be between 0 and 1000',
);

export const idSchema = z.string().min(1).max(200);
/** Who acts. The caller has authenticated that person; a workflow cannot. */
export const personSchema = z.string().trim().min(1).max(200);
export const reasonSchema = z.string().trim().min(1).max(2_000);

export const lineSchema = z.object({
  description: z.string().trim().min(1).max(1_000),
  quantity: decimal('the quantity'),
  unitPrice: decimal('the price'),
  taxRate: percentSchema,
});
export type Line = z.infer<typeof lineSchema>;

export const linesSchema = z.array(lineSchema).min(1).max(200);

export const days = (max: number) => z.number().int().min(0).max(max);

/** Ascending, without repeats. */
export const risingDays = (max: number) =>
  z
    .array(z.number().int().min(1).max(max))
    .max(12)
    .refine((list) => list.every((day, index) => index === 0 || day > (list[index - 1] ?? 0)), 'Must rise');
