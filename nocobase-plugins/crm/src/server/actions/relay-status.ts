import type { Context, Handler, Next } from '@nocobase/actions';
import type { RelayMetrics } from '@bizstack/outbox';
import { relayStatus } from '../relay/status';

/** `GET /api/crmRelay:status`: what waits, for how long, who works, what is wrong. */
export function statusAction(metrics: () => RelayMetrics | undefined): Handler {
  return async (context: Context, next: Next) => {
    context.body = await relayStatus(context.db, metrics());
    await next();
  };
}
