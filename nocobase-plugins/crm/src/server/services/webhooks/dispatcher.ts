import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { isBizError, messageOf } from '@bizstack/contracts';
import type { Model } from '@nocobase/database';
import type { Application } from '@nocobase/server';
import { z } from 'zod';
import { names, query } from '../sql';
import { send } from './send';
import { checkTarget } from './target-guard';

const POLL_MS = 500;
const CONCURRENCY = 8;
/** Attempts before a delivery is given up: with the waits below, about 17 hours. */
export const MAX_ATTEMPTS = 12;
const FIRST_RETRY_MS = 2000;
const LONGEST_RETRY_MS = 4 * 3600_000;
/** A delivery taken by a process that ended meanwhile is tried again after this. */
const LEASE_SECONDS = 60;

const deliverySchema = z.object({
  id: z.coerce.string(),
  webhookId: z.coerce.string(),
  eventId: z.string(),
  payload: z.string(),
  attempts: z.coerce.number(),
});

type Due = z.infer<typeof deliverySchema>;

/** Sends due webhook deliveries. Several processes can work at once: each delivery is leased to one of them. */
export class WebhookDispatcher {
  private stopping: AbortController | undefined;
  private running: Promise<void> | undefined;

  constructor(private readonly app: Application) {}

  start(): void {
    if (this.running !== undefined) return;
    this.stopping = new AbortController();
    this.running = this.run(this.stopping.signal);
  }

  async stop(): Promise<void> {
    this.stopping?.abort();
    await this.running;
    this.running = undefined;
  }

  private async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const due = await this.lease();
        await Promise.all(due.map((delivery) => this.deliver(delivery)));
        if (due.length === CONCURRENCY) continue;
      } catch (error) {
        if (!signal.aborted) this.app.log.warn(`outgoing webhooks: ${messageOf(error)}`);
      }
      await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  private async lease(): Promise<Due[]> {
    const { table, column } = names(this.app.db.getCollection('crmWebhookDeliveries'));
    return query(
      this.app.db,
      deliverySchema,
      `UPDATE ${table} AS d
       SET ${column('attempts')} = d.${column('attempts')} + 1, ${column('nextAttemptAt')} = now() + interval '${LEASE_SECONDS} seconds'
       FROM (
         SELECT ${column('id')} AS id FROM ${table}
         WHERE ${column('state')} = 'pending' AND ${column('nextAttemptAt')} <= now()
         ORDER BY ${column('nextAttemptAt')}, ${column('id')} LIMIT ${CONCURRENCY} FOR UPDATE SKIP LOCKED
       ) AS due
       WHERE d.${column('id')} = due.id
       RETURNING d.${column('id')} AS id, d.${column('webhookId')} AS "webhookId", d.${column('eventId')}::text AS "eventId",
                 d.${column('payload')}::text AS payload, d.${column('attempts')} AS attempts`,
    );
  }

  private async deliver(delivery: Due): Promise<void> {
    const webhook = await this.app.db
      .getRepository('crmWebhooks')
      .findOne({ filterByTk: delivery.webhookId });
    if (webhook === null) return;
    try {
      const target = await checkTarget(String(webhook.get('url')));
      const secret = await this.app.aesEncryptor.decrypt(String(webhook.get('encryptedSecret')));
      const status = await send({ target, secret, deliveryId: delivery.eventId, body: delivery.payload });
      if (status >= 200 && status < 300)
        return await this.settle(delivery, {
          state: 'delivered',
          responseStatus: status,
          deliveredAt: new Date(),
          lastError: null,
        });
      await this.failed(delivery, `HTTP ${status}`, status);
    } catch (error) {
      await this.failed(delivery, messageOf(error), undefined, isBizError(error, 'BIZ_CRM_TARGET_REFUSED'));
    }
  }

  private async failed(
    delivery: Due,
    lastError: string,
    responseStatus?: number,
    final = false,
  ): Promise<void> {
    const dead = final || delivery.attempts >= MAX_ATTEMPTS;
    await this.settle(delivery, {
      state: dead ? 'dead' : 'pending',
      lastError: lastError.slice(0, 2000),
      responseStatus: responseStatus ?? null,
      nextAttemptAt: new Date(Date.now() + retryDelay(delivery.attempts)),
    });
  }

  private async settle({ id }: Due, values: Readonly<Record<string, unknown>>): Promise<void> {
    await this.app.db.getRepository('crmWebhookDeliveries').update({ filterByTk: id, values });
  }
}

/** Milliseconds before the attempt after the `attempts`-th: doubled each time, with a quarter of chance. */
export function retryDelay(attempts: number): number {
  const plain = Math.min(FIRST_RETRY_MS * 2 ** Math.max(0, attempts - 1), LONGEST_RETRY_MS);
  return Math.round(plain * (0.875 + Math.random() * 0.25));
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Encrypts the secret that is entered, and refuses an address that could not be delivered to. */
export function registerWebhookHooks(app: Application): void {
  const check = async (webhook: Model): Promise<void> => {
    if (webhook.changed('url')) await checkTarget(textOf(webhook.get('url')));
    const secret = webhook.get('secret');
    if (typeof secret === 'string' && secret !== '')
      webhook.set('encryptedSecret', await app.aesEncryptor.encrypt(secret));
    else if (typeof webhook.get('encryptedSecret') !== 'string') {
      webhook.set('encryptedSecret', await app.aesEncryptor.encrypt(randomBytes(24).toString('hex')));
    }
  };
  app.db.on('crmWebhooks.beforeCreate', check);
  app.db.on('crmWebhooks.beforeUpdate', check);
}
