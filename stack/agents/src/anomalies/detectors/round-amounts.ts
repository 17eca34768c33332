import type { Flag } from '../flag';
import type { AnomalySettings } from '../settings';
import { groupBy, rounded } from '../statistics';
import type { Entry } from '../transaction';

interface Share {
  readonly count: number;
  readonly round: number;
}

/** Round amounts where the supplier's, or with few payments the category's, are not. */
export function roundAmounts(entries: readonly Entry[], settings: AnomalySettings): Flag[] {
  const { multipleOf, usualShare, minSupplier, minCategory } = settings.roundAmounts;
  const isRound = (entry: Entry) => entry.amount >= multipleOf && entry.amount % multipleOf === 0;
  const shares = (keyOf: (entry: Entry) => string | undefined) =>
    new Map(
      [...groupBy(entries, keyOf)].map(([key, group]) => [
        key,
        { count: group.length, round: group.filter(isRound).length },
      ]),
    );
  const suppliers = shares((entry) => entry.supplierKey);
  const categories = shares((entry) => entry.categoryKey);
  return entries.filter(isRound).flatMap((entry) => {
    const own = others(suppliers.get(entry.supplierKey));
    const category = others(categories.get(entry.categoryKey ?? ''));
    const ofSupplier = own.count >= minSupplier - 1;
    if (!ofSupplier && category.count < minCategory) return [];
    const { count, round } = ofSupplier ? own : category;
    const share = round / count;
    return share > usualShare ? [] : [flag(entry, ofSupplier, share, count, multipleOf)];
  });
}

/** The payments without the one that is looked at. */
function others(share: Share | undefined): Share {
  return { count: (share?.count ?? 1) - 1, round: (share?.round ?? 1) - 1 };
}

function flag(entry: Entry, ofSupplier: boolean, share: number, count: number, multipleOf: number): Flag {
  const { id, amount, currency } = entry.transaction;
  const percent = rounded(100 * share);
  const [group, groupZh] = ofSupplier ? ['supplier', '供应商'] : ['category', '类别'];
  return {
    transactionId: id,
    kind: 'round_amount',
    severity: 'low',
    reason: {
      en: `${amount} ${currency} is a round amount; only ${percent}% of ${count} other payments of this ${group} are.`,
      zh: `${amount} ${currency} 为整数金额;该${groupZh}其他 ${count} 笔中仅 ${percent}% 如此。`,
    },
    statistics: { group, count, roundShare: rounded(share), multipleOf },
    related: [],
  };
}
