import { randomUUID } from 'node:crypto';
import { createAction, Property } from '@activepieces/pieces-framework';
import { parseJsonProp } from '@bizstack/piece-common';
import { type CompressionTypes, type Message, type RecordMetadata } from 'kafkajs';
import { z } from 'zod';
import { kafkaAuth } from '../auth';
import { type KafkaConnection, withKafka } from '../client';
import { parseAuth } from '../config';
import { stablePartitioner } from '../partitioner';
import { parseOutgoingList, toKafkaMessage } from '../messages';
import { acksProp, compressionProp, formatProp, parseFormat, parseDelivery } from '../props/message';
import { parseSchemaChoice, schemaProps } from '../props/schema';
import { topicProp } from '../props/topic';
import { send } from '../send';
import { valueEncoder } from '../values';

const MAX_MESSAGES = 10_000;
/** One request stays well below the 1 MB that brokers accept by default, unless a single message is larger. */
const MAX_CHUNK_BYTES = 700_000;
/** kafkajs copies a list anew for each message that it sorts by partition, so long lists cost their square. */
const MAX_CHUNK = 2_500;

const messagesSchema = z.array(z.unknown()).max(MAX_MESSAGES);

export const sendMessages = createAction({
  auth: kafkaAuth,
  name: 'send_messages',
  displayName: 'Send Messages',
  description: 'Sends up to 10,000 messages to a topic, in order, optionally all or none.',
  audience: 'both',
  aiMetadata: {
    description:
      'Publish a list of messages to a Kafka topic in one call. Each is an object {value, key?, headers?, partition?, timestamp?}. Calling it twice stores them twice.',
    idempotent: false,
  },
  props: {
    topic: topicProp,
    messages: Property.Json({
      displayName: 'Messages',
      description: 'A list of objects: value, and optionally key, headers, partition, timestamp.',
      required: true,
      defaultValue: [{ key: 'customer-1', value: { hello: 'world' } }],
    }),
    format: formatProp('How the values are written.'),
    transaction: Property.Checkbox({
      displayName: 'All or none',
      description:
        'Sends them in one Kafka transaction: readers of committed messages see all of them or none.',
      required: false,
      defaultValue: false,
    }),
    acks: acksProp,
    compression: compressionProp,
    ...schemaProps,
  },
  outputSchema: {
    fields: [
      { key: 'topic', label: 'Topic' },
      { key: 'count', label: 'Messages sent', format: 'number' },
      {
        key: 'partitions',
        label: 'Partitions',
        listItems: [
          { key: 'partition', label: 'Partition', format: 'number' },
          { key: 'firstOffset', label: 'First offset' },
        ],
      },
    ],
  },
  async run({ auth, propsValue }) {
    const { topic } = propsValue;
    const format = parseFormat(propsValue.format);
    const outgoing = parseOutgoingList(parseJsonProp('Messages', propsValue.messages, messagesSchema));
    const { acks, compression } = parseDelivery(propsValue.acks, propsValue.compression);
    if (outgoing.length === 0) return { topic, count: 0, partitions: [] };
    const encode = await valueEncoder({
      format,
      auth: () => parseAuth(auth.props),
      choice: () => parseSchemaChoice(propsValue, topic),
    });
    const messages = outgoing.map((message) => toKafkaMessage(message, encode));
    const stored = await withKafka(
      auth.props,
      (connection) =>
        propsValue.transaction === true
          ? sendInTransaction(connection, topic, messages, compression)
          : sendChunks(messages, (chunk) => send(connection, { topic, messages: chunk, acks, compression })),
      { topic },
    );
    return { topic, count: messages.length, partitions: firstOffsets(stored) };
  },
});

async function sendChunks(
  messages: readonly Message[],
  sendChunk: (messages: Message[]) => Promise<RecordMetadata[]>,
): Promise<RecordMetadata[]> {
  const stored: RecordMetadata[] = [];
  let chunk: Message[] = [];
  let bytes = 0;
  for (const message of messages) {
    const size = Buffer.byteLength(message.value ?? '') + Buffer.byteLength(message.key ?? '');
    if (chunk.length >= MAX_CHUNK || (chunk.length > 0 && bytes + size > MAX_CHUNK_BYTES)) {
      stored.push(...(await sendChunk(chunk)));
      chunk = [];
      bytes = 0;
    }
    chunk.push(message);
    bytes += size;
  }
  stored.push(...(await sendChunk(chunk)));
  return stored;
}

async function sendInTransaction(
  { kafka }: KafkaConnection,
  topic: string,
  messages: readonly Message[],
  compression: CompressionTypes,
): Promise<RecordMetadata[]> {
  // An id of its own for each call: runs in parallel must not fence each other off.
  const producer = kafka.producer({
    transactionalId: `bizstack-${randomUUID()}`,
    maxInFlightRequests: 1,
    idempotent: true,
    allowAutoTopicCreation: false,
    createPartitioner: stablePartitioner,
    retry: { retries: 5 },
  });
  await producer.connect();
  try {
    const transaction = await producer.transaction();
    try {
      const stored = await sendChunks(messages, (chunk) =>
        transaction.send({ topic, messages: chunk, acks: -1, compression }),
      );
      await transaction.commit();
      return stored;
    } catch (error) {
      await transaction.abort().catch(() => undefined);
      throw error;
    }
  } finally {
    await producer.disconnect();
  }
}

function firstOffsets(
  stored: readonly RecordMetadata[],
): { partition: number; firstOffset: string | null }[] {
  const first = new Map<number, string | null>();
  for (const { partition, baseOffset } of stored) {
    if (!first.has(partition)) first.set(partition, baseOffset ?? null);
  }
  return [...first]
    .map(([partition, firstOffset]) => ({ partition, firstOffset }))
    .sort((a, b) => a.partition - b.partition);
}
