export interface RestartPolicy {
  /** Delay before the first restart, in milliseconds; doubled for each further crash. */
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  /** A process that ran this long starts again at the first delay, in milliseconds. */
  readonly stableAfterMs: number;
  /** Crashes within `windowMs` after which nothing is restarted any more. */
  readonly maxCrashes: number;
  readonly windowMs: number;
}

export const DEFAULT_RESTART_POLICY: RestartPolicy = {
  firstDelayMs: 500,
  maxDelayMs: 30_000,
  stableAfterMs: 60_000,
  maxCrashes: 6,
  windowMs: 180_000,
};

/** Decides what follows a crash. Keeps the crashes of one process. */
export class Backoff {
  private crashes: number[] = [];
  private inARow = 0;

  constructor(private readonly policy: RestartPolicy = DEFAULT_RESTART_POLICY) {}

  /**
   * @param now milliseconds since any fixed moment
   * @param ranForMs how long the process had run
   * @returns the delay in milliseconds, or `give-up`
   */
  crashed(now: number, ranForMs: number): number | 'give-up' {
    const { firstDelayMs, maxDelayMs, stableAfterMs, maxCrashes, windowMs } = this.policy;
    this.crashes = [...this.crashes.filter((at) => now - at < windowMs), now];
    if (this.crashes.length >= maxCrashes) return 'give-up';
    this.inARow = ranForMs >= stableAfterMs ? 0 : this.inARow + 1;
    return Math.min(maxDelayMs, firstDelayMs * 2 ** Math.max(0, this.inARow - 1));
  }

  get count(): number {
    return this.crashes.length;
  }
}
