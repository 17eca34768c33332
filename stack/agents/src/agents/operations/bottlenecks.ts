/** One step of one run of a process. */
export interface StepRun {
  process: string;
  step: string;
  /** Seconds until it began and seconds it took. */
  waitedSeconds: number;
  tookSeconds: number;
  failed: boolean;
  retries: number;
}

export interface StepReport {
  process: string;
  step: string;
  runs: number;
  /** Part of the time of its process that waiting and work of this step take, 0–1. */
  shareOfTime: number;
  waitedMedian: number;
  tookMedian: number;
  took95: number;
  failureRate: number;
  retriesPerRun: number;
  suggestion: 'more_workers' | 'fix_failures' | 'look_at_slow_cases' | 'make_faster' | 'none';
}

const OFTEN_FAILS = 0.05;
const MUCH_TIME = 0.3;
const LONG_TAIL = 4;

/** Where processes lose time, worst first. A step is judged from ten runs on. */
export function findBottlenecks(runs: readonly StepRun[]): StepReport[] {
  const groups = new Map<string, StepRun[]>();
  const totals = new Map<string, number>();
  for (const run of runs) {
    const key = JSON.stringify([run.process, run.step]);
    groups.set(key, [...(groups.get(key) ?? []), run]);
    totals.set(run.process, (totals.get(run.process) ?? 0) + run.waitedSeconds + run.tookSeconds);
  }
  return [...groups.values()]
    .map((group) => reportOf(group, totals))
    .sort((left, right) => right.shareOfTime - left.shareOfTime || right.failureRate - left.failureRate);
}

function reportOf(group: readonly StepRun[], totals: ReadonlyMap<string, number>): StepReport {
  const { process = '', step = '' } = group[0] ?? {};
  const waited = group.map((run) => run.waitedSeconds);
  const took = group.map((run) => run.tookSeconds);
  const time = [...waited, ...took].reduce((left, right) => left + right, 0);
  const report = {
    process,
    step,
    runs: group.length,
    shareOfTime: time / Math.max(totals.get(process) ?? 0, Number.EPSILON),
    waitedMedian: quantile(waited, 0.5),
    tookMedian: quantile(took, 0.5),
    took95: quantile(took, 0.95),
    failureRate: group.filter((run) => run.failed).length / group.length,
    retriesPerRun: group.reduce((left, run) => left + run.retries, 0) / group.length,
  };
  return { ...report, suggestion: suggestionFor(report) };
}

function suggestionFor(report: Omit<StepReport, 'suggestion'>): StepReport['suggestion'] {
  if (report.runs < 10) return 'none';
  if (report.failureRate > OFTEN_FAILS || report.retriesPerRun > 1) return 'fix_failures';
  if (report.shareOfTime < MUCH_TIME) return 'none';
  if (report.waitedMedian > report.tookMedian) return 'more_workers';
  return report.took95 > LONG_TAIL * report.tookMedian ? 'look_at_slow_cases' : 'make_faster';
}

function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0;
}
