import type { Application } from '@nocobase/server';

export interface Endpoint {
  readonly url: string;
  readonly encryptedSecret: string;
}

/** A table of deliveries that the dispatcher works off, and where they go. */
export interface DeliveryQueue {
  /** For log lines. */
  readonly title: string;
  /** Collection with `id`, `eventId`, `payload`, `state`, `attempts`, `nextAttemptAt`, `responseStatus`, `lastError`. */
  readonly deliveries: string;
  /** Its field that names who gets the delivery. */
  readonly owner: string;
  /** True: deliveries of one owner with the same `subject` go out one after the other, in the order of their ids. */
  readonly ordered: boolean;
  readonly contentType: string;
  /** A further SQL condition on the owner's id, starting with AND. */
  condition?(ownerId: string): string;
  /** Undefined when the owner is gone meanwhile. */
  endpoint(ownerId: string): Promise<Endpoint | undefined>;
  delivered(id: string, status: number): Promise<void>;
  /** The receiver says that it is gone for good (HTTP 410). */
  gone?(ownerId: string): Promise<void>;
}

/** Events of the CRM for the webhooks that administrators enter. */
export function webhookQueue({ db }: Application): DeliveryQueue {
  return {
    title: 'outgoing webhooks',
    deliveries: 'crmWebhookDeliveries',
    owner: 'webhookId',
    ordered: false,
    contentType: 'application/cloudevents+json',
    async endpoint(ownerId) {
      const webhook = await db.getRepository('crmWebhooks').findOne({ filterByTk: ownerId });
      if (webhook === null) return undefined;
      return { url: String(webhook.get('url')), encryptedSecret: String(webhook.get('encryptedSecret')) };
    },
    async delivered(id, responseStatus) {
      await db.getRepository('crmWebhookDeliveries').update({
        filterByTk: id,
        values: { state: 'delivered', responseStatus, deliveredAt: new Date(), lastError: null },
      });
    },
  };
}
