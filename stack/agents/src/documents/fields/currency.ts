import type { Field } from '../types';
import { findAmounts } from './amounts';

const WORDS: readonly (readonly [RegExp, string])[] = [
  [/\bUS\s?dollars?\b/i, 'USD'],
  [/\beuros?\b/i, 'EUR'],
  [/\b(?:indian\s+)?rupees?\b/i, 'INR'],
  [/\bpounds?\s+sterling\b/i, 'GBP'],
  [/\bringgit\b/i, 'MYR'],
  [/\b(?:CHF|swiss\s+francs?)\b/i, 'CHF'],
];
/** Dollars and crowns of other countries say so somewhere by their code. */
const SHARED: Readonly<Record<string, RegExp>> = {
  USD: /(?<![\p{L}])(AUD|CAD|NZD|SGD|HKD|MXN|TWD)(?![\p{L}])/u,
  JPY: /(?<![\p{L}])(CNY|RMB)(?![\p{L}])/u,
};
const BY_COUNTRY: Readonly<Record<string, string>> = {
  AT: 'EUR',
  BE: 'EUR',
  CY: 'EUR',
  DE: 'EUR',
  EE: 'EUR',
  ES: 'EUR',
  FI: 'EUR',
  FR: 'EUR',
  GR: 'EUR',
  EL: 'EUR',
  HR: 'EUR',
  IE: 'EUR',
  IT: 'EUR',
  LT: 'EUR',
  LU: 'EUR',
  LV: 'EUR',
  MT: 'EUR',
  NL: 'EUR',
  PT: 'EUR',
  SI: 'EUR',
  SK: 'EUR',
  CH: 'CHF',
  GB: 'GBP',
  SE: 'SEK',
  NO: 'NOK',
  DK: 'DKK',
  PL: 'PLN',
  CZ: 'CZK',
  HU: 'HUF',
  RO: 'RON',
  BG: 'BGN',
};

export interface CurrencyClues {
  readonly text: string;
  /** Code that stands at the total. */
  readonly atTotal: string | undefined;
  /** VAT id or IBAN; its country tells the currency when nothing else does. */
  readonly countryCode: string | undefined;
}

/** ISO 4217 code of a document. */
export function readCurrency({ text, atTotal, countryCode }: CurrencyClues): Field | undefined {
  const refine = (code: string): string => {
    const other = SHARED[code]?.exec(text)?.[1];
    return other === undefined ? code : other === 'RMB' ? 'CNY' : other;
  };
  if (atTotal !== undefined)
    return { value: refine(atTotal), confidence: 0.95, reason: 'Stands at the total.' };
  const counts = new Map<string, number>();
  for (const { currency } of findAmounts(text)) {
    if (currency !== undefined) counts.set(currency, (counts.get(currency) ?? 0) + 1);
  }
  const usual = [...counts].sort((a, b) => b[1] - a[1])[0];
  if (usual) return { value: refine(usual[0]), confidence: 0.85, reason: `Stands at ${usual[1]} amount(s).` };
  const mark =
    /(?<![\p{L}\d])(EUR|USD|GBP|CHF|INR|MYR|SGD|SEK|NOK|DKK|PLN|CZK|AUD|CAD|JPY|CNY|€|£|₹|RM)(?![\p{L}\d])/u.exec(
      text,
    )?.[1];
  const code =
    mark === undefined ? undefined : ({ '€': 'EUR', '£': 'GBP', '₹': 'INR', RM: 'MYR' }[mark] ?? mark);
  if (code !== undefined) return { value: code, confidence: 0.7, reason: 'The only currency of the text.' };
  const word = WORDS.find(([expression]) => expression.test(text));
  if (word) return { value: word[1], confidence: 0.7, reason: 'Named in words.' };
  const byCountry = countryCode === undefined ? undefined : BY_COUNTRY[countryCode];
  return byCountry === undefined
    ? undefined
    : { value: byCountry, confidence: 0.4, reason: 'Currency of the country of the VAT id or IBAN.' };
}
