/** An amount found in a text. */
export interface Amount {
  readonly value: number;
  /** ISO 4217 code that stands at the number, when one does. */
  readonly currency: string | undefined;
  readonly index: number;
  readonly length: number;
}

/** Longest first: `HK$` before `$`. */
const SYMBOLS: readonly (readonly [pattern: string, currency: string])[] = [
  ['US\\s?\\$', 'USD'],
  ['HK\\s?\\$', 'HKD'],
  ['NT\\s?\\$', 'TWD'],
  ['CA?\\s?\\$', 'CAD'],
  ['AU?\\s?\\$', 'AUD'],
  ['NZ\\s?\\$', 'NZD'],
  ['SG?\\s?\\$', 'SGD'],
  ['R\\$', 'BRL'],
  ['MX\\s?\\$', 'MXN'],
  ['\\$', 'USD'],
  ['€', 'EUR'],
  ['£', 'GBP'],
  ['₹', 'INR'],
  ['Rs\\.?(?![a-z])', 'INR'],
  ['RM(?![a-z])', 'MYR'],
  ['Rp(?![a-z])', 'IDR'],
  ['CN¥|RMB|人民币|元', 'CNY'],
  ['¥|円', 'JPY'],
  ['₩', 'KRW'],
  ['฿', 'THB'],
  ['₫', 'VND'],
  ['₽|руб', 'RUB'],
  ['₺', 'TRY'],
  ['₴', 'UAH'],
  ['₪', 'ILS'],
  ['zł', 'PLN'],
  ['Kč', 'CZK'],
  ['Fr\\.', 'CHF'],
];
const CODES =
  'USD|EUR|GBP|INR|MYR|SGD|HKD|CNY|JPY|AUD|CAD|NZD|CHF|SEK|NOK|DKK|PLN|CZK|HUF|RON|BGN|TRY|RUB|UAH|ILS|AED|SAR|ZAR|BRL|MXN|ARS|CLP|COP|PEN|THB|VND|IDR|PHP|KRW|TWD|EGP|NGN|KES|MAD|PKR|BDT|LKR|NPR|ISK|QAR|KWD';

const SYMBOL_SOURCE = `${CODES}|${SYMBOLS.map(([pattern]) => pattern).join('|')}`;
/** Indian groups of two first: `1,00,000.00`. */
const NUMBER =
  "\\d{1,2}(?:,\\d{2})+,\\d{3}(?:\\.\\d{1,3})?|\\d{1,3}(?:(?:[.,'\\u2019]|[ \\u00a0\\u202f](?=\\d{3}(?:[.,]\\d|\\b)))\\d{3})+(?:[.,]\\d{1,3})?|\\d+(?:[.,]\\d{1,3})?";
const AMOUNT = new RegExp(
  `(?<![\\p{L}\\d.,/])(?<sign>[-−–(]\\s?)?(?<before>${SYMBOL_SOURCE})?[\\s:]{0,3}(?<minus>[-−–]\\s?)?(?<number>${NUMBER})(?<tail>\\s?-(?!\\d))?\\s?(?<after>${SYMBOL_SOURCE})?(?![\\d/%]|[.,]\\d|\\s?%|-\\d)`,
  'gu',
);

/** Code of a symbol or code as written; undefined for none. */
export function currencyOf(written: string | undefined): string | undefined {
  if (written === undefined || written === '') return undefined;
  if (new RegExp(`^(?:${CODES})$`).test(written)) return written;
  return SYMBOLS.find(([pattern]) => new RegExp(`^(?:${pattern})$`, 'i').test(written))?.[1];
}

/**
 * Reads a number whose decimal sign is unknown: the last point or comma is the decimal sign, unless exactly three
 * digits follow it and it is the only kind, repeated, or `1.234`. NaN when it is no number.
 */
export function parseNumber(written: string): number {
  const text = written.replace(/[\s\u00a0\u202f'\u2019]/g, '');
  if (!/^\d[\d.,]*$/.test(text)) return NaN;
  const last = Math.max(text.lastIndexOf('.'), text.lastIndexOf(','));
  if (last < 0) return Number(text);
  const sign = text[last] ?? '';
  const digitsAfter = text.length - last - 1;
  const repeated = text.indexOf(sign) !== last;
  const other = text.includes(sign === '.' ? ',' : '.');
  const grouping = digitsAfter === 3 && (repeated || !other) && !text.startsWith('0');
  if (grouping || digitsAfter === 0) return Number(text.replace(/[.,]/g, ''));
  return Number(`${text.slice(0, last).replace(/[.,]/g, '')}.${text.slice(last + 1)}`);
}

/** Recogniser's usual slips in numbers: `12 .50`, `12:50` for `12.50`, a letter O for zero. */
export function repairOcrNumbers(text: string): string {
  return text
    .replace(/(?<=\d)[oO](?=[\d.,]|\b)/g, '0')
    .replace(/(?<=[\d.,])[oO](?=\d|\b)/g, '0')
    .replace(/(?<=\d)\s?([.,])\s?(?=\d{2}(?!\d))/g, '$1')
    .replace(/(?<![\d:.])(\d{1,4})[:;·](?=\d{2}(?![\d:]|\s?[ap]m))/giu, '$1.')
    .replace(/(?<=\bR)[NHI](?=\s?\d)/g, 'M');
}

/** Amounts in a text. Bare whole numbers count only with a currency, unless `whole` is set. */
export function findAmounts(text: string, { whole = false } = {}): Amount[] {
  const amounts: Amount[] = [];
  for (const match of text.matchAll(AMOUNT)) {
    const { sign, before, minus, number, tail, after } = match.groups ?? {};
    if (number === undefined) continue;
    const currency = currencyOf(before) ?? currencyOf(after);
    const value = parseNumber(number);
    if (!Number.isFinite(value) || value > 1e12) continue;
    if (currency === undefined && !whole && !/[.,]\d{1,2}$|[.,]\d{3}[.,]\d/.test(number)) continue;
    const negative = sign !== undefined || minus !== undefined || tail !== undefined;
    amounts.push({
      value: negative && value !== 0 ? -value : value,
      currency,
      index: match.index,
      length: match[0].length,
    });
  }
  return amounts;
}

/** Whole hundredths, so that sums do not drift. */
export function cents(value: number): number {
  return Math.round(value * 100);
}
