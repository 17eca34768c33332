import { randomUUID } from 'node:crypto';
import { type Admin, Kafka, logLevel, type Message, Partitioners } from 'kafkajs';
import { brokers } from './bridge';

// Real servers on a busy machine.
jest.setTimeout(120_000);

export const raw = new Kafka({ brokers: [brokers], logLevel: logLevel.NOTHING });

export function uniqueName(prefix: string): string {
  return `${prefix}-${randomUUID()}`;
}

export async function withAdmin<T>(work: (admin: Admin) => Promise<T>, kafka = raw): Promise<T> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

export async function newTopic(partitions = 1, kafka = raw): Promise<string> {
  const topic = uniqueName('bridge');
  await withAdmin(async (admin) => {
    await admin.createTopics({ waitForLeaders: false, topics: [{ topic, numPartitions: partitions }] });
    await until(
      () =>
        admin.fetchTopicMetadata({ topics: [topic] }).then(
          ({ topics }) => topics[0]?.partitions.length === partitions,
          () => false,
        ),
      'the topic to be known',
    );
  }, kafka);
  return topic;
}

export async function produce(topic: string, messages: Message[], kafka = raw): Promise<void> {
  const producer = kafka.producer({
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

/** Sum of the committed offsets of a group in a topic: how many messages it is done with. */
export async function committed(groupId: string, topic: string): Promise<number> {
  const [found] = await withAdmin((admin) => admin.fetchOffsets({ groupId, topics: [topic] }));
  return (found?.partitions ?? []).reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0);
}

/** Polls until something holds. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  what: string,
  ms = 60_000,
): Promise<void> {
  const deadline = Date.now() + ms;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`Waited in vain for ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
