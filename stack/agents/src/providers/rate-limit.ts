import { setTimeout as delay } from 'node:timers/promises';

/** Spaces requests so that a minute has no more than allowed; all wait together when the server says so. */
export class RateLimit {
  readonly #gapMs: number;
  #nextAt = 0;

  constructor(requestsPerMinute: number | undefined) {
    this.#gapMs = requestsPerMinute === undefined ? 0 : 60_000 / requestsPerMinute;
  }

  /** Resolves when the next request may go. Rejects when `signal` aborts. */
  async take(signal: AbortSignal): Promise<void> {
    const now = Date.now();
    const at = Math.max(now, this.#nextAt);
    this.#nextAt = at + this.#gapMs;
    if (at > now) await delay(at - now, undefined, { signal });
  }

  /** Nobody sends for this long, in milliseconds. */
  pause(milliseconds: number): void {
    this.#nextAt = Math.max(this.#nextAt, Date.now() + milliseconds);
  }
}
