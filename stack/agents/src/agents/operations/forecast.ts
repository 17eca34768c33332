import { BizError } from '@bizstack/contracts';

export interface Point {
  /** Milliseconds since 1970. */
  at: number;
  value: number;
}

export interface ForecastOptions {
  /** Value at which it becomes a bottleneck. */
  threshold: number;
  horizonHours: number;
  /** 0.5–0.99. */
  confidence?: number;
}

export interface Forecast {
  /** Change per hour. */
  slopePerHour: number;
  /** Value at the end of the horizon, with its prediction interval. */
  atHorizon: { expected: number; low: number; high: number };
  confidence: number;
  /** ISO times at which the threshold is reached; null when it is not within the horizon. */
  reached: { earliest: string | null; expected: string | null; latest: string | null };
  /** Part of the variation the trend explains, 0–1. */
  fit: number;
  points: number;
}

const HOUR_MS = 3_600_000;
const FEWEST = 8;

/**
 * Straight-line trend with a prediction interval. Neighbouring measurements resemble each other, so the
 * interval counts fewer of them than there are (first-order autocorrelation of the residuals).
 * @throws BizError `BIZ_AGENTS_SERIES_TOO_SHORT`
 */
export function forecast(series: readonly Point[], options: ForecastOptions): Forecast {
  const { threshold, horizonHours, confidence = 0.9 } = options;
  const points = series.filter(({ at, value }) => Number.isFinite(at) && Number.isFinite(value));
  const first = points[0];
  const last = points.at(-1);
  if (points.length < FEWEST || !first || !last || last.at <= first.at) {
    throw new BizError(
      'BIZ_AGENTS_SERIES_TOO_SHORT',
      `A forecast needs ${FEWEST} measurements; there are ${points.length}.`,
    );
  }
  const count = points.length;
  const xs = points.map(({ at }) => (at - first.at) / HOUR_MS);
  const ys = points.map(({ value }) => value);
  const meanX = mean(xs);
  const meanY = mean(ys);
  const sxx = sum(xs.map((x) => (x - meanX) ** 2));
  const slope = sum(xs.map((x, index) => (x - meanX) * ((ys[index] ?? 0) - meanY))) / sxx;
  const expectedAt = (x: number) => meanY + slope * (x - meanX);
  const residuals = xs.map((x, index) => (ys[index] ?? 0) - expectedAt(x));
  const squares = sum(residuals.map((residual) => residual ** 2));
  const variance = squares / (count - 2);
  const alike =
    squares === 0
      ? 0
      : Math.max(0, sum(residuals.slice(1).map((one, index) => one * (residuals[index] ?? 0))) / squares);
  const effective = Math.max(3, (count * (1 - alike)) / (1 + alike));
  const quantile = studentQuantile((1 + confidence) / 2, effective - 2);
  const widthAt = (x: number) =>
    quantile * Math.sqrt(variance * (1 + 1 / effective + ((x - meanX) ** 2 * count) / (sxx * effective)));
  const lastX = xs.at(-1) ?? 0;
  const endX = lastX + horizonHours;
  const reach = (valueAt: (x: number) => number) => {
    const steps = 500;
    for (let step = 0; step <= steps; step++) {
      const x = lastX + (horizonHours * step) / steps;
      if (valueAt(x) >= threshold) return new Date(first.at + x * HOUR_MS).toISOString();
    }
    return null;
  };
  const total = sum(ys.map((y) => (y - meanY) ** 2));
  return {
    slopePerHour: slope,
    atHorizon: {
      expected: expectedAt(endX),
      low: expectedAt(endX) - widthAt(endX),
      high: expectedAt(endX) + widthAt(endX),
    },
    confidence,
    reached: {
      earliest: reach((x) => expectedAt(x) + widthAt(x)),
      expected: reach(expectedAt),
      latest: reach((x) => expectedAt(x) - widthAt(x)),
    },
    fit: total === 0 ? 1 : 1 - squares / total,
    points: count,
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((left, right) => left + right, 0);
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

/** Quantile of Student's t distribution: Cornish–Fisher expansion around the normal quantile. */
function studentQuantile(probability: number, degrees: number): number {
  const z = normalQuantile(probability);
  const n = Math.max(1, degrees);
  const g1 = (z ** 3 + z) / 4;
  const g2 = (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96;
  const g3 = (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384;
  return z + g1 / n + g2 / n ** 2 + g3 / n ** 3;
}

/** Quantile of the normal distribution by bisection of its distribution function. */
function normalQuantile(probability: number): number {
  let low = -8;
  let high = 8;
  while (high - low > 1e-9) {
    const middle = (low + high) / 2;
    if (normalDistribution(middle) < probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Series of the error function; exact to 1e-12 in the range that is asked for. */
function normalDistribution(z: number): number {
  let term = z;
  let total = z;
  for (let index = 1; index < 200 && Math.abs(term) > 1e-16; index++) {
    term *= (z * z) / (2 * index + 1);
    total += term;
  }
  return 0.5 + (total * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI);
}
