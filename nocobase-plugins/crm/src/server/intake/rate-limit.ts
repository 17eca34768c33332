/**
 * Counts by key in fixed windows, in this process: the first defence of a public form. Behind several
 * processes each counts for itself, so the true limit is at most `limit` times their number.
 */
export class RateLimit {
  private windowStart = 0;
  private readonly counts = new Map<string, number>();

  /**
   * @param limit calls allowed a key and window
   * @param maxKeys keys remembered at once; beyond it new keys are refused rather than memory taken
   */
  constructor(
    private readonly limit: number,
    private readonly windowMs: number,
    private readonly maxKeys = 100_000,
  ) {}

  /** @returns seconds to wait, or 0 when the call may go on */
  take(key: string, now = Date.now()): number {
    if (now - this.windowStart >= this.windowMs) {
      this.windowStart = now;
      this.counts.clear();
    }
    const count = (this.counts.get(key) ?? 0) + 1;
    const full = count === 1 && this.counts.size >= this.maxKeys;
    if (count > this.limit || full)
      return Math.max(1, Math.ceil((this.windowStart + this.windowMs - now) / 1000));
    this.counts.set(key, count);
    return 0;
  }
}
