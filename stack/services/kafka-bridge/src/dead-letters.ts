import { createTopic, hasErrorType, stablePartitioner } from '@bizstack/piece-kafka/dist/lib/bridge';
import { type Kafka, type Message, type Producer } from 'kafkajs';

/** Sends dead letters; makes their topic with the broker's defaults when it is missing. */
export class DeadLetterSender {
  readonly #kafka: Kafka;
  #producer: Promise<Producer> | undefined;

  constructor(kafka: Kafka) {
    this.#kafka = kafka;
  }

  async send(topic: string, messages: Message[]): Promise<void> {
    try {
      await this.#sendOnce(topic, messages);
    } catch (error) {
      await this.close();
      if (!hasErrorType(error, 'UNKNOWN_TOPIC_OR_PARTITION')) throw error;
      await this.#create(topic);
      await this.#sendOnce(topic, messages);
    }
  }

  async close(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    await producer?.then((open) => open.disconnect()).catch(() => undefined);
  }

  async #sendOnce(topic: string, messages: Message[]): Promise<void> {
    this.#producer ??= this.#open();
    const producer = await this.#producer;
    await producer.send({ topic, messages, acks: -1 });
  }

  async #open(): Promise<Producer> {
    const producer = this.#kafka.producer({
      allowAutoTopicCreation: false,
      idempotent: true,
      maxInFlightRequests: 1,
      createPartitioner: stablePartitioner,
      retry: { retries: 5 },
    });
    await producer.connect();
    return producer;
  }

  async #create(topic: string): Promise<void> {
    const admin = this.#kafka.admin();
    try {
      await admin.connect();
      await createTopic(admin, { topic, numPartitions: -1, replicationFactor: -1 });
    } finally {
      await admin.disconnect();
    }
  }
}
