import { setTimeout as sleep } from 'node:timers/promises';
import { BizError, messageOf } from '@bizstack/contracts';
import type { Model } from '@nocobase/database';
import type { Application } from '@nocobase/server';
import { z } from 'zod';
import { fieldErrors, invalidFields } from '../errors';
import type { DeliveryQueue } from '../webhooks/queue';
import { checkTarget } from '../webhooks/target-guard';
import { type Viewer, keyOf, visibilityOf } from './visibility';

export const RECORD_EVENTS = ['created', 'updated', 'deleted'] as const;
export type RecordEvent = (typeof RECORD_EVENTS)[number];

export const SUBSCRIPTIONS = 'crmRecordSubscriptions';
export const DELIVERIES = 'crmRecordDeliveries';

/** Subscriptions of one user. */
const MOST_PER_USER = 200;
/** After unregistering, events are kept this long: publishing a flow again unregisters and registers. */
const GRACE_MS = 120_000;
/** Other processes of the same NocoBase learn of a change within this. */
const REFRESH_MS = 1000;
/** Days that deliveries which were given up stay to be looked at. */
const DEAD_DAYS = 14;

const inputSchema = z.strictObject({
  key: z.string().min(1).max(200),
  url: z.string().min(1).max(2000),
  /** Signs the deliveries. */
  secret: z.string().min(16).max(200),
  collection: z.string().min(1).max(200),
  events: z.array(z.enum(RECORD_EVENTS)).min(1),
  /** Changes count only when they touch one of these; every field when empty. */
  fields: z.array(z.string().min(1)).max(200).default([]),
  filter: z.record(z.string(), z.unknown()).nullish(),
});

const subscriptionSchema = z.object({
  id: z.coerce.string(),
  userId: z.coerce.string(),
  roleNames: z.array(z.string()),
  collectionName: z.string(),
  eventNames: z.array(z.enum(RECORD_EVENTS)),
  fieldNames: z.array(z.string()),
  recordFilter: z.record(z.string(), z.unknown()).nullable(),
});

export type Subscription = z.infer<typeof subscriptionSchema>;

/** The subscriptions, in memory by collection, because every write of every collection asks for them. */
export class RecordSubscriptions {
  private byCollection = new Map<string, Subscription[]>();
  private stopping: AbortController | undefined;
  private running: Promise<void> | undefined;

  constructor(private readonly app: Application) {}

  of(collection: string): readonly Subscription[] {
    return this.byCollection.get(collection) ?? [];
  }

  start(): void {
    if (this.running !== undefined) return;
    this.stopping = new AbortController();
    this.running = this.keepFresh(this.stopping.signal);
  }

  async stop(): Promise<void> {
    this.stopping?.abort();
    await this.running;
    this.running = undefined;
    this.byCollection = new Map();
  }

  private async keepFresh(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.refresh();
      } catch (error) {
        if (!signal.aborted) this.app.log.warn(`record subscriptions: ${messageOf(error)}`);
      }
      await sleep(REFRESH_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Reads them anew, with the roles that their users still have, and drops those whose time is over. */
  async refresh(): Promise<void> {
    const { db } = this.app;
    const repository = db.getRepository(SUBSCRIPTIONS);
    const found = new Map<string, Subscription[]>();
    for (const model of await repository.find()) {
      const endsAt = model.get('endsAt');
      if (endsAt instanceof Date && endsAt.getTime() < Date.now()) {
        await repository.destroy({ filterByTk: model.get('id') });
        continue;
      }
      const subscription = subscriptionSchema.parse(model.toJSON());
      const roleNames = await this.rolesLeft(subscription);
      const list = found.get(subscription.collectionName) ?? [];
      found.set(subscription.collectionName, [...list, { ...subscription, roleNames }]);
    }
    this.byCollection = found;
  }

  private async rolesLeft({ userId, roleNames }: Subscription): Promise<string[]> {
    const users = this.app.db.getRepository('users');
    const left: string[] = [];
    for (const role of roleNames) {
      if ((await users.count({ filter: { id: userId, 'roles.name': role } })) > 0) left.push(role);
    }
    return left;
  }

  /**
   * Registers or changes the subscription of that key.
   * @throws BizError `BIZ_CRM_VALUES_INVALID`, `BIZ_CRM_TARGET_REFUSED`, `BIZ_CRM_COLLECTION_UNREADABLE`,
   * `BIZ_CRM_SUBSCRIPTIONS_MANY`.
   */
  async register(viewer: Viewer, input: unknown): Promise<{ key: string; repeated: boolean }> {
    const parsed = inputSchema.safeParse(input);
    if (!parsed.success) throw invalidFields('BIZ_CRM_VALUES_INVALID', fieldErrors(parsed.error));
    const { key, url, secret, collection, events, fields, filter = null } = parsed.data;
    await this.checkCollection(viewer, collection, fields, filter);
    await checkTarget(url);
    const repository = this.app.db.getRepository(SUBSCRIPTIONS);
    const values = {
      key,
      userId: viewer.userId,
      roleNames: viewer.roleNames,
      url,
      encryptedSecret: await this.app.aesEncryptor.encrypt(secret),
      collectionName: collection,
      eventNames: events,
      fieldNames: fields,
      recordFilter: filter,
      endsAt: null,
    };
    const known = await this.own(viewer, key);
    if (known !== null) await repository.update({ filterByTk: known.get('id'), values });
    else {
      await this.checkCount(viewer);
      await repository.create({ values });
    }
    await this.refresh();
    return { key, repeated: known !== null };
  }

  /** Ends a subscription of one's own; what happens in the next two minutes is kept in case it comes back. */
  async unregister(viewer: Viewer, key: string): Promise<{ key: string; found: boolean }> {
    const known = await this.own(viewer, key);
    if (known !== null) {
      await this.app.db
        .getRepository(SUBSCRIPTIONS)
        .update({ filterByTk: known.get('id'), values: { endsAt: new Date(Date.now() + GRACE_MS) } });
    }
    return { key, found: known !== null };
  }

  private own({ userId }: Viewer, key: string): Promise<Model | null> {
    return this.app.db.getRepository(SUBSCRIPTIONS).findOne({ filter: { userId, key } });
  }

  private async checkCount({ userId }: Viewer): Promise<void> {
    const count = await this.app.db.getRepository(SUBSCRIPTIONS).count({ filter: { userId } });
    if (count < MOST_PER_USER) return;
    throw new BizError('BIZ_CRM_SUBSCRIPTIONS_MANY', `This user has ${MOST_PER_USER} record subscriptions.`, {
      hint: 'Disable flows that are no longer needed.',
    });
  }

  private async checkCollection(
    viewer: Viewer,
    name: string,
    fields: readonly string[],
    filter: Record<string, unknown> | null,
  ): Promise<void> {
    const { db } = this.app;
    const unreadable = new BizError(
      'BIZ_CRM_COLLECTION_UNREADABLE',
      `There is no collection "${name}", or the role may not list it.`,
    );
    // Its own tables would answer every delivery with another one.
    if (!db.hasCollection(name) || name === SUBSCRIPTIONS || name === DELIVERIES) throw unreadable;
    if ((await visibilityOf(this.app, viewer, name)) === undefined) throw unreadable;
    const collection = db.getCollection(name);
    // A primary key that NocoBase adds by itself is an attribute without being a field.
    const { rawAttributes } = collection.model;
    const wrong = [keyOf(db, name), ...fields].filter((field) => rawAttributes[field] === undefined);
    if (wrong.length > 0) {
      throw invalidFields(
        'BIZ_CRM_VALUES_INVALID',
        wrong.map((field) => ({
          field: 'fields',
          code: 'unknown',
          message: `The collection "${name}" has no field "${field}".`,
        })),
      );
    }
    if (filter === null) return;
    try {
      await db.getRepository(name).findOne({ filter });
    } catch (cause) {
      throw new BizError('BIZ_CRM_VALUES_INVALID', `The filter cannot be used: ${messageOf(cause)}`, {
        cause,
      });
    }
  }

  /** What the dispatcher works off. Deliveries of a subscription that ended wait for it to come back. */
  queue(): DeliveryQueue {
    const { db } = this.app;
    const subscriptions = db.getCollection(SUBSCRIPTIONS);
    const column = (name: string): string => `"${subscriptions.model.rawAttributes[name]?.field ?? name}"`;
    return {
      title: 'record subscriptions',
      deliveries: DELIVERIES,
      owner: 'subscriptionId',
      ordered: true,
      contentType: 'application/json',
      condition: (ownerId) =>
        `AND EXISTS (SELECT 1 FROM ${subscriptions.quotedTableName()} AS s WHERE s.${column('id')} = ${ownerId} AND s.${column('endsAt')} IS NULL)`,
      async endpoint(ownerId) {
        const model = await db.getRepository(SUBSCRIPTIONS).findOne({ filterByTk: ownerId });
        if (model === null) return undefined;
        return { url: String(model.get('url')), encryptedSecret: String(model.get('encryptedSecret')) };
      },
      async delivered(id) {
        await db.getRepository(DELIVERIES).destroy({ filterByTk: id });
      },
      async gone(ownerId) {
        await db.getRepository(SUBSCRIPTIONS).destroy({ filterByTk: ownerId });
      },
    };
  }

  /** Deletes deliveries that were given up long ago. */
  async prune(): Promise<void> {
    const before = new Date(Date.now() - DEAD_DAYS * 86_400_000);
    await this.app.db
      .getRepository(DELIVERIES)
      .destroy({ filter: { state: 'dead', createdAt: { $lt: before.toISOString() } } });
  }
}
