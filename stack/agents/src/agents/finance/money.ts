/** Cents of decimal text with at most two places; undefined when it is none. */
export function centsOf(amount: string): bigint | undefined {
  const match = /^(-?)(\d{1,15})(?:\.(\d{1,2}))?$/.exec(amount);
  if (!match) return undefined;
  const cents = BigInt(match[2] ?? '0') * 100n + BigInt((match[3] ?? '').padEnd(2, '0'));
  return match[1] === '-' ? -cents : cents;
}

export function decimalOf(cents: bigint): string {
  const text = (cents < 0n ? -cents : cents).toString().padStart(3, '0');
  return `${cents < 0n ? '-' : ''}${text.slice(0, -2)}.${text.slice(-2)}`;
}

/** Decimal text with groups, for example `12,345.00 EUR`. Never goes through a float. */
export function formatMoney(amount: string, currency: string, locale: 'en' | 'zh' = 'en'): string {
  const [whole = '0', places = ''] = amount.replace(/^-/, '').split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  const number = `${amount.startsWith('-') ? '-' : ''}${grouped}.${places.padEnd(2, '0')}`;
  return locale === 'zh' ? `${currency} ${number}` : `${number} ${currency}`;
}
