import { messageOf, newEventId } from '@bizstack/contracts';
import type { HookOptions, Model, Transaction } from '@nocobase/database';
import type { Application } from '@nocobase/server';
import { EVENT_SOURCE } from '../../constants';
import { DELIVERIES, type RecordEvent, type RecordSubscriptions, type Subscription } from './subscriptions';
import { keyOf, readVisible, visibilityOf } from './visibility';

/** Written with every change, so they say nothing about what changed. */
const BOOKKEEPING = new Set(['updatedAt', 'updatedById']);

interface Change {
  readonly event: RecordEvent;
  readonly collection: string;
  readonly key: unknown;
  readonly changed: readonly string[];
  readonly transaction: Transaction | undefined;
}

/** What a subscriber will be told of a record that is about to go. */
interface Farewell {
  readonly change: Change;
  readonly told: readonly { readonly subscription: Subscription; readonly record: Record<string, unknown> }[];
}

/**
 * Watches the records of every collection. A change and what subscribers are told of it are committed together;
 * what they see is decided then, by the permissions of who registered.
 */
export class RecordWatch {
  private readonly changes = new WeakMap<Model, readonly string[]>();
  private readonly farewells = new WeakMap<Model, Farewell>();

  constructor(
    private readonly app: Application,
    private readonly subscriptions: RecordSubscriptions,
    /** Called after a commit that left something to deliver. */
    private readonly committed: () => void,
  ) {}

  register(): void {
    const { db } = this.app;
    db.on('afterCreate', async (model, options) => this.happened('created', model, options, []));
    db.on('beforeUpdate', async (model) => {
      if (this.wanted(model).length > 0) this.changes.set(model, this.changedFields(model));
    });
    db.on('afterUpdate', async (model, options) => {
      const changed = this.changes.get(model) ?? [];
      if (changed.length > 0) await this.happened('updated', model, options, changed);
    });
    db.on('beforeDestroy', (model, options) => this.aboutToGo(model, options));
    db.on('afterDestroy', async (model) => {
      const farewell = this.farewells.get(model);
      if (farewell !== undefined) await this.write(farewell.change, farewell.told);
    });
    db.on('afterBulkCreate', async (models, options) => {
      for (const model of models) await this.happened('created', model, options, []);
    });
  }

  private wanted(model: Model): readonly Subscription[] {
    return this.subscriptions.of(model.constructor.name);
  }

  private changedFields(model: Model): string[] {
    const { rawAttributes } = this.app.db.getCollection(model.constructor.name).model;
    return Object.keys(rawAttributes).filter((name) => model.changed(name) && !BOOKKEEPING.has(name));
  }

  private async happened(
    event: RecordEvent,
    model: Model,
    { transaction }: HookOptions,
    changed: readonly string[],
  ): Promise<void> {
    if (this.wanted(model).length === 0) return;
    const change = this.changeOf(event, model, changed, transaction);
    await this.write(change, await this.seenBySubscribers(change));
  }

  private async aboutToGo(model: Model, { transaction }: HookOptions): Promise<void> {
    if (this.wanted(model).length === 0) return;
    const change = this.changeOf('deleted', model, [], transaction);
    this.farewells.set(model, { change, told: await this.seenBySubscribers(change) });
  }

  private changeOf(
    event: RecordEvent,
    model: Model,
    changed: readonly string[],
    transaction: Transaction | undefined,
  ): Change {
    const collection = model.constructor.name;
    return { event, collection, key: model.get(keyOf(this.app.db, collection)), changed, transaction };
  }

  private async seenBySubscribers(change: Change): Promise<Farewell['told']> {
    const told: { subscription: Subscription; record: Record<string, unknown> }[] = [];
    for (const subscription of this.subscriptions.of(change.collection)) {
      if (!concerns(subscription, change)) continue;
      const record = await this.guarded(change, (transaction) =>
        this.seenBy(subscription, { ...change, transaction }),
      );
      if (record !== undefined) told.push({ subscription, record });
    }
    return told;
  }

  private async seenBy(
    subscription: Subscription,
    { collection, key, transaction }: Change,
  ): Promise<Record<string, unknown> | undefined> {
    const visibility = await visibilityOf(this.app, subscription, collection);
    if (visibility === undefined) return undefined;
    const { recordFilter: filter } = subscription;
    return readVisible(this.app.db, { collection, key, visibility, filter, transaction });
  }

  /** A filter that no longer fits its collection must not keep people from writing: a savepoint takes the failure. */
  private async guarded<T>(
    { collection, transaction }: Change,
    work: (transaction: Transaction | undefined) => Promise<T>,
  ): Promise<T | undefined> {
    try {
      if (transaction === undefined) return await work(undefined);
      return await this.app.db.sequelize.transaction({ transaction }, work);
    } catch (error) {
      this.app.log.warn(`record subscriptions of ${collection}: ${messageOf(error)}`);
      return undefined;
    }
  }

  private async write(change: Change, told: Farewell['told']): Promise<void> {
    if (told.length === 0) return;
    const { event, collection, key, changed, transaction } = change;
    const subject = `${collection}/${String(key)}`.slice(0, 500);
    const time = new Date().toISOString();
    for (const { subscription, record } of told) {
      const id = newEventId();
      const visibleChanges = changed.filter((name) => name in record);
      const payload = JSON.stringify({
        specversion: '1.0',
        id,
        source: EVENT_SOURCE,
        type: `nocobase.record.${event}`,
        subject,
        time,
        datacontenttype: 'application/json',
        data: { event, collection, recordId: key, record, changed: visibleChanges },
      });
      await this.app.db.getRepository(DELIVERIES).create({
        values: {
          subscriptionId: subscription.id,
          eventId: id,
          subject,
          payload,
          state: 'pending',
          attempts: 0,
          nextAttemptAt: new Date(),
        },
        ...(transaction === undefined ? {} : { transaction }),
      });
    }
    if (transaction === undefined) this.committed();
    else transaction.afterCommit(() => this.committed());
  }
}

/** Whether a subscriber wants to hear of a change, as far as that can be said without the record. */
export function concerns(
  { eventNames, fieldNames }: Pick<Subscription, 'eventNames' | 'fieldNames'>,
  { event, changed }: Pick<Change, 'event' | 'changed'>,
): boolean {
  if (!eventNames.includes(event)) return false;
  return event !== 'updated' || fieldNames.length === 0 || fieldNames.some((name) => changed.includes(name));
}
