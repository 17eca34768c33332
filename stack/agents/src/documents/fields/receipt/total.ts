import type { Line } from '../../layout/lines';
import type { Field } from '../../types';
import { cents, findAmounts, repairOcrNumbers } from '../amounts';
import { fold } from '../text';

type Label =
  | 'rounded'
  | 'total'
  | 'weak'
  | 'subtotal'
  | 'net'
  | 'tax'
  | 'rounding'
  | 'cash'
  | 'change'
  | 'discount'
  | 'other';

/** First match decides. Spaces are optional: recognisers lose them. */
const LABELS: readonly (readonly [Label, RegExp])[] = [
  [
    'other',
    /(?:[qco0]t[yv]\b|qry|quantity|items?\b|item\s*\(s|kuantiti|points?|saving|\bsaved|no\.?\s*of|(?<!dis)count|balance\s*pts)/,
  ],
  ['change', /(?:change|baki|kembali)/],
  [
    'rounded',
    /(?:rounded\s*(?:total|amt|amount)|total\s*rounded|round(?:ed|ing)?\s*total|(?:total|amount|amt).{0,16}after\s*r(?:oun)?d|after\s*rounding)/,
  ],
  ['rounding', /(?:r[o0]u?n?d.{0,3}ing|rounding|\bround|rnd\b|pelarasan|adj(?:ustment)?\b)/],
  [
    'net',
    /(?:total|amount|amt|sales?|sub\s*total).{0,14}(?:exc|before|w\/?o\b|without)|exc(?:l|luding)?\.?\s*(?:of\s*)?(?:gst|tax|sst)|taxable/,
  ],
  ['subtotal', /(?:sub\s?-?\s*t[o0]ta[l1i]|subtot)/],
  [
    'total',
    /(?:t[o0]ta[l1i]|amount|amt|sales?|price).{0,14}(?:[il1]nc|after\s*(?:tax|disc))|[il1]nc(?:l|lusive|luding)?\.?\s*(?:of\s*)?\d?\s?%?\s*(?:gst|tax|sst)/,
  ],
  ['discount', /(?:discount|\bdisc\b|voucher|diskaun|less\b|rebate)/],
  ['tax', /(?:total\s*)?(?:\bgst\b|\bsst\b|\btax\b|\bvat\b|cukai|g5t|6st|total\s*gst|service\s*charge)/],
  [
    'total',
    /(?:(?:grand|final|sales)\s*t[o0]ta[l1i]|(?:amount|amt)\.?\s*(?:due|payable)|bill\s*(?:amount|amt)|total\s*(?:due|payable|amount|amt|sales?)|nett?\s*(?:total|amount|amt)|total\s*bill|bill\s*total|jumlah|balance\s*due|amt\s*due|to\s*pay)/,
  ],
  ['total', /(?<![a-z])(?:[t7][o0a][t7][ao][l1i]|tota|tot[^a-z]{1,2})(?![a-z]*(?:ly))/],
  [
    'cash',
    /(?:\bcash\b|tunai|visa|master|credit|debit|card|tender|paid|payment|received|bayar|e-?wallet|touch|grabpay)/,
  ],
  ['weak', /(?:\bamount\b|\bamt\b|\btotal)/],
];

const SUMMARY = /(?:gst|tax|sst)\s*(?:summary|analysis|code|details?)|summary|tax\s*code/;

interface Labelled {
  readonly label: Label;
  readonly value: number;
  readonly at: number;
  readonly text: string;
  readonly summary: boolean;
}

/** Recognisers see figures in words: `T0tal`, `Subtota1`. */
function withoutFigures(text: string): string {
  return text
    .replace(/(?<=[a-z])0(?=[a-z])|\b0(?=[a-z]{3})/g, 'o')
    .replace(/(?<=[a-z])[1|!](?=[a-z])|(?<=[a-z]{3})[1|!](?![\w.,])/g, 'l')
    .replace(/(?<=[a-z])5(?=[a-z])|\b5(?=[a-z]{3})/g, 's');
}

function labelOf(text: string): Label | undefined {
  const words = withoutFigures(text);
  return LABELS.find(([, expression]) => expression.test(words) || expression.test(text))?.[0];
}

function amountsOf(text: string): number[] {
  return findAmounts(repairOcrNumbers(text)).map((amount) => amount.value);
}

function labelled(lines: readonly Line[]): Labelled[] {
  const found: Labelled[] = [];
  let summary = false;
  lines.forEach((line, at) => {
    const text = fold(line.text);
    if (SUMMARY.test(text)) summary = true;
    const label = labelOf(text);
    if (label === undefined) return;
    const own = amountsOf(line.text);
    const value = own.at(-1);
    if (value !== undefined) {
      found.push({ label, value, at, text, summary });
      return;
    }
    // On a curled receipt the amount slips onto a line of its own.
    for (const neighbour of [lines[at + 1], lines[at - 1]]) {
      if (!neighbour || labelOf(fold(neighbour.text)) !== undefined) continue;
      const letters = neighbour.text.replace(/\bRM\b|[^\p{L}]/giu, '').length;
      const [only, ...more] = amountsOf(neighbour.text);
      if (letters > 2 || only === undefined || more.length > 0) continue;
      found.push({ label, value: only, at, text, summary });
      break;
    }
  });
  return found;
}

const WEIGHT: Partial<Record<Label, number>> = {
  rounded: 6,
  total: 4,
  weak: 1.5,
  subtotal: 1.5,
  net: 0.8,
  cash: 1.2,
};

/** Cash less change in hundredths, for every pair that was read. */
function differences(tenders: readonly number[], changes: readonly number[]): number[] {
  return tenders.flatMap((cash) =>
    changes.map((change) => cents(cash) - cents(Math.abs(change))).filter((difference) => difference > 0),
  );
}

interface Evidence {
  score: number;
  reasons: string[];
}

export interface ReceiptTotals {
  readonly total: Field<number> | undefined;
  readonly net: Field<number> | undefined;
  readonly tax: Field<number> | undefined;
}

/** Total, net and tax of a receipt: labels propose, arithmetic decides. */
export function readTotals(lines: readonly Line[]): ReceiptTotals {
  const all = labelled(lines);
  const entries = all.filter((entry) => !entry.summary);
  const byLabel = (label: Label): number[] => entries.filter((e) => e.label === label).map((e) => e.value);
  const candidates = new Map<number, Evidence>();
  const support = (value: number, points: number, reason: string): void => {
    const evidence = candidates.get(cents(value));
    if (evidence === undefined || evidence.reasons.includes(reason)) return;
    evidence.score += points;
    evidence.reasons.push(reason);
  };
  for (const entry of entries) {
    const weight = WEIGHT[entry.label];
    if (weight === undefined || entry.value <= 0) continue;
    if (!candidates.has(cents(entry.value))) candidates.set(cents(entry.value), { score: 0, reasons: [] });
    support(entry.value, weight, `labelled ${entry.label === 'weak' ? 'amount' : entry.label}`);
  }
  const [changes, tenders, roundings, taxes, discounts] = [
    byLabel('change'),
    byLabel('cash'),
    byLabel('rounding'),
    byLabel('tax'),
    byLabel('discount'),
  ];
  // What could not be read as a label may still be the only sum that adds up.
  const written = new Set<number>();
  for (const line of lines)
    for (const value of amountsOf(line.text)) if (value > 0) written.add(cents(value));
  for (const key of [...written, ...differences(tenders, changes)]) {
    if (!candidates.has(key)) candidates.set(key, { score: 0, reasons: [] });
  }
  for (const [key] of candidates) {
    const value = key / 100;
    if (differences(tenders, changes).includes(key)) support(value, 4, 'cash less change');
    for (const net of [...byLabel('net'), ...byLabel('subtotal')]) {
      for (const tax of taxes) {
        for (const rounding of [0, ...roundings]) {
          if (tax <= 0 || !written.has(key)) continue;
          if (Math.abs(cents(net) + cents(tax) + cents(rounding) - key) <= 1)
            support(value, 3, 'net plus tax');
        }
      }
    }
    for (const base of byLabel('subtotal')) {
      for (const discount of discounts) {
        if (discount === 0 || !written.has(key)) continue;
        const left = cents(base) - cents(Math.abs(discount));
        // The sum before the rounding adds up as well; it is not what was paid.
        const sums = roundings.some((one) => one !== 0) ? roundings : [0];
        if (sums.some((one) => left + cents(one) === key)) support(value, 3, 'less the discount');
      }
    }
    for (const base of [...byLabel('total'), ...byLabel('subtotal'), ...byLabel('net')]) {
      for (const rounding of roundings) {
        if (rounding === 0 || Math.abs(rounding) > 0.05 || !written.has(key)) continue;
        if (Math.abs(cents(base) - key) === Math.abs(cents(rounding)) && key % 5 === 0)
          support(value, 2.5, 'after rounding');
      }
    }
    const repeats = entries.filter((e) => cents(e.value) === key).length;
    if (repeats > 1) support(value, Math.min(2, (repeats - 1) * 0.7), 'stands there several times');
    if (changes.some((change) => cents(change) === key)) support(value, -1, 'equals the change');
  }
  const ranked = [...candidates.entries()].sort((a, b) => b[1].score - a[1].score || b[0] - a[0]);
  const [best, second] = ranked.filter(([, evidence]) => evidence.score > 0);
  const tax = taxOf(entries, all, best?.[0]);
  const net = netOf(entries, best?.[0], tax);
  if (!best) return { total: largestAmount(lines), net, tax };
  const lead = best[1].score - (second?.[1].score ?? 0);
  const total: Field<number> = {
    value: best[0] / 100,
    confidence: Math.max(0.2, Math.min(0.98, 0.35 + best[1].score * 0.05 + lead * 0.05)),
    reason: `The amount is ${best[1].reasons.join(', ')}.`,
  };
  return { total, net, tax };
}

function taxOf(
  entries: readonly Labelled[],
  all: readonly Labelled[],
  total: number | undefined,
): Field<number> | undefined {
  const fits = (e: Labelled): boolean =>
    e.label === 'tax' &&
    e.value >= 0 &&
    (total === undefined || cents(e.value) < total * 0.35) &&
    !/\bid\b|\bno\b|reg/.test(e.text);
  const found = entries.filter(fits);
  const entry =
    found.find((e) => /total/.test(e.text)) ??
    found.find((e) => e.value > 0) ??
    found[0] ??
    all.filter(fits).at(-1);
  return (
    entry && {
      value: entry.value,
      confidence: entry.summary ? 0.4 : 0.65,
      reason: 'The amount is labelled tax.',
    }
  );
}

function netOf(
  entries: readonly Labelled[],
  total: number | undefined,
  tax: Field<number> | undefined,
): Field<number> | undefined {
  const entry =
    entries.find((e) => e.label === 'net' && e.value > 0) ??
    entries.find((e) => e.label === 'subtotal' && e.value > 0);
  if (!entry) return undefined;
  const sums =
    total !== undefined && tax !== undefined && Math.abs(cents(entry.value) + cents(tax.value) - total) <= 5;
  return {
    value: entry.value,
    confidence: sums ? 0.9 : 0.55,
    reason: `The amount is labelled ${entry.label === 'net' ? 'without tax' : 'subtotal'}${sums ? ' and fits the total' : ''}.`,
  };
}

/** No label could be read: the amount that stands there most often, of these the largest. */
function largestAmount(lines: readonly Line[]): Field<number> | undefined {
  const counts = new Map<number, number>();
  for (const line of lines) {
    if (/change|baki/.test(fold(line.text))) continue;
    for (const value of amountsOf(line.text))
      if (value > 0) counts.set(cents(value), (counts.get(cents(value)) ?? 0) + 1);
  }
  const best = [...counts].sort((a, b) => b[1] - a[1] || b[0] - a[0])[0];
  return (
    best && {
      value: best[0] / 100,
      confidence: 0.25,
      reason: 'No label: the amount that stands there most often.',
    }
  );
}
