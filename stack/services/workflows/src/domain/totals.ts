import { BizError } from '@bizstack/contracts/dist/errors';
import { type Minor, lineAmount, parseDecimal, percentOf } from './money';

export interface PricedLine {
  readonly description: string;
  readonly quantity: string;
  readonly unitPrice: string;
  /** Percent. */
  readonly taxRate: string;
}

export interface TaxTotal {
  readonly rate: string;
  readonly net: Minor;
  readonly tax: Minor;
}

export interface Totals {
  readonly net: Minor;
  readonly tax: Minor;
  readonly gross: Minor;
  readonly byRate: readonly TaxTotal[];
}

/**
 * Totals of a document. Tax is rounded once for each rate, not for each line (EN 16931).
 * @throws BizError `BIZ_TOTAL_NOT_POSITIVE` when nothing would be owed
 */
export function totalsOf(lines: readonly PricedLine[], currency: string): Totals {
  const nets = new Map<string, { rate: string; net: Minor }>();
  for (const { quantity, unitPrice, taxRate } of lines) {
    const key = canonicalRate(taxRate);
    const net = (nets.get(key)?.net ?? 0n) + lineAmount(unitPrice, quantity, currency);
    nets.set(key, { rate: key, net });
  }
  const byRate = [...nets.values()].map(({ rate, net }) => ({ rate, net, tax: percentOf(net, rate) }));
  const net = byRate.reduce((sum, one) => sum + one.net, 0n);
  const tax = byRate.reduce((sum, one) => sum + one.tax, 0n);
  if (net + tax <= 0n) {
    throw new BizError('BIZ_TOTAL_NOT_POSITIVE', 'The lines add up to nothing that could be paid.');
  }
  return { net, tax, gross: net + tax, byRate };
}

/** `19`, `19.0` and `19.00` are one rate. */
function canonicalRate(rate: string): string {
  parseDecimal(rate);
  const [whole = '0', fraction = ''] = rate.split('.');
  const kept = fraction.replace(/0+$/, '');
  const bare = BigInt(whole).toString();
  return kept === '' ? bare : `${bare}.${kept}`;
}
