import type { SupplierInvoice } from '../client/invoice-processing';
import { parseMoney } from './money';
import { totalsOf } from './totals';
import { messageOf } from '@bizstack/contracts/dist/errors';

/** What is wrong with the arithmetic of an invoice, for a person; empty when all is right to the cent. */
export function problemsOf(invoice: SupplierInvoice): string[] {
  const { currency, lines } = invoice;
  try {
    const net = parseMoney(invoice.net, currency);
    const tax = parseMoney(invoice.tax, currency);
    const gross = parseMoney(invoice.gross, currency);
    const problems: string[] = [];
    if (net + tax !== gross)
      problems.push(`net ${invoice.net} and tax ${invoice.tax} do not make ${invoice.gross}`);
    if (lines.length > 0) {
      const totals = totalsOf(lines, currency);
      if (totals.net !== net) problems.push(`the lines do not add up to the net amount ${invoice.net}`);
      // Suppliers round tax by line or by rate: a minor unit for each line may be between the two.
      const difference = totals.tax > tax ? totals.tax - tax : tax - totals.tax;
      if (difference > BigInt(lines.length)) problems.push(`the tax of the lines is not ${invoice.tax}`);
    }
    if (invoice.dueOn !== undefined && invoice.dueOn < invoice.issuedOn)
      problems.push('it is due before it was issued');
    return problems;
  } catch (error) {
    return [messageOf(error)];
  }
}

/** One spelling of a supplier for finding duplicates: the VAT id, else the name. */
export function supplierKey({ vatId, name }: SupplierInvoice['supplier']): string {
  return vatId === undefined
    ? `name:${name
        .normalize('NFKC')
        .toLowerCase()
        .replace(/[^\p{L}\p{N}]+/gu, ' ')
        .trim()}`
    : `vat:${plain(vatId)}`;
}

/** One spelling of an invoice's number: `INV-0012/26` and `inv 0012 26` are the same. */
export function numberKey(number: string): string {
  return plain(number) || number;
}

function plain(text: string): string {
  return text
    .normalize('NFKC')
    .toUpperCase()
    .replace(/[^\p{L}\p{N}]/gu, '');
}
