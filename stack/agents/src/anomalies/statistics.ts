/** Makes the median absolute deviation of a normal distribution its standard deviation. */
const MAD_TO_SIGMA = 1.4826;
/** The same for the mean absolute deviation, which serves where more than half of the values are equal. */
const MEAN_AD_TO_SIGMA = 1.2533;

export interface Spread {
  readonly count: number;
  readonly median: number;
  readonly sigma: number;
}

/** Median and robust standard deviation. */
export function spreadOf(values: readonly number[]): Spread {
  const median = medianOf(values);
  const deviations = values.map((value) => Math.abs(value - median));
  const mad = MAD_TO_SIGMA * medianOf(deviations);
  const mean = (MEAN_AD_TO_SIGMA * deviations.reduce((a, b) => a + b, 0)) / Math.max(1, values.length);
  return { count: values.length, median, sigma: mad > 0 ? mad : mean };
}

export function medianOf(values: readonly number[]): number {
  return quantileOf(values, 0.5);
}

/** Quantile with linear interpolation; NaN of nothing. */
export function quantileOf(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  if (sorted.length === 0) return NaN;
  const at = share * (sorted.length - 1);
  const low = Math.floor(at);
  const from = sorted[low] ?? NaN;
  return from + ((sorted[Math.min(low + 1, sorted.length - 1)] ?? NaN) - from) * (at - low);
}

/** Chance of at least `count` events where `expected` are usual (Poisson). */
export function poissonTail(expected: number, count: number): number {
  let term = Math.exp(-expected);
  let below = 0;
  for (let k = 0; k < count; k += 1) {
    below += term;
    term *= expected / (k + 1);
  }
  return Math.max(0, 1 - below);
}

export function groupBy<T, K>(items: Iterable<T>, keyOf: (item: T) => K | undefined): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    if (key === undefined) continue;
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}

/** At most two decimals: figures for people. */
export function rounded(value: number): number {
  return Math.round(value * 100) / 100 + 0;
}
