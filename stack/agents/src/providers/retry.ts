import { type BizError, isBizError } from '@bizstack/contracts';
import { setTimeout as delay } from 'node:timers/promises';

export interface RetryOptions {
  /** Attempts after the first. */
  max: number;
  /** Milliseconds for all attempts and waits. */
  budgetMs: number;
  signal: AbortSignal;
  /** Called before each wait, in milliseconds. */
  onWait?: (milliseconds: number, error: BizError) => void;
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 20_000;

/**
 * Tries again what failed with a retryable BizError: after the time the server asked for, otherwise after
 * 0.5 s, 1 s, 2 s, … with jitter. The error itself is thrown when attempts or budget would not suffice.
 */
export async function withRetries<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  const endAt = Date.now() + options.budgetMs;
  for (let tried = 0; ; tried++) {
    try {
      return await attempt();
    } catch (error) {
      if (!isBizError(error) || !error.retryable || tried >= options.max || options.signal.aborted)
        throw error;
      const wait = waitFor(error, tried);
      if (Date.now() + wait > endAt) throw error;
      options.onWait?.(wait, error);
      await delay(wait, undefined, { signal: options.signal }).catch(() => {
        throw error;
      });
    }
  }
}

function waitFor(error: BizError, tried: number): number {
  const asked = error.details.retryAfterMs;
  if (typeof asked === 'number') return asked;
  const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** tried);
  return wait / 2 + Math.random() * (wait / 2);
}
