import { randomUUID } from 'node:crypto';
import { BizError } from '@bizstack/contracts';
import {
  Kafka,
  type KafkaConfig,
  type Message,
  Partitioners,
  type Producer,
  type RecordMetadata,
} from 'kafkajs';
import type { Offsets, OutboxRow } from './outbox-store';

/** Messages a consumer group of the recovery scan may take to arrive before the scan is given up. */
const SCAN_TIMEOUT_MS = 120_000;
/** A transaction that its process left open is ended by the broker after this long at the latest. */
const TRANSACTION_TIMEOUT_MS = 30_000;

const EVENT_ID_HEADER = 'ce_id';

/** Sends batches in Kafka transactions under one transactional id, which only one process can hold. */
export class Publisher {
  private readonly kafka: Kafka;
  private readonly producer: Producer;

  constructor(config: KafkaConfig, transactionalId: string) {
    this.kafka = new Kafka({
      ...config,
      clientId: transactionalId,
      retry: { retries: 3, initialRetryTime: 200 },
    });
    this.producer = this.kafka.producer({
      transactionalId,
      idempotent: true,
      maxInFlightRequests: 1,
      transactionTimeout: TRANSACTION_TIMEOUT_MS,
      createPartitioner: Partitioners.DefaultPartitioner,
      allowAutoTopicCreation: false,
    });
  }

  /** Takes the transactional id: whoever held it can no longer send, and what it left open is aborted. */
  async takeOver(): Promise<void> {
    await this.producer.connect();
    const transaction = await this.producer.transaction();
    await transaction.abort();
  }

  /** All rows or none. Returns the offsets after them, merged into `offsets`. */
  async send(rows: readonly OutboxRow[], offsets: Offsets): Promise<Offsets> {
    const byTopic = new Map<string, Message[]>();
    for (const row of rows) {
      const messages = byTopic.get(row.topic) ?? [];
      messages.push(toMessage(row));
      byTopic.set(row.topic, messages);
    }
    const transaction = await this.producer.transaction();
    let metadata: RecordMetadata[];
    try {
      metadata = await transaction.sendBatch({
        topicMessages: [...byTopic].map(([topic, messages]) => ({ topic, messages })),
        acks: -1,
      });
    } catch (error) {
      await transaction.abort().catch(() => undefined);
      throw error;
    }
    await transaction.commit();
    return advance(offsets, metadata);
  }

  /**
   * Makes the topics that are missing, with the broker's defaults.
   * @throws BizError `BIZ_RELAY_TOPICS_MISSING` naming them when this client may not.
   */
  async ensureTopics(topics: readonly string[]): Promise<void> {
    await this.withAdmin(async (admin) => {
      const known = new Set(await admin.listTopics());
      const missing = topics.filter((topic) => !known.has(topic));
      if (missing.length === 0) return;
      try {
        await admin.createTopics({ topics: missing.map((topic) => ({ topic })), waitForLeaders: true });
      } catch (cause) {
        throw new BizError(
          'BIZ_RELAY_TOPICS_MISSING',
          `Kafka lacks the topics ${missing.join(', ')} and they could not be made.`,
          {
            hint: 'Create them, or let the account of the relay create topics.',
            cause,
            retryable: true,
          },
        );
      }
    });
  }

  /** End of every partition of `topics`. */
  async ends(topics: readonly string[]): Promise<Offsets> {
    return this.withAdmin(async (admin) => {
      const ends: Offsets = {};
      for (const topic of topics) {
        const partitions = await admin.fetchTopicOffsets(topic);
        ends[topic] = Object.fromEntries(partitions.map(({ partition, high }) => [partition, high]));
      }
      return ends;
    });
  }

  /**
   * Ids of the events that stand in the topics between `from` and `to`. Partitions where only the marker of
   * a finished transaction can stand are not read.
   */
  async idsBetween(from: Offsets, to: Offsets): Promise<string[]> {
    const ranges = Object.entries(to).flatMap(([topic, partitions]) =>
      Object.entries(partitions)
        .map(([partition, end]) => ({
          topic,
          partition: Number(partition),
          start: BigInt(from[topic]?.[partition] ?? 0),
          end: BigInt(end),
        }))
        .filter(({ start, end }) => end - start > 1n),
    );
    if (ranges.length === 0) return [];
    const groupId = `bizstack-relay-recovery-${randomUUID()}`;
    const consumer = this.kafka.consumer({ groupId, readUncommitted: false, allowAutoTopicCreation: false });
    const open = new Set(ranges.map(({ topic, partition }) => `${topic}/${partition}`));
    const ids: string[] = [];
    await consumer.connect();
    try {
      await consumer.subscribe({
        topics: [...new Set(ranges.map((range) => range.topic))],
        fromBeginning: true,
      });
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error('The recovery scan of the topics took too long.')),
          SCAN_TIMEOUT_MS,
        );
        const finish = (error?: Error) => {
          clearTimeout(timer);
          if (error) reject(error);
          else resolve();
        };
        consumer.on(consumer.events.CRASH, ({ payload }) => finish(payload.error));
        // A batch reports the offset it reached, also when all that is left is a marker no reader is shown.
        consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
          const range = ranges.find(
            (one) => one.topic === payload.topic && one.partition === payload.partition,
          );
          if (range && BigInt(payload.lastOffset) >= range.end - 2n)
            open.delete(`${payload.topic}/${payload.partition}`);
          if (open.size === 0) finish();
        });
        consumer
          .run({
            autoCommit: false,
            eachBatch: async ({ batch }) => {
              for (const { headers } of batch.messages) {
                const id = headers?.[EVENT_ID_HEADER]?.toString();
                if (id !== undefined) ids.push(id);
              }
            },
          })
          .then(() => {
            for (const { topic, partition, start } of ranges)
              consumer.seek({ topic, partition, offset: String(start) });
          })
          .catch((error: unknown) => finish(error instanceof Error ? error : new Error(String(error))));
      });
    } finally {
      await consumer.disconnect();
      await this.withAdmin((admin) => admin.deleteGroups([groupId])).catch(() => undefined);
    }
    return ids;
  }

  async close(): Promise<void> {
    await this.producer.disconnect();
  }

  private async withAdmin<T>(work: (admin: ReturnType<Kafka['admin']>) => Promise<T>): Promise<T> {
    const admin = this.kafka.admin();
    await admin.connect();
    try {
      return await work(admin);
    } finally {
      await admin.disconnect();
    }
  }
}

function toMessage(row: OutboxRow): Message {
  return {
    key: row.aggregateid,
    value: JSON.stringify(row.payload),
    headers: { [EVENT_ID_HEADER]: row.id, ce_type: row.type, 'content-type': 'application/cloudevents+json' },
  };
}

function advance(offsets: Offsets, metadata: readonly RecordMetadata[]): Offsets {
  const next: Offsets = structuredClone(offsets);
  for (const { topicName, partition, baseOffset } of metadata) {
    if (baseOffset === undefined) continue;
    // The first message of the batch: reading a few again in a recovery is harmless, skipping one is not.
    next[topicName] = { ...next[topicName], [partition]: baseOffset };
  }
  return next;
}
