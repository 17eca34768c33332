import isIBAN from 'validator/lib/isIBAN';

/** Right form for its country and right check digits. */
export function isValidIban(value: string): boolean {
  return isIBAN(value);
}
