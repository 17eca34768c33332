import { BizError } from '@bizstack/contracts/dist/errors';
import type { Minor } from './money';

/** The chart of accounts that `stack/services/postgres/init` seeds. */
export const ACCOUNTS = {
  bank: '1000',
  receivable: '1100',
  inputTax: '1200',
  payable: '2000',
  outputTax: '2100',
  customerCredit: '2200',
  revenue: '4000',
  lateFees: '4100',
  refunds: '4900',
  badDebt: '6900',
  generalExpense: '6000',
} as const;

export interface Posting {
  readonly account: string;
  readonly debit: Minor;
  readonly credit: Minor;
}

export const debit = (account: string, amount: Minor): Posting => side(account, amount, 0n);
export const credit = (account: string, amount: Minor): Posting => side(account, 0n, amount);

/** A negative amount stands on the other side. */
function side(account: string, debits: Minor, credits: Minor): Posting {
  const saldo = debits - credits;
  return saldo >= 0n ? { account, debit: saldo, credit: 0n } : { account, debit: 0n, credit: -saldo };
}

/**
 * The postings that say something, checked.
 * @throws BizError `BIZ_LEDGER_UNBALANCED`
 */
export function balanced(postings: readonly Posting[]): Posting[] {
  const sum = postings.reduce((total, posting) => total + posting.debit - posting.credit, 0n);
  if (sum !== 0n) {
    throw new BizError('BIZ_LEDGER_UNBALANCED', `Debit and credit differ by ${sum} minor units.`);
  }
  return postings.filter((posting) => posting.debit !== 0n || posting.credit !== 0n);
}

/** The same entry with the sides exchanged. */
export function reversed(postings: readonly Posting[]): Posting[] {
  return postings.map(({ account, debit: debits, credit: credits }) => ({
    account,
    debit: credits,
    credit: debits,
  }));
}
