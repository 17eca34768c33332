import type { Flag } from '../flag';
import type { AnomalySettings } from '../settings';
import { groupBy, rounded } from '../statistics';
import type { Entry } from '../transaction';

/** Payments on weekends and holidays where the supplier, or its category while it is new, is paid on working days. */
export function nonWorkingDays(entries: readonly Entry[], settings: AnomalySettings): Flag[] {
  const { usualShare, minSupplier } = settings.nonWorkingDays;
  const weekend = new Set(settings.nonWorkingDays.weekend);
  const holidays = new Set(settings.nonWorkingDays.holidays);
  const isOff = (entry: Entry) => weekend.has(entry.weekday) || holidays.has(entry.transaction.date);
  const suppliers = groupBy(entries, (entry) => entry.supplierKey);
  const categories = groupBy(entries, (entry) => entry.categoryKey);
  const shares = new Map<readonly Entry[], number>();
  const offShare = (group: readonly Entry[]) => {
    const off = shares.get(group) ?? group.filter(isOff).length;
    shares.set(group, off);
    return (off - 1) / Math.max(1, group.length - 1);
  };
  return entries.filter(isOff).flatMap((entry) => {
    const own = suppliers.get(entry.supplierKey) ?? [];
    const group = own.length >= minSupplier ? own : (categories.get(entry.categoryKey ?? '') ?? own);
    const share = offShare(group);
    if (group.length < minSupplier || share > usualShare) return [];
    return [flag(entry, holidays.has(entry.transaction.date), share, group.length - 1)];
  });
}

function flag(entry: Entry, holiday: boolean, share: number, count: number): Flag {
  const percent = rounded(100 * share);
  const [day, dayZh] = holiday ? ['a public holiday', '节假日'] : ['a weekend', '周末'];
  return {
    transactionId: entry.transaction.id,
    kind: 'non_working_day',
    severity: 'low',
    reason: {
      en: `Posted on ${day} (${entry.transaction.date}); only ${percent}% of ${count} comparable payments are.`,
      zh: `过账日为${dayZh}(${entry.transaction.date});可比的 ${count} 笔中仅 ${percent}% 如此。`,
    },
    statistics: { weekday: entry.weekday, holiday: holiday ? 'yes' : 'no', count, share: rounded(share) },
    related: [],
  };
}
