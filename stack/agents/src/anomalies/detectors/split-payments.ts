import type { Flag } from '../flag';
import type { AnomalySettings } from '../settings';
import { groupBy, poissonTail, rounded } from '../statistics';
import type { Entry } from '../transaction';

/** Payments of at least this share of the smallest part are of its size. */
const ALIKE = 0.8;

/** Several payments under the approval limit that together exceed it, faster than the supplier is usually paid. */
export function splitPayments(entries: readonly Entry[], settings: AnomalySettings): Flag[] {
  const { approvalLimits, leastPart } = settings.splitPayments;
  const parts = entries.filter((entry) => {
    const limit = approvalLimits[entry.transaction.currency];
    return limit !== undefined && entry.amount < limit && entry.amount >= leastPart * limit;
  });
  return [...groupBy(parts, (entry) => entry.supplierKey).values()].flatMap((group) => {
    const limit = approvalLimits[group[0]?.transaction.currency ?? ''] ?? Infinity;
    return clusters(group, settings.splitPayments.days).flatMap((cluster) =>
      flagsOf(cluster, group, limit, settings.splitPayments),
    );
  });
}

/** Runs of payments that all lie within the days, each payment in one run. */
function clusters(group: readonly Entry[], days: number): Entry[][] {
  const found: Entry[][] = [];
  let current: Entry[] = [];
  for (const entry of group) {
    if (current[0] && entry.day - current[0].day > days) {
      found.push(current);
      current = [];
    }
    current.push(entry);
  }
  return [...found, current].filter((cluster) => cluster.length > 1);
}

function flagsOf(
  cluster: readonly Entry[],
  group: readonly Entry[],
  limit: number,
  { days, chance }: AnomalySettings['splitPayments'],
): Flag[] {
  const total = cluster.reduce((sum, entry) => sum + entry.amount, 0);
  if (total < limit) return [];
  const expected = usualCount(cluster, group, days);
  // At least one payment is there, else there were no cluster: how likely are the others?
  const likelihood = poissonTail(expected, cluster.length - 1);
  if (likelihood > chance) return [];
  const { currency } = cluster[0]?.transaction ?? { currency: '' };
  const ids = cluster.map((entry) => entry.transaction.id);
  const statistics = {
    payments: cluster.length,
    total: rounded(total),
    limit,
    days,
    usually: rounded(expected),
  };
  return cluster.map(({ transaction: { id } }) => ({
    transactionId: id,
    kind: 'split_payment',
    severity: 'high',
    reason: {
      en: `${cluster.length} payments to this supplier within ${days} days make ${rounded(total)} ${currency}; each alone stays under the approval limit of ${limit}.`,
      zh: `${days} 天内向该供应商付款 ${cluster.length} 笔,共 ${rounded(total)} ${currency};每笔均低于审批限额 ${limit}。`,
    },
    statistics,
    related: ids.filter((other) => other !== id),
  }));
}

/** Payments of this size or more that the supplier's other payments make one expect in a window of so many days. */
function usualCount(cluster: readonly Entry[], group: readonly Entry[], days: number): number {
  const size = ALIKE * Math.min(...cluster.map((entry) => entry.amount));
  const others = group.filter((entry) => entry.amount >= size).length - cluster.length;
  const span = (group[group.length - 1]?.day ?? 0) - (group[0]?.day ?? 0) + 1;
  return others === 0 ? 0 : (others * (days + 1)) / Math.max(span, days + 1);
}
