/** Two things measured in turns, so that both see the same machine. */
export interface MeasuredPair {
  readonly name: string;
  /** `ms` for times; `<what>/s` for rates. */
  readonly unit: string;
  readonly ours: number;
  readonly reference: number;
}

export interface MeasureOptions {
  readonly name: string;
  /** Called with the number of the round, from 0; rounds that warm up count from -1 down. */
  readonly ours: (round: number) => Promise<unknown>;
  readonly reference: (round: number) => Promise<unknown>;
  /** Measured rounds of each side. */
  readonly rounds: number;
  /** Rounds before them that do not count. Default 1. */
  readonly warmUp?: number;
}

/** Compares how long one call takes: a pair in ms for each quantile (default: the median and 0.99). */
export async function measureTimes(
  options: MeasureOptions,
  quantiles: readonly number[] = [0.5, 0.99],
): Promise<MeasuredPair[]> {
  const { ours, reference } = await inTurns(options);
  return quantiles.map((q) => ({
    name: `${options.name}, p${Math.round(q * 100)}`,
    unit: 'ms',
    ours: quantile(ours, q),
    reference: quantile(reference, q),
  }));
}

/** Compares how many `unit` a second a call gets through that handles `amount` of them; the median round counts. */
export async function measureRates(
  options: MeasureOptions & { readonly unit: string; readonly amount: number },
): Promise<MeasuredPair> {
  const { ours, reference } = await inTurns(options);
  const rate = (times: readonly number[]): number => (options.amount * 1000) / quantile(times, 0.5);
  return { name: options.name, unit: `${options.unit}/s`, ours: rate(ours), reference: rate(reference) };
}

async function inTurns({
  ours,
  reference,
  rounds,
  warmUp = 1,
}: MeasureOptions): Promise<{ ours: number[]; reference: number[] }> {
  const times = { ours: new Array<number>(), reference: new Array<number>() };
  const sides = [
    { run: ours, into: times.ours },
    { run: reference, into: times.reference },
  ];
  for (let round = -warmUp; round < rounds; round++) {
    // Who goes first changes, so that neither always finds warm caches.
    for (const { run, into } of round % 2 === 0 ? sides : [...sides].reverse()) {
      const started = performance.now();
      await run(round);
      if (round >= 0) into.push(performance.now() - started);
    }
  }
  return times;
}

function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}
