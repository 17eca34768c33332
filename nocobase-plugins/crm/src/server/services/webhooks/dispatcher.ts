import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { isBizError, messageOf } from '@bizstack/contracts';
import type { Model } from '@nocobase/database';
import type { Application } from '@nocobase/server';
import { z } from 'zod';
import { names, query } from '../sql';
import type { DeliveryQueue } from './queue';
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
  ownerId: z.coerce.string(),
  eventId: z.string(),
  payload: z.string(),
  attempts: z.coerce.number(),
});

type Due = z.infer<typeof deliverySchema>;

/** Sends the due deliveries of a queue. Several processes can work at once: each delivery is leased to one of them. */
export class WebhookDispatcher {
  private stopping: AbortController | undefined;
  private running: Promise<void> | undefined;
  private woken = false;
  private endPause: () => void = () => undefined;

  constructor(
    private readonly app: Application,
    private readonly queue: DeliveryQueue,
  ) {}

  start(): void {
    if (this.running !== undefined) return;
    this.stopping = new AbortController();
    this.running = this.run(this.stopping.signal);
  }

  /** Looks for due deliveries now: call it after a commit that added one. */
  wake(): void {
    this.woken = true;
    this.endPause();
  }

  async stop(): Promise<void> {
    this.stopping?.abort();
    await this.running;
    this.running = undefined;
  }

  private async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.woken = false;
      try {
        const due = await this.lease();
        await Promise.all(due.map((delivery) => this.deliver(delivery)));
        // In an ordered queue a delivery that ended may have made the next one of its subject due.
        if (due.length === CONCURRENCY || (this.queue.ordered && due.length > 0)) continue;
      } catch (error) {
        if (!signal.aborted) this.app.log.warn(`${this.queue.title}: ${messageOf(error)}`);
      }
      await this.pause(signal);
    }
  }

  private async pause(signal: AbortSignal): Promise<void> {
    if (this.woken) return;
    const woken = new AbortController();
    this.endPause = () => woken.abort();
    await sleep(POLL_MS, undefined, { signal: AbortSignal.any([signal, woken.signal]) }).catch(
      () => undefined,
    );
  }

  private async lease(): Promise<Due[]> {
    const { deliveries, owner, ordered } = this.queue;
    const { table, column } = names(this.app.db.getCollection(deliveries));
    const first = ordered
      ? `AND NOT EXISTS (
           SELECT 1 FROM ${table} AS e WHERE e.${column(owner)} = q.${column(owner)} AND e.${column('subject')} = q.${column('subject')}
             AND e.${column('state')} = 'pending' AND e.${column('id')} < q.${column('id')})`
      : '';
    return query(
      this.app.db,
      deliverySchema,
      `UPDATE ${table} AS d
       SET ${column('attempts')} = d.${column('attempts')} + 1, ${column('nextAttemptAt')} = now() + interval '${LEASE_SECONDS} seconds'
       FROM (
         SELECT q.${column('id')} AS id FROM ${table} AS q
         WHERE q.${column('state')} = 'pending' AND q.${column('nextAttemptAt')} <= now() ${first} ${this.queue.condition?.(`q.${column(owner)}`) ?? ''}
         ORDER BY q.${column('nextAttemptAt')}, q.${column('id')} LIMIT ${CONCURRENCY} FOR UPDATE OF q SKIP LOCKED
       ) AS due
       WHERE d.${column('id')} = due.id
       RETURNING d.${column('id')} AS id, d.${column(owner)} AS "ownerId", d.${column('eventId')}::text AS "eventId",
                 d.${column('payload')}::text AS payload, d.${column('attempts')} AS attempts`,
    );
  }

  private async deliver(delivery: Due): Promise<void> {
    const endpoint = await this.queue.endpoint(delivery.ownerId);
    if (endpoint === undefined) return;
    try {
      const target = await checkTarget(endpoint.url);
      const secret = await this.app.aesEncryptor.decrypt(endpoint.encryptedSecret);
      const { eventId: deliveryId, payload: body } = delivery;
      const status = await send({ target, secret, deliveryId, body, contentType: this.queue.contentType });
      if (status >= 200 && status < 300) return await this.queue.delivered(delivery.id, status);
      if (status === 410 && this.queue.gone !== undefined) return await this.queue.gone(delivery.ownerId);
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
    await this.app.db.getRepository(this.queue.deliveries).update({
      filterByTk: delivery.id,
      values: {
        state: dead ? 'dead' : 'pending',
        lastError: lastError.slice(0, 2000),
        responseStatus: responseStatus ?? null,
        nextAttemptAt: new Date(Date.now() + retryDelay(delivery.attempts)),
      },
    });
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
