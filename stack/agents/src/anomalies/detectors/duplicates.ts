import { typedAlike } from '../invoice-number';
import type { Flag } from '../flag';
import type { AnomalySettings } from '../settings';
import { groupBy, medianOf } from '../statistics';
import type { Entry } from '../transaction';

/** Earlier payments that one is compared with, so that thousands of equal amounts stay cheap. */
const LOOK_BACK = 25;
/** Payments of one amount after which their rhythm is known. */
const RHYTHM_FROM = 4;

/** Payments that look like an earlier one to the same supplier of the same amount. Credits cancel, never repeat. */
export function duplicates(entries: readonly Entry[], settings: AnomalySettings): Flag[] {
  const groups = groupBy(
    entries.filter((entry) => entry.amount > 0),
    (entry) => `${entry.supplierKey} ${entry.exactAmount}`,
  );
  return [...groups.values()].flatMap((group) => (group.length < 2 ? [] : inGroup(group, settings)));
}

function inGroup(group: readonly Entry[], { duplicates: settings }: AnomalySettings): Flag[] {
  const rhythm = rhythmOf(group);
  const lastByNumber = new Map<string, Entry>();
  return group.flatMap((entry, at) => {
    const { number } = entry;
    const same = number === undefined ? undefined : lastByNumber.get(number);
    if (number !== undefined) lastByNumber.set(number, entry);
    if (same && entry.day - same.day <= settings.sameNumberDays) return [sameNumber(entry, same)];
    for (let back = at - 1; back >= Math.max(0, at - LOOK_BACK); back -= 1) {
      const earlier = group[back];
      if (earlier === undefined || entry.day - earlier.day > settings.typingDays) break;
      const found = near(entry, earlier, settings, rhythm);
      if (found) return [found];
    }
    return [];
  });
}

function near(
  entry: Entry,
  earlier: Entry,
  settings: AnomalySettings['duplicates'],
  rhythm: number,
): Flag | undefined {
  const days = entry.day - earlier.day;
  if (entry.number !== undefined && earlier.number !== undefined) {
    return typedAlike(entry.number, earlier.number) ? similarNumber(entry, earlier, days) : undefined;
  }
  if (days > settings.sameAmountDays || days > rhythm / 2) return undefined;
  return sameAmount(entry, earlier, days);
}

/** Usual days between payments of this amount; endless while there are too few to know. */
function rhythmOf(group: readonly Entry[]): number {
  if (group.length < RHYTHM_FROM) return Infinity;
  return medianOf(group.slice(1).map((entry, at) => entry.day - (group[at]?.day ?? 0)));
}

function sameNumber(entry: Entry, earlier: Entry): Flag {
  const { id, amount, currency } = entry.transaction;
  const number = entry.number ?? '';
  const { id: other, date } = earlier.transaction;
  return {
    transactionId: id,
    kind: 'duplicate',
    severity: 'high',
    reason: {
      en: `Invoice ${number} over ${amount} ${currency} was already paid on ${date} (${other}).`,
      zh: `发票 ${number}(${amount} ${currency})已于 ${date} 付款(${other})。`,
    },
    statistics: { days: entry.day - earlier.day, invoiceNumber: number },
    related: [other],
  };
}

function similarNumber(entry: Entry, earlier: Entry, days: number): Flag {
  const { id, amount, currency } = entry.transaction;
  const { id: other, date } = earlier.transaction;
  const [number, before] = [entry.number ?? '', earlier.number ?? ''];
  return {
    transactionId: id,
    kind: 'near_duplicate',
    severity: 'high',
    reason: {
      en: `${amount} ${currency} was paid on ${date} too; the invoice numbers ${before} and ${number} differ as by a typing error.`,
      zh: `${date} 已付过 ${amount} ${currency};发票号 ${before} 与 ${number} 的差别像是录入错误。`,
    },
    statistics: { days, invoiceNumber: number, earlierInvoiceNumber: before },
    related: [other],
  };
}

function sameAmount(entry: Entry, earlier: Entry, days: number): Flag {
  const { id, amount, currency, description } = entry.transaction;
  const { id: other, date } = earlier.transaction;
  const sameWords = (description ?? '') === (earlier.transaction.description ?? '');
  const identical = days === 0 && sameWords && entry.number === undefined && earlier.number === undefined;
  return {
    transactionId: id,
    kind: identical ? 'duplicate' : 'near_duplicate',
    severity: identical ? 'high' : 'medium',
    reason: {
      en: `The same supplier got ${amount} ${currency} on ${date} already (${other}), ${days} days before.`,
      zh: `同一供应商已于 ${date} 收到 ${amount} ${currency}(${other}),相隔 ${days} 天。`,
    },
    statistics: { days },
    related: [other],
  };
}
