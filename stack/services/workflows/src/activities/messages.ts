import { signatureHeaders } from '@bizstack/contracts';
import { Context } from '@temporalio/activity';
import type { Database } from './database';
import { callHttp } from './http';
import { keyOf, type StepInput } from './step';

export interface SendMessage extends StepInput {
  /** For example `quote`, `payment_reminder`: the flow that sends it chooses the words. */
  readonly template: string;
  readonly to: string;
  readonly values: Readonly<Record<string, unknown>>;
}

export interface Delivery {
  /** Undefined = messages leave as events only, and a flow sends them. */
  readonly url: string | undefined;
  readonly secret: string | undefined;
}

/** Messages to customers: an event for flows and, when a delivery URL is set, a signed POST. */
export function messageActivities(database: Database, delivery: Delivery) {
  return {
    async sendMessage(input: SendMessage): Promise<void> {
      const { workflowId, template, to, values } = input;
      const key = keyOf(input);
      await database.once(key, [template, to], (tx) =>
        tx.emit({
          type: 'sales.message.requested',
          subject: `workflow/${workflowId}`,
          data: { workflowId, template, to, values },
        }),
      );
      if (delivery.url === undefined) return;
      const body = JSON.stringify({ key, workflowId, template, to, values });
      await callHttp({
        area: 'BIZ_DELIVERY',
        url: delivery.url,
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          // The receiver knows a repeated delivery by it.
          'idempotency-key': key,
          ...(delivery.secret === undefined
            ? {}
            : signatureHeaders(delivery.secret, { deliveryId: key, body })),
        },
        body,
        timeoutMs: 15_000,
        signal: Context.current().cancellationSignal,
      });
    },
  };
}
