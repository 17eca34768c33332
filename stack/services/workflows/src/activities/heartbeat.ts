import { Context } from '@temporalio/activity';

const EVERY_MS = 5_000;

/** Tells Temporal every few seconds that the work goes on, so that a dead worker is noticed. */
export async function withHeartbeat<T>(
  work: (context: { signal: AbortSignal; heartbeat: () => void }) => Promise<T>,
): Promise<T> {
  const context = Context.current();
  const heartbeat = (): void => context.heartbeat();
  heartbeat();
  const timer = setInterval(heartbeat, EVERY_MS);
  try {
    return await work({ signal: context.cancellationSignal, heartbeat });
  } finally {
    clearInterval(timer);
  }
}
