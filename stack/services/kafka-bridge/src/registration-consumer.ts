import { isBizError, messageOf } from '@bizstack/contracts';
import {
  compileFilters,
  defaultDeadLetterTopic,
  type FlowMessage,
  positionKey,
  toDeadLetter,
  toFlowMessage,
  type ValueDecoder,
  valueDecoder,
} from '@bizstack/piece-kafka/dist/lib/bridge';
import type { Consumer, EachBatchPayload, Kafka, KafkaMessage } from 'kafkajs';
import type { Config } from './config';
import type { DeadLetterSender } from './dead-letters';
import type { Logger } from './log';
import type { Metrics } from './metrics';
import { backoff, PartitionState } from './partition';
import type { StoredRegistration } from './store';
import { callWebhook, secretOf } from './webhook';

/** A partition gives way to the others on its broker after this time. */
const TURN_MS = 5_000;
const HEARTBEAT_MS = 2_000;
/** Values of this many bytes end a delivery early. */
const MAX_DELIVERY_BYTES = 4 * 1024 * 1024;

export interface Surroundings {
  readonly config: Config;
  readonly kafka: Kafka;
  readonly deadLetters: DeadLetterSender;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** Thrown out of a turn: the partition waits, and comes back to the same offset. */
class Wait extends Error {
  constructor(
    readonly ms: number,
    reason: string,
  ) {
    super(reason);
  }
}

interface Chunk {
  readonly messages: FlowMessage[];
  readonly raw: KafkaMessage[];
  bytes: number;
  filtered: number;
  /** The last message that this chunk covers, filtered ones included. */
  last: string | undefined;
}

/**
 * This replica's part in one registration: a member of its consumer group that posts what it reads and commits
 * after the webhook has accepted it.
 */
export class RegistrationConsumer {
  readonly stored: StoredRegistration;
  readonly #around: Surroundings;
  readonly #consumer: Consumer;
  readonly #accepts: (message: FlowMessage) => boolean;
  readonly #secret: string;
  readonly #states = new Map<string, PartitionState>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  #stopping = false;
  #joined = false;
  #lastError: string | undefined;
  #failures = 0;

  constructor(
    stored: StoredRegistration,
    readonly topics: readonly string[],
    around: Surroundings,
  ) {
    this.stored = stored;
    this.#around = around;
    const { registration } = stored;
    const { config, kafka } = around;
    this.#accepts = compileFilters(registration.filters);
    this.#secret = secretOf(config.signingKey, stored.id);
    this.#consumer = kafka.consumer({
      groupId: registration.groupId,
      sessionTimeout: config.sessionTimeoutMs,
      heartbeatInterval: HEARTBEAT_MS,
      // A rebalance waits for deliveries under way, so that what they delivered is committed first.
      rebalanceTimeout: registration.timeoutSeconds * 1000 + config.sessionTimeoutMs,
      allowAutoTopicCreation: false,
      maxWaitTimeInMs: 500,
      metadataMaxAge: 30_000,
      retry: { retries: 10, initialRetryTime: 300, maxRetryTime: 10_000, restartOnFailure: async () => true },
    });
    this.#consumer.on(this.#consumer.events.GROUP_JOIN, () => {
      this.#joined = true;
    });
    this.#consumer.on(this.#consumer.events.CRASH, ({ payload: { error } }) => {
      this.#joined = false;
      this.#lastError = error.message;
      this.#log('warn', 'the consumer starts again', { error: error.message });
    });
  }

  get status(): { joined: boolean; waiting: number; lastError: string | undefined } {
    return { joined: this.#joined, waiting: this.#timers.size, lastError: this.#lastError };
  }

  async start(): Promise<void> {
    await this.#consumer.connect();
    // Offsets are fixed when a flow is registered; what has none is a partition that came later.
    await this.#consumer.subscribe({ topics: [...this.topics], fromBeginning: true });
    await this.#consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: this.#around.config.concurrency,
      eachBatch: (payload) => this.#turn(payload),
    });
    this.#log('info', 'consuming', { topics: this.topics.join(', ') });
  }

  /** Ends deliveries under way, commits them and leaves the group. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    await this.#consumer.disconnect();
    this.#around.metrics.paused(this.stored.id, 0);
  }

  /** One batch of one partition. kafkajs sees no error but those of the group. */
  async #turn(payload: EachBatchPayload): Promise<void> {
    const { topic, partition } = payload.batch;
    // Deliveries may take long; the group must hear of this member all the same.
    const beat = setInterval(() => void payload.heartbeat().catch(() => undefined), HEARTBEAT_MS);
    try {
      await this.#deliverBatch(payload);
      this.#failures = 0;
    } catch (error) {
      if (isKafkaError(error)) throw error;
      if (!(error instanceof Wait)) this.#failures += 1;
      const ms = error instanceof Wait ? error.ms : backoff(this.#failures, this.#around.config.retry);
      this.#lastError = messageOf(error);
      this.#log('warn', 'a partition waits', { topic, partition, ms, error: messageOf(error) });
      this.#pause(payload, ms);
    } finally {
      clearInterval(beat);
    }
  }

  #pause(payload: EachBatchPayload, ms: number): void {
    if (this.#stopping) return;
    const { topic, partition } = payload.batch;
    const key = positionKey({ topic, partition });
    const resume = payload.pause();
    const timer = setTimeout(() => {
      this.#timers.delete(key);
      this.#around.metrics.paused(this.stored.id, this.#timers.size);
      if (!this.#stopping) resume();
    }, ms);
    this.#timers.set(key, timer);
    this.#around.metrics.paused(this.stored.id, this.#timers.size);
  }

  async #deliverBatch(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload;
    const { topic, partition } = batch;
    const state = this.#stateOf(topic, partition);
    const until = Date.now() + TURN_MS;
    const decoder = valueDecoder(this.stored.registration.format, this.#around.config.kafka);
    await decoder.prepare(batch.messages);
    let chunk = emptyChunk();
    for (const message of batch.messages) {
      if (this.#ends(payload)) return;
      const read = this.#read(topic, partition, message, decoder);
      if (read instanceof Error) {
        await this.#flush(payload, state, chunk);
        chunk = emptyChunk();
        await this.#setAside(payload, message, read);
        continue;
      }
      const limit = state.limit(message.offset, this.stored.registration.maxMessages);
      const size = message.value?.length ?? 0;
      const full =
        chunk.messages.length >= limit || (chunk.bytes > 0 && chunk.bytes + size > MAX_DELIVERY_BYTES);
      if (full && read !== 'filtered') {
        await this.#flush(payload, state, chunk);
        chunk = emptyChunk();
        if (Date.now() > until || this.#ends(payload)) return;
      }
      chunk.last = message.offset;
      if (read === 'filtered') chunk.filtered += 1;
      else {
        chunk.messages.push(read);
        chunk.raw.push(message);
        chunk.bytes += size;
      }
    }
    if (!this.#ends(payload)) await this.#flush(payload, state, chunk);
  }

  #ends(payload: EachBatchPayload): boolean {
    return this.#stopping || !payload.isRunning() || payload.isStale();
  }

  #read(
    topic: string,
    partition: number,
    message: KafkaMessage,
    decoder: ValueDecoder,
  ): FlowMessage | 'filtered' | Error {
    let read: FlowMessage;
    try {
      read = toFlowMessage({ topic, partition }, message, decoder.decode);
    } catch (error) {
      return new Error(messageOf(error), { cause: error });
    }
    return this.#accepts(read) ? read : 'filtered';
  }

  /** Delivers a chunk and commits it, or throws {@link Wait}. */
  async #flush(payload: EachBatchPayload, state: PartitionState, chunk: Chunk): Promise<void> {
    const { last, messages, filtered } = chunk;
    if (last === undefined) return;
    const { id, registration } = this.stored;
    const { config, metrics } = this.#around;
    if (messages.length > 0) {
      const started = performance.now();
      const result = await callWebhook({
        url: registration.webhookUrl,
        secret: this.#secret,
        registrationId: id,
        timeoutMs: registration.timeoutSeconds * 1000,
        messages,
        allowsWebhook: config.allowsWebhook,
      });
      metrics.delivery(id, result.kind, (performance.now() - started) / 1000);
      const decision = state.decide(messages, result, registration, config.retry);
      switch (decision.kind) {
        case 'done':
          metrics.messages(id, 'delivered', messages.length);
          this.#lastError = undefined;
          break;
        case 'wait':
          throw new Wait(decision.ms, decision.reason);
        case 'split':
          throw new Wait(0, `${decision.reason}; its messages are delivered one by one`);
        case 'dead_letter': {
          const [message] = chunk.raw;
          if (message) await this.#bury(payload, message, new Error(decision.reason), decision.attempts);
          break;
        }
      }
    }
    metrics.messages(id, 'filtered', filtered);
    await this.#commit(payload, last);
  }

  /** What becomes of a message that is not in the format. */
  async #setAside(payload: EachBatchPayload, message: KafkaMessage, reason: Error): Promise<void> {
    const { id, registration } = this.stored;
    if (registration.onUnreadable === 'stop') {
      throw new Wait(
        this.#around.config.retry.maxMs,
        `message ${message.offset} cannot be read and the flow wants to stop there: ${reason.message}`,
      );
    }
    if (registration.onUnreadable === 'skip') this.#around.metrics.messages(id, 'skipped', 1);
    else await this.#bury(payload, message, reason, 1);
    await this.#commit(payload, message.offset);
  }

  async #bury(
    { batch: { topic, partition } }: EachBatchPayload,
    message: KafkaMessage,
    error: Error,
    attempts: number,
  ): Promise<void> {
    const { id, registration } = this.stored;
    const target = registration.deadLetterTopic ?? defaultDeadLetterTopic(topic);
    try {
      await this.#around.deadLetters.send(target, [
        toDeadLetter({ topic, partition, message, error, attempts }),
      ]);
    } catch (cause) {
      // Not passed on as it is: kafkajs would take it for a failure of the consumer.
      throw new Error(`no dead letter could be stored in "${target}": ${messageOf(cause)}`, { cause });
    }
    this.#around.metrics.messages(id, 'dead_lettered', 1);
    this.#log('warn', 'dead letter', {
      topic,
      partition,
      offset: message.offset,
      target,
      error: error.message,
    });
  }

  async #commit(payload: EachBatchPayload, offset: string): Promise<void> {
    const { batch } = payload;
    const { topic, partition } = batch;
    const atEnd = batch.messages.at(-1)?.offset === offset;
    // Records of transactions behind the last message are passed as well.
    const next = BigInt(atEnd ? batch.lastOffset() : offset) + 1n;
    await payload.commitOffsetsIfNecessary({
      topics: [{ topic, partitions: [{ partition, offset: next.toString() }] }],
    });
    payload.resolveOffset(offset);
    this.#around.metrics.lag(this.stored.id, topic, partition, Number(BigInt(batch.highWatermark) - next));
    // Throws when the group rebalances: the committed part is safe, the rest is for whoever gets it.
    await payload.heartbeat();
  }

  #stateOf(topic: string, partition: number): PartitionState {
    const key = positionKey({ topic, partition });
    const known = this.#states.get(key);
    if (known) return known;
    const state = new PartitionState();
    this.#states.set(key, state);
    return state;
  }

  #log(level: 'info' | 'warn', message: string, fields: Record<string, string | number>): void {
    this.#around.log[level](message, { registration: this.stored.id, ...fields });
  }
}

function emptyChunk(): Chunk {
  return { messages: [], raw: [], bytes: 0, filtered: 0, last: undefined };
}

/** Errors of kafkajs itself, which knows how to join again; ours are none of its business. */
function isKafkaError(error: unknown): boolean {
  return error instanceof Error && error.name.startsWith('KafkaJS') && !isBizError(error);
}
