import { messageOf } from '@bizstack/piece-common';
import type { KafkaMessage, Message } from 'kafkajs';
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
  readonly message: KafkaMessage;
  readonly error: unknown;
}

/** The message as it was, with its origin and the error in headers. */
export function toDeadLetter({ topic, partition, message, error }: DeadLetter): Message {
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
      [DEAD_LETTER_HEADERS.attempts]: '1',
    },
  };
}

/** Sends messages to a dead letter topic, which is created with the broker's defaults when it is missing. */
export async function sendDeadLetters(
  connection: KafkaConnection,
  topic: string,
  messages: Message[],
): Promise<void> {
  const send = async () => {
    const producer = await connection.producer('idempotent');
    await producer.send({ topic, messages, acks: -1 });
  };
  try {
    await send();
  } catch (error) {
    if (!hasErrorType(error, 'UNKNOWN_TOPIC_OR_PARTITION')) throw error;
    await ensureTopic(connection, topic);
    await send();
  }
}

async function ensureTopic(connection: KafkaConnection, topic: string): Promise<void> {
  const admin = await connection.admin();
  await createTopic(admin, { topic, numPartitions: -1, replicationFactor: -1 });
  // The producer remembers that the topic was missing; a new one asks again.
  await connection.discardProducer('idempotent');
}
