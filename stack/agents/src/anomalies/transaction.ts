import { BizError } from '@bizstack/contracts/dist/errors';
import { z } from 'zod';

const text = (max: number) => z.string().trim().max(max);

/** A booked payment. */
export const transactionSchema = z.strictObject({
  id: z.string().min(1).max(200),
  /** Day of posting, `YYYY-MM-DD`. */
  date: z.iso.date(),
  /** Decimal string in units of the currency; credits are negative. */
  amount: z.string().regex(/^-?\d{1,15}(\.\d{1,6})?$/, 'must be a decimal number such as "1234.50"'),
  /** ISO 4217. */
  currency: z.string().regex(/^[A-Z]{3}$/, 'must be three capital letters such as "EUR"'),
  supplier: text(300).min(1),
  category: text(200).nullish(),
  /** IBAN or account number that was paid. */
  account: text(64).nullish(),
  description: text(2000).nullish(),
  invoiceNumber: text(100).nullish(),
});

export type Transaction = z.infer<typeof transactionSchema>;

/** A transaction with what the detectors compare, computed once. */
export interface Entry {
  readonly transaction: Transaction;
  /** Days since 1970-01-01. */
  readonly day: number;
  /** 1 Monday … 7 Sunday. */
  readonly weekday: number;
  readonly amount: number;
  /** The amount without needless zeros: equal text, equal amount. */
  readonly exactAmount: string;
  /** Supplier and currency; two writings of one name are one supplier. */
  readonly supplierKey: string;
  /** Category and currency; undefined without a category. */
  readonly categoryKey: string | undefined;
  /** Account without spaces, in capitals; undefined when missing. */
  readonly account: string | undefined;
  /** Invoice number in capitals; undefined when missing. */
  readonly number: string | undefined;
}

const DAY_MS = 86_400_000;

/**
 * Transactions in order of date, then id, whatever order they came in.
 * @throws BizError `BIZ_ANOMALIES_INPUT_INVALID` for a transaction of another shape or an id that is there twice.
 */
export function readTransactions(input: unknown): Entry[] {
  const parsed = z.array(transactionSchema).safeParse(input);
  if (!parsed.success) {
    const first = { issues: parsed.error.issues.slice(0, 5) };
    throw new BizError(
      'BIZ_ANOMALIES_INPUT_INVALID',
      `The transactions are not valid (${parsed.error.issues.length} problems): ${z.prettifyError(first)}.`,
      { hint: 'Correct them and try again.', cause: parsed.error },
    );
  }
  const seen = new Set<string>();
  for (const { id } of parsed.data) {
    if (seen.has(id)) {
      throw new BizError('BIZ_ANOMALIES_INPUT_INVALID', `Two transactions have the id ${id}.`, {
        hint: 'Ids must be unique.',
        details: { id },
      });
    }
    seen.add(id);
  }
  return parsed.data
    .map(toEntry)
    .sort((a, b) => a.day - b.day || (a.transaction.id < b.transaction.id ? -1 : 1));
}

function toEntry(transaction: Transaction): Entry {
  const { currency, category } = transaction;
  const day = Date.parse(`${transaction.date}T00:00:00Z`) / DAY_MS;
  const account = transaction.account?.replace(/[\s-]+/g, '').toUpperCase();
  const number = transaction.invoiceNumber?.normalize('NFKC').trim().toUpperCase();
  return {
    transaction,
    day,
    // 1970-01-01 was a Thursday.
    weekday: ((((day + 3) % 7) + 7) % 7) + 1,
    amount: Number(transaction.amount),
    exactAmount: exact(transaction.amount),
    supplierKey: `${currency} ${nameKey(transaction.supplier)}`,
    categoryKey: category ? `${currency} ${nameKey(category)}` : undefined,
    account: account === '' ? undefined : account,
    number: number === '' ? undefined : number,
  };
}

function exact(amount: string): string {
  const [whole = '', fraction = ''] = amount.replace('-', '').split('.');
  const digits = fraction.replace(/0+$/, '');
  const size = `${whole.replace(/^0+(?=\d)/, '')}${digits === '' ? '' : `.${digits}`}`;
  return amount.startsWith('-') && size !== '0' ? `-${size}` : size;
}

/** Letters and digits in lower case; a name of nothing else stands for itself. */
function nameKey(name: string): string {
  const folded = name.normalize('NFKC').toLowerCase();
  return folded.replace(/[^\p{L}\p{N}]+/gu, '') || folded;
}
