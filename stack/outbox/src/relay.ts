import { BizError, messageOf } from '@bizstack/contracts';
import type { KafkaConfig } from 'kafkajs';
import { type Offsets, type OutboxRow, OutboxStore } from './outbox-store';
import { Publisher } from './publisher';

export interface RelayLog {
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

export interface RelayOptions {
  readonly databaseUrl: string;
  /** Outbox table, with its schema when that is not on the search path. */
  readonly table: string;
  readonly kafka: KafkaConfig;
  /** One per installation: it is what fences a predecessor that is still alive. */
  readonly transactionalId: string;
  /** Every topic that rows may name. */
  readonly topics: readonly string[];
  readonly log: RelayLog;
  /** Milliseconds between looks at the table when nothing wakes the relay. */
  readonly pollMs?: number;
  readonly batchSize?: number;
  /** Shown in pg_stat_activity. Default `bizstack-outbox-relay`. */
  readonly applicationName?: string;
  /** Days that published rows are kept. */
  readonly retentionDays?: number;
}

export interface RelayMetrics {
  readonly state: 'standby' | 'recovering' | 'leading' | 'waiting' | 'stopped';
  /** Rows sent by this process since it started. */
  readonly published: number;
  /** Rows that recovery found in Kafka already. */
  readonly recovered: number;
  readonly lastError: string | undefined;
}

export interface Relay {
  /** Looks at the table now: call it after a commit that added a row. */
  wake(): void;
  metrics(): RelayMetrics;
  stop(): Promise<void>;
}

const APPLICATION_NAME = 'bizstack-outbox-relay';
const STANDBY_MS = 2_000;
const FIRST_BACKOFF_MS = 500;
const LONGEST_BACKOFF_MS = 30_000;
const PRUNE_EVERY_MS = 3_600_000;
const REFUSALS = new Set([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
  'INVALID_TOPIC_EXCEPTION',
]);

/**
 * Starts relaying in the background. It never throws: while Kafka or PostgreSQL is away it waits and tries
 * again, and says so in the log and in its metrics.
 */
export function startRelay(options: RelayOptions): Relay {
  return new OutboxRelay(options);
}

class OutboxRelay implements Relay {
  private readonly pollMs: number;
  private readonly batchSize: number;
  private state: RelayMetrics['state'] = 'standby';
  private published = 0;
  private recovered = 0;
  private lastError: string | undefined;
  private stopping = false;
  private woken = false;
  /** One row at a time, after Kafka refused a batch: finds the row that it refuses. */
  private cautious = false;
  private endPause: () => void = () => undefined;
  private readonly done: Promise<void>;

  constructor(private readonly options: RelayOptions) {
    this.pollMs = options.pollMs ?? 500;
    this.batchSize = options.batchSize ?? 500;
    this.done = this.run();
  }

  wake(): void {
    this.woken = true;
    this.endPause();
  }

  metrics(): RelayMetrics {
    return {
      state: this.state,
      published: this.published,
      recovered: this.recovered,
      lastError: this.lastError,
    };
  }

  async stop(): Promise<void> {
    this.stopping = true;
    this.endPause();
    await this.done;
    this.state = 'stopped';
  }

  private async run(): Promise<void> {
    let backoff = FIRST_BACKOFF_MS;
    while (!this.stopping) {
      const publishedBefore = this.published;
      try {
        await this.session();
        backoff = FIRST_BACKOFF_MS;
      } catch (error) {
        this.lastError = messageOf(error);
        this.state = 'waiting';
        if (this.published > publishedBefore) backoff = FIRST_BACKOFF_MS;
        this.options.log.warn(`Outbox relay: ${this.lastError}. Next try in ${backoff} ms.`);
        await this.pause(backoff, false);
        backoff = Math.min(LONGEST_BACKOFF_MS, backoff * 2);
      }
    }
  }

  /** One database session: standby until the lock is free, then lead until stopped or something breaks. */
  private async session(): Promise<void> {
    const { databaseUrl, table, kafka, transactionalId, log, applicationName } = this.options;
    let lost: Error | undefined;
    const store = await OutboxStore.connect(
      databaseUrl,
      table,
      applicationName ?? APPLICATION_NAME,
      (error) => {
        lost = error;
        this.endPause();
      },
    );
    const alive = () => {
      if (lost)
        throw new BizError('BIZ_RELAY_DATABASE_LOST', `The database connection broke: ${lost.message}`, {
          cause: lost,
          retryable: true,
        });
      return !this.stopping;
    };
    const publisher = new Publisher(kafka, transactionalId);
    try {
      this.state = 'standby';
      while (alive() && !(await store.tryLead())) await this.pause(STANDBY_MS, false);
      if (!alive()) return;
      this.state = 'recovering';
      const offsets = await this.recover(store, publisher);
      this.state = 'leading';
      this.lastError = undefined;
      log.info('Outbox relay: leading.');
      await this.lead(store, publisher, offsets, alive);
    } finally {
      await publisher
        .close()
        .catch((error: unknown) => log.warn(`Outbox relay: closing the producer: ${messageOf(error)}`));
      await store
        .close()
        .catch((error: unknown) => log.warn(`Outbox relay: closing the database: ${messageOf(error)}`));
    }
  }

  /** Marks what a predecessor sent and could not mark, and stores where this leader begins. */
  private async recover(store: OutboxStore, publisher: Publisher): Promise<Offsets> {
    await store.prepare();
    await publisher.takeOver();
    await publisher.ensureTopics(this.options.topics);
    const from = await store.readOffsets();
    const ends = await publisher.ends(this.options.topics);
    // On the very first start nothing of ours can be in the topics.
    const ids = Object.keys(from).length === 0 ? [] : await publisher.idsBetween(from, ends);
    await store.markPublished(ids, ends);
    this.recovered += ids.length;
    return ends;
  }

  private async lead(
    store: OutboxStore,
    publisher: Publisher,
    start: Offsets,
    alive: () => boolean,
  ): Promise<void> {
    let offsets = start;
    let nextPrune = Date.now();
    while (alive()) {
      this.woken = false;
      const rows = await store.pending(this.cautious ? 1 : this.batchSize);
      if (rows.length === 0) {
        if (Date.now() >= nextPrune) {
          const pruned = await store.prune(this.options.retentionDays ?? 7);
          nextPrune = pruned > 0 ? Date.now() : Date.now() + PRUNE_EVERY_MS;
        }
        await this.pause(this.pollMs, true);
        continue;
      }
      try {
        offsets = await publisher.send(rows, offsets);
      } catch (error) {
        if (isRefusal(error)) await this.refused(store, rows, error);
        // A transaction that failed leaves the producer in doubt: a new session starts from what is known.
        throw error;
      }
      await store.markPublished(
        rows.map((row) => row.id),
        offsets,
      );
      this.published += rows.length;
    }
    // A clean end: the next leader has nothing to read again.
    await store.markPublished([], await publisher.ends(this.options.topics));
  }

  /** Kafka took the request and refused its content: look row by row, set the culprit aside, let the others pass. */
  private async refused(store: OutboxStore, rows: readonly OutboxRow[], error: unknown): Promise<void> {
    const [row] = rows;
    this.cautious = rows.length > 1;
    if (row === undefined || this.cautious) return;
    await store.setAside(row.id, messageOf(error));
    this.options.log.error(
      `Outbox relay: Kafka refused event ${row.id} (${row.type}), it is set aside: ${messageOf(error)}`,
    );
  }

  private async pause(ms: number, wakeable: boolean): Promise<void> {
    if (this.stopping || (wakeable && this.woken)) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.endPause = () => undefined;
  }
}

/** The broker understood the request and said that the record itself is wrong. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return ('type' in error && REFUSALS.has(String(error.type))) || isRefusal(error.cause);
}
