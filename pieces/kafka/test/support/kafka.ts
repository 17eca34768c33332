import { randomUUID } from 'node:crypto';
import { testFacts } from '@bizstack/native/testing';
import { type Admin, Kafka, type Message, Partitioners, logLevel } from 'kafkajs';

// A real server on a busy machine.
jest.setTimeout(120_000);

/** A client of its own, so that the piece is checked against something that is not the piece. */
export const raw = new Kafka({ brokers: [testFacts('kafka')['brokers'] ?? ''], logLevel: logLevel.NOTHING });

export const auth = { brokers: testFacts('kafka')['brokers'] ?? '' };

export function uniqueName(prefix: string): string {
  return `${prefix}-${randomUUID()}`;
}

export async function withRawAdmin<T>(work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = raw.admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

export async function newTopic(
  partitions = 1,
  config: Record<string, string> = {},
  topic = uniqueName('test'),
): Promise<string> {
  await withRawAdmin(async (admin) => {
    const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
    await admin.createTopics({
      waitForLeaders: false,
      topics: [{ topic, numPartitions: partitions, configEntries }],
    });
    const deadline = Date.now() + 10_000;
    // The broker learns from the controller about the new topic.
    for (let known = false; !known && Date.now() < deadline;) {
      known = await admin.fetchTopicMetadata({ topics: [topic] }).then(
        (metadata) => metadata.topics[0]?.partitions.length === partitions,
        () => false,
      );
    }
  });
  return topic;
}

export async function produce(topic: string, messages: Message[]): Promise<void> {
  const producer = raw.producer({
    createPartitioner: Partitioners.DefaultPartitioner,
    // A retry on a busy machine must not make messages twice.
    idempotent: true,
    maxInFlightRequests: 1,
  });
  await producer.connect();
  try {
    await producer.send({ topic, messages });
  } finally {
    await producer.disconnect();
  }
}

/** Committed offsets of a group for one topic, by partition. */
export async function committedOffsets(groupId: string, topic: string): Promise<Record<number, string>> {
  const [found] = await withRawAdmin((admin) => admin.fetchOffsets({ groupId, topics: [topic] }));
  return Object.fromEntries((found?.partitions ?? []).map(({ partition, offset }) => [partition, offset]));
}
