import type { Transaction } from '../../src/anomalies';

export const IBAN = 'DE89370400440532013000';
export const OTHER_IBAN = 'GB29NWBK60161331926819';

/** `YYYY-MM-DD` of a day counted from Monday, 2025-01-06. */
export function day(number: number): string {
  return new Date(Date.parse('2025-01-06T00:00:00Z') + number * 86_400_000).toISOString().slice(0, 10);
}

/** Payments to one supplier on workdays, one a week, with amounts that vary a little. */
export function weekly(
  count: number,
  change: (at: number) => Partial<Transaction> = () => ({}),
): Transaction[] {
  return Array.from({ length: count }, (_, at) => ({
    id: `w${String(at).padStart(4, '0')}`,
    date: day(7 * at + (at % 5)),
    amount: (500 + ((at * 37) % 90) + 0.17).toFixed(2),
    currency: 'EUR',
    supplier: 'Acme GmbH',
    category: 'materials',
    account: IBAN,
    description: `delivery ${at}`,
    invoiceNumber: `RE-${1000 + 13 * at}`,
    ...change(at),
  }));
}
