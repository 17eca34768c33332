import { setTimeout as delay } from 'node:timers/promises';
import { isBizError, networkFailure } from './errors';

export interface RetryOptions {
  /** Calls in all, the first included. */
  readonly attempts?: number;
  /** Milliseconds before the second call; doubles each time, up to `maxDelayMs`, with jitter. */
  readonly baseDelayMs?: number;
  readonly maxDelayMs?: number;
  readonly signal?: AbortSignal;
  /** Only for calls that are safe to repeat. By default retryable {@link BizError}s and network failures. */
  readonly retryable?: (error: unknown) => boolean;
}

/** True for errors after which the same call may succeed later. */
export function isRetryable(error: unknown): boolean {
  if (isBizError(error)) return error.retryable;
  return networkFailure(error)?.retryable ?? false;
}

/**
 * Repeats `work` with exponential back-off.
 * @throws the last error, or the signal's reason when it aborts.
 */
export async function withRetry<T>(
  work: (attempt: number) => Promise<T>,
  { attempts = 3, baseDelayMs = 200, maxDelayMs = 5_000, signal, retryable = isRetryable }: RetryOptions = {},
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    signal?.throwIfAborted();
    try {
      return await work(attempt);
    } catch (error) {
      if (attempt >= attempts || !retryable(error)) throw error;
      const ceiling = Math.min(maxDelayMs, baseDelayMs * 2 ** (attempt - 1));
      await sleep(ceiling / 2 + Math.random() * (ceiling / 2), signal);
    }
  }
}

/**
 * Waits.
 * @throws the signal's reason when it aborts.
 */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}
