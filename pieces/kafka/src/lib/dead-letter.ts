import { messageOf } from '@bizstack/piece-common';
import type { IHeaders, KafkaMessage, Message, RecordMetadata } from 'kafkajs';
import type { KafkaConnection } from './client';
import { hasErrorType } from './errors';
import type { TopicPartition } from './positions';
import { createTopic } from './topics';

/** Headers that say where a dead letter comes from. */
export const DEAD_LETTER_HEADERS = {
  topic: 'dlq-origin-topic',
  partition: 'dlq-origin-partition',
  offset: 'dlq-origin-offset',
  timestamp: 'dlq-origin-timestamp',
  error: 'dlq-error',
  attempts: 'dlq-attempts',
} as const;

/** Error texts are cut: some brokers limit the size of headers, and the rest is in the logs of the flow. */
const ERROR_LENGTH = 1_000;

export function defaultDeadLetterTopic(topic: string): string {
  return `${topic}.dlq`;
}

export interface DeadLetter extends TopicPartition {
  readonly message: Pick<KafkaMessage, 'key' | 'value' | 'headers' | 'offset' | 'timestamp'>;
  readonly error: unknown;
  /** Deliveries that failed; one more than the message's own count if not given. */
  readonly attempts?: number | undefined;
}

/** The message as it was, with its origin and the error in headers. */
export function toDeadLetter({ topic, partition, message, error, attempts }: DeadLetter): Message {
  return {
    key: message.key,
    value: message.value,
    headers: {
      ...message.headers,
      [DEAD_LETTER_HEADERS.topic]: topic,
      [DEAD_LETTER_HEADERS.partition]: String(partition),
      [DEAD_LETTER_HEADERS.offset]: message.offset,
      [DEAD_LETTER_HEADERS.timestamp]: message.timestamp,
      [DEAD_LETTER_HEADERS.error]: messageOf(error).slice(0, ERROR_LENGTH),
      [DEAD_LETTER_HEADERS.attempts]: String(attempts ?? attemptsOf(message.headers) + 1),
    },
  };
}

/** Failed deliveries that a message carries from earlier rounds through a dead letter topic. */
export function attemptsOf(headers: IHeaders | undefined): number {
  const count = Number(headerText(headers, DEAD_LETTER_HEADERS.attempts));
  return Number.isSafeInteger(count) && count > 0 ? count : 0;
}

/** The text of a header; the last one where it is repeated. */
export function headerText(headers: IHeaders | undefined, name: string): string | undefined {
  const found = headers?.[name];
  const value = Array.isArray(found) ? found.at(-1) : found;
  return value === undefined ? undefined : value.toString();
}

/** Sends messages to a dead letter topic, which is created with the broker's defaults when it is missing. */
export async function sendDeadLetters(
  connection: KafkaConnection,
  topic: string,
  messages: Message[],
): Promise<RecordMetadata[]> {
  const send = async () => {
    const producer = await connection.producer('idempotent');
    return producer.send({ topic, messages, acks: -1 });
  };
  try {
    return await send();
  } catch (error) {
    if (!hasErrorType(error, 'UNKNOWN_TOPIC_OR_PARTITION')) throw error;
    await ensureTopic(connection, topic);
    return send();
  }
}

async function ensureTopic(connection: KafkaConnection, topic: string): Promise<void> {
  const admin = await connection.admin();
  await createTopic(admin, { topic, numPartitions: -1, replicationFactor: -1 });
  // The producer remembers that the topic was missing; a new one asks again.
  await connection.discardProducer('idempotent');
}
