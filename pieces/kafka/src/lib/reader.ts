import { withRetry } from '@bizstack/piece-common';
import { Kafka, type KafkaConfig, type KafkaMessage } from 'kafkajs';
import Cluster from 'kafkajs/src/cluster';
import Batch from 'kafkajs/src/consumer/batch';
import createSocketFactory from 'kafkajs/src/network/socketFactory';
import { hasErrorType } from './errors';
import {
  type Positions,
  type TopicPartition,
  byTopic,
  nextOffset,
  parsePositionKey,
  positionKey,
} from './positions';

const READ_COMMITTED = 1;
const NO_GENERATION = -1;
const METADATA_MAX_AGE_MS = 30_000;
const MAX_BYTES = 8 * 1024 * 1024;
const MAX_BYTES_PER_PARTITION = 2 * 1024 * 1024;

/** The broker moved or restarted; fresh metadata helps. */
const STALE = [
  'NOT_LEADER_FOR_PARTITION',
  'LEADER_NOT_AVAILABLE',
  'REPLICA_NOT_AVAILABLE',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'NOT_COORDINATOR_FOR_GROUP',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'GROUP_LOAD_IN_PROGRESS',
];

export type Start = 'earliest' | 'latest' | { readonly timestamp: number };

export interface FetchedSlice extends TopicPartition {
  readonly messages: KafkaMessage[];
  /** Where to go on after these messages; beyond the last one where aborted or control records follow. */
  readonly next: string;
}

export interface CommittedOffset extends TopicPartition {
  readonly offset: string;
  readonly note: string;
}

interface Buffered {
  from: string;
  messages: KafkaMessage[];
  next: string;
}

/**
 * Reads partitions from given offsets, without a consumer group: nothing to join, nothing to rebalance,
 * nobody's messages are taken. Messages of committed transactions only. What one fetch brought beyond the
 * caller's need is kept for the next call.
 */
export class PartitionReader {
  readonly #cluster: Cluster;
  readonly #topics: readonly string[];
  readonly #buffers = new Map<string, Buffered>();
  /** Kept until a request fails: asking each time would be half of the requests of a poll. */
  readonly #coordinators = new Map<string, Cluster.InternalBroker>();

  private constructor(cluster: Cluster, topics: readonly string[]) {
    this.#cluster = cluster;
    this.#topics = topics;
  }

  static async open(config: KafkaConfig, topics: readonly string[]): Promise<PartitionReader> {
    const cluster = new Cluster({
      ...config,
      logger: new Kafka(config).logger(),
      socketFactory: createSocketFactory(),
      metadataMaxAge: METADATA_MAX_AGE_MS,
      allowAutoTopicCreation: false,
      isolationLevel: READ_COMMITTED,
    });
    try {
      await cluster.connect();
      await cluster.addMultipleTargetTopics([...topics]);
    } catch (error) {
      await cluster.disconnect();
      throw error;
    }
    return new PartitionReader(cluster, topics);
  }

  async close(): Promise<void> {
    this.#buffers.clear();
    await this.#cluster.disconnect();
  }

  /** Every partition of the reader's topics; new ones show up within 30 s. */
  async partitions(): Promise<TopicPartition[]> {
    await this.#fresh(() => this.#cluster.refreshMetadataIfNecessary());
    return this.#topics.flatMap((topic) =>
      this.#cluster
        .findTopicPartitionMetadata(topic)
        .map(({ partitionId }) => ({ topic, partition: partitionId }))
        .sort((a, b) => a.partition - b.partition),
    );
  }

  /** The offset that a start means in each partition. A timestamp after the last message means the end. */
  async resolve(partitions: readonly TopicPartition[], start: Start): Promise<Positions> {
    if (partitions.length === 0) return {};
    const asked =
      typeof start === 'object'
        ? { fromTimestamp: start.timestamp }
        : { fromBeginning: start === 'earliest' };
    const found = await this.#fresh(() =>
      this.#cluster.fetchTopicsOffset(
        byTopic(partitions).map(({ topic, partitions: entries }) => ({
          topic,
          partitions: entries.map(({ partition }) => ({ partition })),
          ...asked,
        })),
      ),
    );
    const positions: Positions = {};
    const beyond: TopicPartition[] = [];
    for (const { topic, partitions: entries } of found) {
      for (const { partition, offset } of entries) {
        if (offset === '-1') beyond.push({ topic, partition });
        else positions[positionKey({ topic, partition })] = offset;
      }
    }
    return beyond.length > 0 ? { ...positions, ...(await this.resolve(beyond, 'latest')) } : positions;
  }

  /**
   * Messages from these positions on, at most a few megabytes. Waits up to `maxWaitMs` when there are none.
   * Positions that the log no longer has are moved to where it begins.
   */
  async read(positions: Positions, maxWaitMs: number): Promise<FetchedSlice[]> {
    const missing = Object.entries(positions).filter(([key, offset]) => !this.#covers(key, offset));
    if (missing.length > 0) {
      const wait = missing.length === Object.keys(positions).length ? maxWaitMs : 0;
      try {
        await this.#fresh(() => this.#fetch(Object.fromEntries(missing), wait));
      } catch (error) {
        if (!hasErrorType(error, 'OFFSET_OUT_OF_RANGE')) throw error;
        await this.#fresh(async () => this.#fetch(await this.#inRange(Object.fromEntries(missing)), wait));
      }
    }
    return Object.entries(positions).flatMap(([key, offset]) => {
      const buffer = this.#buffers.get(key);
      if (!buffer) return [];
      const messages = buffer.messages.slice(firstFrom(buffer.messages, offset));
      // What was passed is never asked for again, unless somebody goes back: then it is fetched anew.
      this.#buffers.set(key, { ...buffer, from: offset, messages });
      return buffer.next === offset ? [] : [{ ...parsePositionKey(key), messages, next: buffer.next }];
    });
  }

  /** Committed offsets of a group; partitions without one are left out. */
  async committed(groupId: string, partitions: readonly TopicPartition[]): Promise<Positions> {
    const entries = await this.committedWithNotes(groupId, partitions);
    return Object.fromEntries(entries.map((entry) => [positionKey(entry), entry.offset]));
  }

  /** Committed offsets of a group with the text that was stored beside each. */
  async committedWithNotes(
    groupId: string,
    partitions: readonly TopicPartition[],
  ): Promise<CommittedOffset[]> {
    const { responses } = await this.#fresh(async () => {
      const coordinator = await this.#coordinatorOf(groupId);
      return coordinator.offsetFetch({
        groupId,
        topics: byTopic(partitions).map(({ topic, partitions: entries }) => ({
          topic,
          partitions: entries.map(({ partition }) => ({ partition })),
        })),
      });
    });
    return responses.flatMap(({ topic, partitions: entries }) =>
      entries
        .filter(({ offset }) => BigInt(offset) >= 0n)
        .map(({ partition, offset, metadata }) => ({ topic, partition, offset, note: metadata ?? '' })),
    );
  }

  /** Commits offsets to a group that has no running member. */
  async commit(groupId: string, positions: Positions): Promise<void> {
    const entries = Object.entries(positions).map(([key, offset]) => ({ ...parsePositionKey(key), offset }));
    if (entries.length === 0) return;
    await this.#fresh(async () => {
      const coordinator = await this.#coordinatorOf(groupId);
      await coordinator.offsetCommit({
        groupId,
        groupGenerationId: NO_GENERATION,
        memberId: '',
        topics: byTopic(entries).map(({ topic, partitions }) => ({
          topic,
          partitions: partitions.map(({ partition, offset }) => ({ partition, offset })),
        })),
      });
    });
  }

  async #coordinatorOf(groupId: string): Promise<Cluster.InternalBroker> {
    const known = this.#coordinators.get(groupId);
    if (known) return known;
    const found = await this.#cluster.findGroupCoordinator({ groupId });
    this.#coordinators.set(groupId, found);
    return found;
  }

  #covers(key: string, offset: string): boolean {
    const buffer = this.#buffers.get(key);
    return (
      buffer !== undefined && BigInt(buffer.from) <= BigInt(offset) && BigInt(offset) < BigInt(buffer.next)
    );
  }

  async #inRange(positions: Positions): Promise<Positions> {
    const partitions = Object.keys(positions).map(parsePositionKey);
    const [first, last] = [
      await this.resolve(partitions, 'earliest'),
      await this.resolve(partitions, 'latest'),
    ];
    return Object.fromEntries(
      Object.entries(positions).map(([key, offset]) => {
        const [from, to] = [first[key] ?? offset, last[key] ?? offset];
        // Before the log: it was cleaned up. After it: the topic was made anew. Both go on at the beginning.
        return [key, BigInt(offset) < BigInt(from) || BigInt(offset) > BigInt(to) ? from : offset];
      }),
    );
  }

  async #fetch(positions: Positions, maxWaitTime: number): Promise<void> {
    for (const key of Object.keys(positions)) this.#buffers.delete(key);
    const requests = new Map<string, (TopicPartition & { fetchOffset: string })[]>();
    for (const { topic, partitions } of byTopic(Object.keys(positions).map(parsePositionKey))) {
      const leaders = this.#cluster.findLeaderForPartitions(
        topic,
        partitions.map(({ partition }) => partition),
      );
      for (const [nodeId, led] of Object.entries(leaders)) {
        const entries = led.map((partition) => ({
          topic,
          partition,
          fetchOffset: positions[positionKey({ topic, partition })] ?? '0',
        }));
        requests.set(nodeId, [...(requests.get(nodeId) ?? []), ...entries]);
      }
    }
    await Promise.all(
      [...requests].map(async ([nodeId, entries]) => {
        const broker = await this.#cluster.findBroker({ nodeId });
        await this.#fetchFrom(broker, entries, maxWaitTime);
      }),
    );
  }

  async #fetchFrom(
    broker: Cluster.InternalBroker,
    entries: (TopicPartition & { fetchOffset: string })[],
    maxWaitTime: number,
  ): Promise<void> {
    const { responses } = await broker.fetch({
      isolationLevel: READ_COMMITTED,
      maxWaitTime,
      minBytes: 1,
      maxBytes: MAX_BYTES,
      topics: byTopic(entries).map(({ topic, partitions }) => ({
        topic,
        partitions: partitions.map(({ partition, fetchOffset }) => ({
          partition,
          fetchOffset,
          maxBytes: MAX_BYTES_PER_PARTITION,
        })),
      })),
    });
    for (const { topicName, partitions } of responses) {
      for (const data of partitions) {
        const key = positionKey({ topic: topicName, partition: data.partition });
        const from = entries.find((entry) => positionKey(entry) === key)?.fetchOffset;
        if (from === undefined) continue;
        const { messages, rawMessages } = new Batch(topicName, from, data);
        const last = rawMessages.at(-1)?.offset;
        // Nothing came: the end, or a transaction that is still open. Stay here.
        if (last === undefined) continue;
        // Compaction may leave only records before the offset; then the log goes on right after it.
        const next = BigInt(last) < BigInt(from) ? nextOffset(from) : nextOffset(last);
        this.#buffers.set(key, { from, messages, next });
      }
    }
  }

  /** Runs a request; where the brokers have moved, again with fresh metadata. */
  #fresh<T>(request: () => Promise<T>): Promise<T> {
    return withRetry(
      async (attempt) => {
        if (attempt > 1) {
          this.#coordinators.clear();
          await this.#cluster.refreshMetadata();
        }
        return request();
      },
      { attempts: 4, retryable: (error) => hasErrorType(error, ...STALE) || isConnectionLoss(error) },
    );
  }
}

function isConnectionLoss(error: unknown): boolean {
  return (
    error instanceof Error &&
    (error.name.startsWith('KafkaJSConnection') ||
      error.name === 'KafkaJSBrokerNotFound' ||
      error.name === 'KafkaJSRequestTimeoutError')
  );
}

/** Index of the first message at or after an offset. Searched in halves: a buffer holds thousands. */
function firstFrom(messages: readonly KafkaMessage[], offset: string): number {
  const wanted = BigInt(offset);
  let [low, high] = [0, messages.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (BigInt(messages[middle]?.offset ?? '0') < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
