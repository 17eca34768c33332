import { BizError, type BizErrorCode } from './errors';

/**
 * Waits for `work`, at most `timeoutMs`. The work itself cannot be stopped: it is awaited no longer.
 * Rejects with the coded error that `describe` gives when the time is over.
 */
export async function withDeadline<T>(
  work: Promise<T>,
  timeoutMs: number,
  describe: { code: BizErrorCode; message: string; hint?: string },
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new BizError(describe.code, describe.message, { hint: describe.hint, retryable: true }));
    }, timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Resolves after `ms`, or at once when the signal aborts; never rejects. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
  });
}
