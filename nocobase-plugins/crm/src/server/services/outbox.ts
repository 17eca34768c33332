import { type BizEvent, EVENT_TOPICS, parseEvent } from '@bizstack/contracts';
import type { Database, Transaction } from '@nocobase/database';
import { z } from 'zod';
import { names, query } from './sql';

/** Called after a commit that wrote an event; one listener a database. */
const listeners = new WeakMap<Database, () => void>();

export function onEventCommitted(db: Database, listener: () => void): void {
  listeners.set(db, listener);
}

/**
 * Writes an event and its webhook deliveries in the caller's transaction: both are there if and only if the
 * change is. The event's id must be made while the lead's row or identity is locked: the relay sends in their order.
 * @throws BizError `BIZ_EVENT_INVALID` when the event does not fit its type.
 */
export async function writeEvent(db: Database, event: BizEvent, transaction: Transaction): Promise<void> {
  parseEvent(event);
  await db.getRepository('bizstackOutbox').create({
    values: {
      id: event.id,
      topic: EVENT_TOPICS[event.type],
      aggregatetype: event.type.split('.')[0],
      aggregateid: event.subject,
      type: event.type,
      payload: event,
      attempts: 0,
      createdAt: new Date(),
    },
    transaction,
  });
  await fanOut(db, event, transaction);
  transaction.afterCommit(() => listeners.get(db)?.());
}

const webhookRow = z.object({ id: z.coerce.string() });

async function fanOut(db: Database, event: BizEvent, transaction: Transaction): Promise<void> {
  const webhooks = names(db.getCollection('crmWebhooks'));
  const wanted = await query(
    db,
    webhookRow,
    `SELECT ${webhooks.column('id')} AS id FROM ${webhooks.table}
     WHERE ${webhooks.column('enabled')} AND jsonb_exists(${webhooks.column('eventTypes')}::jsonb, $1)`,
    { bind: [event.type], transaction },
  );
  for (const { id } of wanted) {
    await db.getRepository('crmWebhookDeliveries').create({
      values: {
        webhookId: id,
        eventId: event.id,
        eventType: event.type,
        payload: event,
        state: 'pending',
        attempts: 0,
        nextAttemptAt: new Date(),
      },
      transaction,
    });
  }
}
