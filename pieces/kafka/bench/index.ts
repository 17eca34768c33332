import { randomUUID } from 'node:crypto';
import { testFacts } from '@bizstack/native/testing';
import {
  createTriggerHarness,
  type MeasuredPair,
  measureRates,
  measureTimes,
  prepareAction,
  runAction,
} from '@bizstack/piece-testkit';
import { type Consumer, Kafka, logLevel, Partitioners, type Producer } from 'kafkajs';
import { sendMessage } from '../src/lib/actions/send-message';
import { sendMessages } from '../src/lib/actions/send-messages';
import { closeConnections } from '../src/lib/client';
import { createTopic } from '../src/lib/topics';
import { newMessage } from '../src/lib/triggers/new-message';

const BATCH = 5_000;
const DRAIN = 100_000;
const DRAIN_ROUNDS = 3;
const PARTITIONS = 3;
/** A poll of runs of single messages; what the engine does with each run is not measured. */
const SINGLE = 10_000;

/** The piece's steps beside kafkajs used by hand. What the engine does with props before a step is not measured. */
export async function bench(): Promise<MeasuredPair[]> {
  const brokers = testFacts('kafka')['brokers'] ?? '';
  const auth = { brokers };
  const kafka = new Kafka({ brokers: [brokers], logLevel: logLevel.NOTHING });
  const producer = kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  const topic = await newTopic(kafka, PARTITIONS);
  const value = JSON.stringify({
    id: randomUUID(),
    type: 'crm.lead.captured',
    data: { name: 'Ada', score: 42 },
  });
  const list = Array.from({ length: BATCH }, (_, n) => ({ key: `k${n % 50}`, value }));
  const sendOne = await prepareAction(sendMessage, { auth, props: { topic, key: 'k', value } });
  try {
    return [
      ...(await measureTimes({
        name: 'warm send_message',
        rounds: 3_000,
        warmUp: 3_000,
        ours: sendOne,
        reference: () => producer.send({ topic, acks: -1, messages: [{ key: 'k', value }] }),
      })),
      await measureRates({
        name: `send_messages, ${BATCH.toLocaleString('en')} a call`,
        unit: 'messages',
        amount: BATCH,
        rounds: 15,
        warmUp: 2,
        ours: () => runAction(sendMessages, { auth, processProps: false, props: { topic, messages: list } }),
        reference: () => producer.send({ topic, acks: -1, messages: list }),
      }),
      await drains(kafka, producer, auth, value),
      await runsOfEachKind(kafka, producer, auth, value),
    ];
  } finally {
    await producer.disconnect();
    await closeConnections();
  }
}

/** The polling trigger in batch mode, commits included, beside a consumer of kafkajs that commits each batch. */
async function drains(
  kafka: Kafka,
  producer: Producer,
  auth: { brokers: string },
  value: string,
): Promise<MeasuredPair> {
  const topic = await filled(kafka, producer, value, DRAIN);
  return measureRates({
    name: `new_message drains ${DRAIN.toLocaleString('en')} in batches of 1,000, up to 50 a poll`,
    unit: 'messages',
    amount: DRAIN,
    rounds: DRAIN_ROUNDS,
    ours: () => drain(auth, topic, DRAIN, { delivery: 'batch', maxMessages: 1_000, batchesPerPoll: 50 }),
    reference: () => drainByHand(kafka, topic, DRAIN),
  });
}

/** One run a batch (ours) beside one run a message (reference): what the trigger itself hands over. */
async function runsOfEachKind(
  kafka: Kafka,
  producer: Producer,
  auth: { brokers: string },
  value: string,
): Promise<MeasuredPair> {
  const topic = await filled(kafka, producer, value, SINGLE);
  return measureRates({
    name: 'new_message, a run for each batch of 1,000 beside a run for each message',
    unit: 'messages',
    amount: SINGLE,
    rounds: 5,
    ours: () => drain(auth, topic, SINGLE, { delivery: 'batch', maxMessages: 1_000 }),
    reference: () => drain(auth, topic, SINGLE, { delivery: 'message', maxMessages: 100 }),
  });
}

async function drain(
  auth: { brokers: string },
  topic: string,
  total: number,
  props: { delivery: 'batch' | 'message'; maxMessages: number; batchesPerPoll?: number },
): Promise<void> {
  const harness = createTriggerHarness(newMessage, {
    auth,
    props: { topics: [topic], start: 'earliest', ...props },
    identity: { flowId: randomUUID() },
  });
  await harness.enable();
  let seen = 0;
  while (seen < total) {
    const runs = await harness.run();
    for (const run of runs) {
      seen += typeof run === 'object' && run !== null && 'count' in run ? Number(run.count) : 1;
    }
  }
}

/** Parses each value, as a flow needs it. */
async function drainByHand(kafka: Kafka, topic: string, total: number): Promise<void> {
  const consumer: Consumer = kafka.consumer({ groupId: randomUUID() });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  let seen = 0;
  await new Promise<void>((resolve, reject) => {
    consumer
      .run({
        eachBatch: async (payload) => {
          for (const message of payload.batch.messages) {
            JSON.parse(message.value?.toString() ?? 'null');
            payload.resolveOffset(message.offset);
            seen += 1;
          }
          await payload.commitOffsetsIfNecessary();
          if (seen >= total) resolve();
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
}

async function filled(kafka: Kafka, producer: Producer, value: string, total: number): Promise<string> {
  const topic = await newTopic(kafka, PARTITIONS);
  for (let sent = 0; sent < total; sent += 2_000) {
    await producer.send({
      topic,
      messages: Array.from({ length: 2_000 }, (_, n) => ({ key: `k${(sent + n) % 50}`, value })),
    });
  }
  return topic;
}

async function newTopic(kafka: Kafka, numPartitions: number): Promise<string> {
  const topic = `bench-${randomUUID()}`;
  const admin = kafka.admin();
  await admin.connect();
  // Waits until the broker knows the new topic.
  await createTopic(admin, { topic, numPartitions });
  await admin.disconnect();
  return topic;
}
