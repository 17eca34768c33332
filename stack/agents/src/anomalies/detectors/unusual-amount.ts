import type { Flag } from '../flag';
import type { AnomalySettings } from '../settings';
import { groupBy, rounded, type Spread, spreadOf } from '../statistics';
import type { Entry } from '../transaction';

/** Correction for small groups: their spread is itself uncertain, so more is needed to be unusual. */
const SMALL_GROUP = 5;

const GROUP_NAMES = {
  supplier_weekday: { en: 'this supplier on this weekday', zh: '该供应商在该星期几' },
  supplier: { en: 'this supplier', zh: '该供应商' },
  category: { en: 'this category', zh: '该类别' },
} as const;
type GroupName = keyof typeof GROUP_NAMES;

/** Amounts far from the median of their group, on a logarithmic scale; credits are compared with credits. */
export function unusualAmounts(entries: readonly Entry[], settings: AnomalySettings): Flag[] {
  const { threshold, minSupplier, minCategory } = settings.unusualAmount;
  const nonZero = entries.filter((entry) => entry.amount !== 0);
  const sign = (entry: Entry) => (entry.amount > 0 ? '+' : '-');
  const suppliers = groupBy(nonZero, (entry) => `${sign(entry)}${entry.supplierKey}`);
  const categories = groupBy(nonZero, (entry) => entry.categoryKey && `${sign(entry)}${entry.categoryKey}`);
  const categorySpreads = new Map(
    [...categories]
      .filter(([, group]) => group.length >= minCategory)
      .map(([key, group]) => [key, spreadOf(group.map(logAmount))]),
  );
  return [...suppliers.values()].flatMap((group) => {
    const own = group.length >= minSupplier ? spreadOf(group.map(logAmount)) : undefined;
    const weekdays = own && weekdaySpreads(group, own, settings);
    return group.flatMap((entry) => {
      const onWeekday = weekdays?.get(entry.weekday);
      const ofCategory = categorySpreads.get(`${sign(entry)}${entry.categoryKey ?? ''}`);
      const [name, spread] = pick(onWeekday, own, ofCategory);
      if (spread === undefined) return [];
      const sigma = Math.max(spread.sigma, settings.unusualAmount.leastSpread);
      const z = (logAmount(entry) - spread.median) / sigma;
      const limit = threshold * (1 + SMALL_GROUP / spread.count);
      return Math.abs(z) < limit ? [] : [flag(entry, name, spread, z, limit)];
    });
  });
}

function pick(
  weekday: Spread | undefined,
  supplier: Spread | undefined,
  category: Spread | undefined,
): [GroupName, Spread | undefined] {
  if (weekday) return ['supplier_weekday', weekday];
  return supplier ? ['supplier', supplier] : ['category', category];
}

/** Spreads per weekday of a supplier whose weekdays really differ; else none, because larger groups know more. */
function weekdaySpreads(
  group: readonly Entry[],
  own: Spread,
  settings: AnomalySettings,
): Map<number, Spread> | undefined {
  const { minSupplierWeekday, weekdayShift, leastSpread } = settings.unusualAmount;
  const spreads = [...groupBy(group, (entry) => entry.weekday)]
    .filter(([, entries]) => entries.length >= minSupplierWeekday)
    .map(([weekday, entries]) => [weekday, spreadOf(entries.map(logAmount))] as const);
  const within = Math.min(...spreads.map(([, spread]) => Math.max(spread.sigma, leastSpread)));
  const differs = spreads.some(([, spread]) => Math.abs(spread.median - own.median) >= weekdayShift * within);
  return differs ? new Map(spreads) : undefined;
}

function logAmount(entry: Entry): number {
  return Math.log(Math.abs(entry.amount));
}

function flag(entry: Entry, name: GroupName, spread: Spread, z: number, limit: number): Flag {
  const { id, amount, currency } = entry.transaction;
  const usual = rounded(Math.sign(entry.amount) * Math.exp(spread.median));
  const group = GROUP_NAMES[name];
  const [size, sizeZh] = z > 0 ? ['high', '偏高'] : ['low', '偏低'];
  const figures = `median ${usual} ${currency}, ${spread.count} payments, robust z ${rounded(z)}`;
  const figuresZh = `中位数 ${usual} ${currency},${spread.count} 笔,稳健 z 值 ${rounded(z)}`;
  return {
    transactionId: id,
    kind: 'unusual_amount',
    severity: Math.abs(z) >= 2 * limit ? 'high' : 'medium',
    reason: {
      en: `${amount} ${currency} is unusually ${size} for ${group.en} (${figures}).`,
      zh: `${amount} ${currency} 对${group.zh}而言异常${sizeZh}(${figuresZh})。`,
    },
    statistics: { group: name, count: spread.count, median: usual, z: rounded(z), threshold: rounded(limit) },
    related: [],
  };
}
