import { BizError } from '@bizstack/contracts/dist/errors';
import { exponentOf } from './currency';

/** An amount in minor units (cents) of a currency that stands beside it. Never a float. */
export type Minor = bigint;

const DECIMAL = /^(-?)(\d{1,15})(?:\.(\d{1,12}))?$/;

/** A decimal number without loss: `digits / 10^scale`. */
export interface Decimal {
  readonly digits: bigint;
  readonly scale: number;
}

/**
 * @throws BizError `BIZ_MONEY_INVALID` when the text is not a plain decimal number such as `-12.50`
 */
export function parseDecimal(text: string): Decimal {
  const match = DECIMAL.exec(text);
  if (!match) {
    throw new BizError('BIZ_MONEY_INVALID', `"${text}" is not a decimal number.`, {
      hint: 'Write it with a point and without separators, for example 1250.00.',
    });
  }
  const [, sign = '', whole = '0', fraction = ''] = match;
  const digits = BigInt(whole + fraction);
  return { digits: sign === '-' ? -digits : digits, scale: fraction.length };
}

/**
 * Minor units of a decimal amount.
 * @throws BizError `BIZ_MONEY_INVALID` when it is not a number or finer than the currency's minor unit
 */
export function parseMoney(text: string, currency: string): Minor {
  const { digits, scale } = parseDecimal(text);
  const exponent = exponentOf(currency);
  if (scale <= exponent) return digits * 10n ** BigInt(exponent - scale);
  const divisor = 10n ** BigInt(scale - exponent);
  if (digits % divisor !== 0n) {
    throw new BizError('BIZ_MONEY_INVALID', `${text} ${currency} has more than ${exponent} decimal places.`);
  }
  return digits / divisor;
}

/** The amount as decimal text with exactly the currency's decimal places. */
export function formatMoney(amount: Minor, currency: string): string {
  const exponent = exponentOf(currency);
  const sign = amount < 0n ? '-' : '';
  const digits = (amount < 0n ? -amount : amount).toString().padStart(exponent + 1, '0');
  if (exponent === 0) return sign + digits;
  return `${sign}${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`;
}

/** `numerator / denominator` rounded half away from zero, as tax offices and invoices do. */
export function divideRounded(numerator: bigint, denominator: bigint): bigint {
  if (denominator === 0n) throw new BizError('BIZ_MONEY_INVALID', 'Division by zero.');
  const negative = numerator < 0n !== denominator < 0n;
  const n = numerator < 0n ? -numerator : numerator;
  const d = denominator < 0n ? -denominator : denominator;
  const rounded = (2n * n + d) / (2n * d);
  return negative ? -rounded : rounded;
}

/** `price × quantity`, rounded once. `price` may be finer than the minor unit. */
export function lineAmount(price: string, quantity: string, currency: string): Minor {
  const a = parseDecimal(price);
  const b = parseDecimal(quantity);
  return divideRounded(
    a.digits * b.digits * 10n ** BigInt(exponentOf(currency)),
    10n ** BigInt(a.scale + b.scale),
  );
}

/** `percent` (for example `19` or `9.12`) of an amount, rounded once. */
export function percentOf(amount: Minor, percent: string): Minor {
  const { digits, scale } = parseDecimal(percent);
  return divideRounded(amount * digits, 100n * 10n ** BigInt(scale));
}

/**
 * The share of `part` that belongs to the next piece of a whole that is paid back bit by bit: what is due
 * after `before + piece` of `total`, minus what was due after `before`. All pieces together give `part`.
 */
export function shareOf(part: Minor, total: Minor, before: Minor, piece: Minor): Minor {
  if (total === 0n) return 0n;
  return divideRounded(part * (before + piece), total) - divideRounded(part * before, total);
}

/** Simple interest for whole days on a yearly rate in percent, 365 days a year. */
export function interestFor(principal: Minor, yearlyPercent: string, days: number): Minor {
  const { digits, scale } = parseDecimal(yearlyPercent);
  return divideRounded(principal * digits * BigInt(days), 36_500n * 10n ** BigInt(scale));
}
