import { type CountryCode, isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js/max';

const COUNTRY_NAMES = new Map<string, CountryCode>();

/** Country of numbers that are written without a country code; unset means such a number stays as written. */
function defaultCountry(country: string | undefined): CountryCode | undefined {
  const candidate = (country ?? process.env['BIZSTACK_CRM_DEFAULT_COUNTRY'] ?? '').trim();
  const upper = candidate.toUpperCase();
  if (isSupportedCountry(upper)) return upper;
  return countryByName(candidate) ?? (country === undefined ? undefined : defaultCountry(undefined));
}

function countryByName(name: string): CountryCode | undefined {
  if (name === '') return undefined;
  if (COUNTRY_NAMES.size === 0) {
    const display = new Intl.DisplayNames(['en'], { type: 'region' });
    for (let a = 65; a <= 90; a++) {
      for (let b = 65; b <= 90; b++) {
        const code = String.fromCharCode(a, b);
        if (isSupportedCountry(code)) COUNTRY_NAMES.set((display.of(code) ?? code).toLowerCase(), code);
      }
    }
  }
  return COUNTRY_NAMES.get(name.toLowerCase());
}

/**
 * E.164 where the number can be understood, for example `+4930123456`; else undefined.
 * @param country name or ISO code from the same enquiry, for numbers without a country code.
 */
export function toE164(phone: string, country: string | undefined): string | undefined {
  const parsed = parsePhoneNumberFromString(phone, defaultCountry(country));
  return parsed?.isPossible() === true ? parsed.number : undefined;
}

/** Something with enough digits to be a number that a person could dial. */
export function looksLikePhone(phone: string): boolean {
  const digits = phone.replace(/\D/g, '');
  return digits.length >= 5 && digits.length <= 18 && /^[\d\s+().,/\-–x#*]+$/i.test(phone);
}
