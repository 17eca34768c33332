export interface AddressParts {
  street?: string;
  zip?: string;
  city?: string;
}

/** `3012 CN Rotterdam`, `D-63571 Gelnhausen`, `40170 Shah Alam`. */
const ZIP_FIRST = /^(?:[A-Z]{1,3}-)?(?<zip>\d{4,6}(?:\s?[A-Z]{2}(?=\s))?)\s+(?<city>\p{L}[\p{L}\s.'’-]*)$/u;
/** `WA 98109-5210`, `London SW1A 1AA`, `Bangalore - 560067`. */
const ZIP_LAST =
  /^(?<city>\p{L}[\p{L}\s.'’]*?)?[\s-]*(?<zip>\d{5}(?:-\d{4})?|\d{6}|[A-Z]{1,2}\d[\dA-Z]?\s?\d[A-Z]{2})$/u;
const STATE = /^[A-Z]{2}$/;

/** Parts of an address whose lines are joined by commas; what cannot be told is left out. */
export function addressParts(address: string): AddressParts {
  const lines = address.split(/\s*[,\n]\s*/).filter((line) => line !== '');
  for (const [at, line] of lines.entries()) {
    if (at === 0) continue;
    const found = (ZIP_FIRST.exec(line) ?? ZIP_LAST.exec(line))?.groups;
    if (found?.['zip'] === undefined) continue;
    // A state stands between the town and its code.
    const own = found['city']?.trim();
    const isAbove = own === undefined || own === '' || STATE.test(own);
    const city = isAbove ? lines[at - 1] : own;
    const street = lines.slice(0, isAbove ? at - 1 : at).join(', ');
    return {
      zip: found['zip'],
      ...(city === undefined ? {} : { city }),
      ...(street === '' ? {} : { street }),
    };
  }
  return {};
}
