import isIBAN from 'validator/lib/isIBAN';
import type { Flag } from '../flag';
import type { AnomalySettings } from '../settings';
import { groupBy } from '../statistics';
import type { Entry } from '../transaction';

const LOOKS_LIKE_IBAN = /^[A-Z]{2}\d{2}[A-Z0-9]{6,}$/;

/** The first payment to another account of a supplier whose account was known, and IBANs that cannot be. */
export function bankDetails(
  entries: readonly Entry[],
  { bankDetails: { knownAfter } }: AnomalySettings,
): Flag[] {
  const suppliers = groupBy(
    entries.filter((entry) => entry.account !== undefined),
    (entry) => entry.supplierKey,
  );
  return [...suppliers.values()].flatMap((group) => {
    const known = new Map<string, number>();
    return group.flatMap((entry, before) => {
      const account = entry.account ?? '';
      const first = !known.has(account);
      known.set(account, (known.get(account) ?? 0) + 1);
      if (!first) return [];
      const flags = LOOKS_LIKE_IBAN.test(account) && !isIBAN(account) ? [invalid(entry)] : [];
      return before >= knownAfter ? [...flags, changed(entry, group, before)] : flags;
    });
  });
}

function changed(entry: Entry, group: readonly Entry[], before: number): Flag {
  const last = group[before - 1];
  const [oldCountry, newCountry] = [country(last?.account), country(entry.account)];
  const abroad = oldCountry !== newCountry;
  const [away, awayZh] = abroad
    ? [`, now in ${newCountry} instead of ${oldCountry}`, `,由 ${oldCountry} 变为 ${newCountry}`]
    : ['', ''];
  return {
    transactionId: entry.transaction.id,
    kind: 'new_bank_details',
    severity: 'high',
    reason: {
      en: `First payment to an account ending in ${ending(entry.account)} after ${before} payments to accounts known before (last one ending in ${ending(last?.account)}${away}). Ask the supplier by a known phone number.`,
      zh: `此前 ${before} 笔均付至已知账户(最近一个尾号 ${ending(last?.account)}${awayZh}),本笔首次付至尾号 ${ending(entry.account)} 的账户。请用已知电话向供应商核实。`,
    },
    statistics: { paymentsBefore: before, country: newCountry, countryBefore: oldCountry },
    related: last ? [last.transaction.id] : [],
  };
}

function invalid(entry: Entry): Flag {
  return {
    transactionId: entry.transaction.id,
    kind: 'invalid_bank_details',
    severity: 'medium',
    reason: {
      en: `The IBAN ending in ${ending(entry.account)} is not valid: its length or check digits are wrong.`,
      zh: `尾号 ${ending(entry.account)} 的 IBAN 无效:长度或校验码有误。`,
    },
    statistics: { country: country(entry.account) },
    related: [],
  };
}

/** Flags travel further than books do: the last four characters tell accounts apart. */
function ending(account: string | undefined): string {
  return (account ?? '').slice(-4);
}

function country(account: string | undefined): string {
  return account !== undefined && LOOKS_LIKE_IBAN.test(account) ? account.slice(0, 2) : '?';
}
