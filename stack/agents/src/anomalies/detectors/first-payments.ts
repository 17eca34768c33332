import type { Flag } from '../flag';
import type { AnomalySettings } from '../settings';
import { groupBy, quantileOf, rounded } from '../statistics';
import type { Entry } from '../transaction';

/** Suppliers that are paid for the first time, and at once more than most. */
export function largeFirstPayments(entries: readonly Entry[], settings: AnomalySettings): Flag[] {
  const { warmUpDays, quantile, minCategory, minCurrency } = settings.firstPayments;
  const payments = entries.filter((entry) => entry.amount > 0);
  const limits = (groups: Map<string, Entry[]>, least: number) =>
    new Map(
      [...groups]
        .filter(([, group]) => group.length >= least)
        .map(([key, group]) => [
          key,
          {
            limit: quantileOf(
              group.map((entry) => entry.amount),
              quantile,
            ),
            count: group.length,
          },
        ]),
    );
  const currencies = groupBy(payments, (entry) => entry.transaction.currency);
  const byCurrency = limits(currencies, minCurrency);
  const byCategory = limits(
    groupBy(payments, (entry) => entry.categoryKey),
    minCategory,
  );
  return [...groupBy(entries, (entry) => entry.supplierKey).values()].flatMap(([first]) => {
    if (first === undefined || first.amount <= 0) return [];
    const { currency } = first.transaction;
    const start = currencies.get(currency)?.[0]?.day ?? first.day;
    if (first.day - start < warmUpDays) return [];
    const category = byCategory.get(first.categoryKey ?? '');
    const usual = category ?? byCurrency.get(currency);
    if (usual === undefined || first.amount <= usual.limit) return [];
    return [flag(first, usual, category === undefined ? 'currency' : 'category', quantile)];
  });
}

function flag(entry: Entry, usual: { limit: number; count: number }, group: string, quantile: number): Flag {
  const { id, amount, currency } = entry.transaction;
  const percent = rounded(100 * quantile);
  const limit = rounded(usual.limit);
  return {
    transactionId: id,
    kind: 'large_first_payment',
    severity: 'medium',
    reason: {
      en: `First payment to this supplier, and at ${amount} ${currency} more than ${percent}% of ${usual.count} comparable payments (${limit}).`,
      zh: `首次向该供应商付款,金额 ${amount} ${currency} 高于可比的 ${usual.count} 笔中的 ${percent}%(${limit})。`,
    },
    statistics: { group, count: usual.count, quantile, limit },
    related: [],
  };
}
