import { createTriggerHarness, MemoryStoreBackend } from '@bizstack/piece-testkit';
import { Partitioners } from 'kafkajs';
import { closeConnections } from '../src/lib/client';
import { newMessage } from '../src/lib/triggers/new-message';
import { auth, committedOffsets, newTopic, produce, raw, uniqueName, withRawAdmin } from './support/kafka';

interface Delivered {
  topic: string;
  partition: number;
  offset: string;
  timestamp: string;
  key: string | null;
  headers: Record<string, unknown>;
  value: unknown;
}

function open(props: Record<string, unknown>, store = new MemoryStoreBackend(), flowId = uniqueName('flow')) {
  const harness = createTriggerHarness(newMessage, {
    auth,
    props: { start: 'earliest', ...props },
    store,
    identity: { flowId },
  });
  return { harness, flowId, groupId: `bizstack-flow-${flowId}`, store };
}

async function poll(harness: ReturnType<typeof open>['harness']): Promise<Delivered[]> {
  return (await harness.run()) as Delivered[];
}

/** Rewrites who staged the last batch to a process that does not exist, as after kill -9 of the engine. */
function pretendEngineDied({ entries }: MemoryStoreBackend): void {
  for (const [key, text] of entries) entries.set(key, text.replace(/"pid":\d+/, '"pid":4194305'));
}

const numbers = (messages: Delivered[]) => messages.map(({ value }) => (value as { n: number }).n);
const json = (n: number, extra: Record<string, unknown> = {}) => JSON.stringify({ n, ...extra });

afterAll(closeConnections);

describe('output', () => {
  it('gives each message with topic, partition, offset, timestamp, key, headers and parsed value', async () => {
    const topic = await newTopic();
    const { harness } = open({ topics: [topic] });
    await harness.enable();
    await produce(topic, [
      {
        key: 'k',
        value: '{"a":[1,{"b":null}]}',
        headers: { trace: 'x', many: ['1', '2'] },
        timestamp: '1767268800000',
      },
    ]);
    expect(await poll(harness)).toEqual([
      {
        topic,
        partition: 0,
        offset: '0',
        timestamp: '2026-01-01T12:00:00.000Z',
        key: 'k',
        headers: { trace: 'x', many: ['1', '2'] },
        value: { a: [1, { b: null }] },
      },
    ]);
  });

  it('asks for the shortest schedule', async () => {
    const { harness } = open({ topics: [await newTopic()] });
    await harness.enable();
    expect(harness.schedule?.cronExpression).toBe('* * * * *');
  });

  it('carries a value of 10 MB', async () => {
    const topic = await newTopic(1, { 'max.message.bytes': '20000000' });
    const { harness } = open({ topics: [topic], format: 'text' });
    await harness.enable();
    const big = 'x'.repeat(10 * 1024 * 1024);
    await produce(topic, [{ value: big }, { value: 'small' }]);
    const values = [...(await poll(harness)), ...(await poll(harness))].map(({ value }) => value);
    expect(values.map((value) => String(value).length)).toEqual([big.length, 5]);
  });

  it('gives tombstones as null and bytes as Base64', async () => {
    const topic = await newTopic();
    const { harness } = open({ topics: [topic], format: 'binary' });
    await harness.enable();
    await produce(topic, [{ key: Buffer.from([0xff]), value: null }, { value: Buffer.from([0xff, 0x00]) }]);
    const [first, second] = await poll(harness);
    expect(first).toMatchObject({ key: 'base64:/w==', value: null });
    expect(second).toMatchObject({ key: null, value: '/wA=' });
  });

  it('makes one run of a batch, and one for each key when asked', async () => {
    const topic = await newTopic(3);
    const { harness } = open({ topics: [topic], delivery: 'batch', groupByKey: true });
    await harness.enable();
    await produce(
      topic,
      Array.from({ length: 30 }, (_, n) => ({ key: `k${n % 3}`, value: json(n) })),
    );
    const batches = (await harness.run()) as { key: string; count: number; messages: Delivered[] }[];
    expect(batches.map(({ key }) => key).sort()).toEqual(['k0', 'k1', 'k2']);
    for (const { key, count, messages } of batches) {
      expect(count).toBe(10);
      expect(numbers(messages)).toEqual(Array.from({ length: 10 }, (_, i) => i * 3 + Number(key.slice(1))));
    }
  });
});

it('starts several runs of batches at one poll when asked, without a gap between them', async () => {
  const topic = await newTopic();
  const { harness } = open({ topics: [topic], delivery: 'batch', maxMessages: 4, batchesPerPoll: 3 });
  await harness.enable();
  await produce(
    topic,
    Array.from({ length: 18 }, (_, n) => ({ value: json(n) })),
  );
  const polls: number[][][] = [];
  for (let poll = 0; poll < 3; poll += 1) {
    const runs = (await harness.run()) as { messages: Delivered[]; count: number }[];
    for (const { messages, count } of runs) expect(messages).toHaveLength(count);
    polls.push(runs.map(({ messages }) => numbers(messages)));
  }
  expect(polls).toEqual([
    [
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, 9, 10, 11],
    ],
    [
      [12, 13, 14, 15],
      [16, 17],
    ],
    [],
  ]);
});

it('keeps to one batch a poll where batches are grouped by key', async () => {
  const topic = await newTopic();
  const { harness } = open({
    topics: [topic],
    delivery: 'batch',
    maxMessages: 4,
    batchesPerPoll: 3,
    groupByKey: true,
  });
  await harness.enable();
  await produce(
    topic,
    Array.from({ length: 9 }, (_, n) => ({ key: 'k', value: json(n) })),
  );
  const runs = (await harness.run()) as { messages: Delivered[] }[];
  expect(runs.map(({ messages }) => numbers(messages))).toEqual([[0, 1, 2, 3]]);
});

describe('delivery', () => {
  it('commits a batch to the group only at the next poll', async () => {
    const topic = await newTopic();
    const { harness, groupId } = open({ topics: [topic], maxMessages: 2 });
    await harness.enable();
    await produce(
      topic,
      [0, 1, 2].map((n) => ({ value: json(n) })),
    );
    expect(numbers(await poll(harness))).toEqual([0, 1]);
    expect(await committedOffsets(groupId, topic)).toEqual({ 0: '0' });
    expect(numbers(await poll(harness))).toEqual([2]);
    expect(await committedOffsets(groupId, topic)).toEqual({ 0: '2' });
    expect(await poll(harness)).toEqual([]);
    expect(await committedOffsets(groupId, topic)).toEqual({ 0: '3' });
  });

  it.each(['group', 'flow'])(
    'delivers the batch again when the engine died with it (offsets in the %s)',
    async (offsetStorage) => {
      const topic = await newTopic();
      const { harness, store } = open({ topics: [topic], offsetStorage });
      await harness.enable();
      await produce(
        topic,
        [0, 1].map((n) => ({ value: json(n) })),
      );
      expect(numbers(await poll(harness))).toEqual([0, 1]);
      pretendEngineDied(store);
      expect(numbers(await poll(harness))).toEqual([0, 1]);
      expect(numbers(await poll(harness))).toEqual([]);
    },
  );

  it('goes on after the batch where the engine starts a process for every poll', async () => {
    const topic = await newTopic();
    const { harness, store } = open({ topics: [topic], afterCrash: 'continue' });
    await harness.enable();
    await produce(topic, [{ value: json(0) }]);
    expect(numbers(await poll(harness))).toEqual([0]);
    pretendEngineDied(store);
    expect(numbers(await poll(harness))).toEqual([]);
  });

  it('goes on from the committed offsets with fresh connections', async () => {
    const topic = await newTopic();
    const { harness } = open({ topics: [topic], maxMessages: 2 });
    await harness.enable();
    await produce(
      topic,
      [0, 1, 2, 3].map((n) => ({ value: json(n) })),
    );
    const first = numbers(await poll(harness));
    await closeConnections();
    expect([...first, ...numbers(await poll(harness)), ...numbers(await poll(harness))]).toEqual([
      0, 1, 2, 3,
    ]);
  });

  it('keeps offsets when the flow is published again, and misses nothing sent in between', async () => {
    const topic = await newTopic();
    const { harness } = open({ topics: [topic], start: 'latest' });
    await produce(topic, [{ value: json(0) }]);
    await harness.enable();
    await produce(topic, [{ value: json(1) }]);
    expect(numbers(await poll(harness))).toEqual([1]);
    await harness.disable();
    await produce(topic, [{ value: json(2) }]);
    await harness.enable();
    expect(numbers(await poll(harness))).toEqual([2]);
  });

  it('drains many messages in order within each key, without gaps or repeats', async () => {
    const topic = await newTopic(4);
    const { harness } = open({ topics: [topic], delivery: 'batch', maxMessages: 700 });
    await harness.enable();
    const total = 5_000;
    await produce(
      topic,
      Array.from({ length: total }, (_, n) => ({ key: `k${n % 17}`, value: json(n) })),
    );
    const seen: Delivered[] = [];
    for (
      let batch = (await harness.run()) as { messages: Delivered[] }[];
      batch.length > 0;
      batch = (await harness.run()) as typeof batch
    ) {
      seen.push(...(batch[0]?.messages ?? []));
    }
    expect(numbers(seen).sort((a, b) => a - b)).toEqual(Array.from({ length: total }, (_, n) => n));
    for (let k = 0; k < 17; k += 1) {
      const ofKey = numbers(seen.filter(({ key }) => key === `k${k}`));
      expect(ofKey).toEqual([...ofKey].sort((a, b) => a - b));
    }
  });

  it('respects offsets that were reset from outside', async () => {
    const topic = await newTopic();
    const { harness, groupId } = open({ topics: [topic] });
    await harness.enable();
    await produce(
      topic,
      [0, 1, 2].map((n) => ({ value: json(n) })),
    );
    await poll(harness);
    await poll(harness);
    await withRawAdmin((admin) =>
      admin.setOffsets({ groupId, topic, partitions: [{ partition: 0, offset: '1' }] }),
    );
    expect(numbers(await poll(harness))).toEqual([1, 2]);
  });

  it('goes on at the oldest message when the log no longer has the offset', async () => {
    const topic = await newTopic();
    const { harness } = open({ topics: [topic] });
    await produce(
      topic,
      [0, 1, 2].map((n) => ({ value: json(n) })),
    );
    await harness.enable();
    await withRawAdmin(async (admin) => {
      await admin.fetchTopicMetadata({ topics: [topic] });
      await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '2' }] });
    });
    expect(numbers(await poll(harness))).toEqual([2]);
  });

  it('delivers committed transactions only, and passes aborted ones', async () => {
    const topic = await newTopic();
    const { harness } = open({ topics: [topic] });
    await harness.enable();
    const producer = raw.producer({
      transactionalId: uniqueName('tx'),
      idempotent: true,
      maxInFlightRequests: 1,
      createPartitioner: Partitioners.DefaultPartitioner,
    });
    await producer.connect();
    const aborted = await producer.transaction();
    await aborted.send({ topic, messages: [{ value: json(0) }] });
    expect(await poll(harness)).toEqual([]);
    await aborted.abort();
    const committed = await producer.transaction();
    await committed.send({ topic, messages: [{ value: json(1) }] });
    await committed.commit();
    await producer.disconnect();
    expect(numbers(await poll(harness))).toEqual([1]);
    expect(await poll(harness)).toEqual([]);
  });
});

describe('where it starts', () => {
  it('at a point in time', async () => {
    const topic = await newTopic();
    await produce(
      topic,
      [1_000, 2_000, 3_000].map((ms) => ({ value: json(ms), timestamp: String(ms) })),
    );
    const { harness } = open({
      topics: [topic],
      start: 'timestamp',
      startTimestamp: '1970-01-01T00:00:02.000Z',
    });
    await harness.enable();
    expect(numbers(await poll(harness))).toEqual([2_000, 3_000]);
  });

  it('takes in topics that match a pattern later, from their first message', async () => {
    const prefix = uniqueName('pattern');
    const { harness } = open({ topicPattern: `${prefix}.*`, start: 'latest' });
    await harness.enable();
    expect(await poll(harness)).toEqual([]);
    const topic = await newTopic(1, {}, `${prefix}.late`);
    await produce(topic, [{ value: json(7) }]);
    expect(numbers(await poll(harness))).toEqual([7]);
  });
});

describe('filters', () => {
  it('delivers what passes, and moves past the rest', async () => {
    const topic = await newTopic();
    const { harness, groupId } = open({
      topics: [topic],
      filters: [
        { source: 'value', path: 'type', operator: 'equals', value: 'crm.lead.captured' },
        { source: 'header', path: 'tenant', operator: 'one_of', value: 'a, b' },
      ],
    });
    await harness.enable();
    await produce(topic, [
      { value: json(0, { type: 'crm.lead.scored' }), headers: { tenant: 'a' } },
      { value: json(1, { type: 'crm.lead.captured' }), headers: { tenant: 'b' } },
      { value: json(2, { type: 'crm.lead.captured' }), headers: { tenant: 'c' } },
    ]);
    expect(numbers(await poll(harness))).toEqual([1]);
    expect(await poll(harness)).toEqual([]);
    expect(await committedOffsets(groupId, topic)).toEqual({ 0: '3' });
  });
});

describe('unreadable messages', () => {
  const messages = [
    { value: json(0) },
    { key: 'bad', value: 'no json', headers: { h: '1' } },
    { value: json(2) },
  ];

  it('stops before them and says which one it is', async () => {
    const topic = await newTopic();
    const { harness } = open({ topics: [topic] });
    await harness.enable();
    await produce(topic, messages);
    expect(numbers(await poll(harness))).toEqual([0]);
    await expect(poll(harness)).rejects.toMatchObject({
      code: 'BIZ_KAFKA_MESSAGE_UNREADABLE',
      details: { topic, partition: 0, offset: '1' },
    });
  });

  it('skips them', async () => {
    const topic = await newTopic();
    const { harness } = open({ topics: [topic], onUnreadable: 'skip' });
    await harness.enable();
    await produce(topic, messages);
    expect(numbers(await poll(harness))).toEqual([0, 2]);
  });

  it('moves them to a dead letter topic, which it makes', async () => {
    const topic = await newTopic();
    const { harness } = open({ topics: [topic], onUnreadable: 'dead_letter' });
    await harness.enable();
    await produce(topic, messages);
    expect(numbers(await poll(harness))).toEqual([0, 2]);
    const dead = open({ topics: [`${topic}.dlq`], format: 'text' });
    await dead.harness.enable();
    expect(await poll(dead.harness)).toMatchObject([
      {
        key: 'bad',
        value: 'no json',
        headers: { h: '1', 'dlq-origin-topic': topic, 'dlq-origin-partition': '0', 'dlq-origin-offset': '1' },
      },
    ]);
  });

  it('treats text that is not UTF-8 as unreadable', async () => {
    const topic = await newTopic();
    const { harness } = open({ topics: [topic], format: 'text' });
    await harness.enable();
    await produce(topic, [{ value: Buffer.from([0xff, 0xfe]) }]);
    await expect(poll(harness)).rejects.toMatchObject({ code: 'BIZ_KAFKA_MESSAGE_UNREADABLE' });
  });
});

describe('test button', () => {
  it('shows the newest messages and takes none away', async () => {
    const topic = await newTopic();
    const { harness, groupId } = open({ topics: [topic] });
    await produce(
      topic,
      Array.from({ length: 8 }, (_, n) => ({ value: json(n), timestamp: String(1_000 + n) })),
    );
    await harness.enable();
    expect(numbers((await harness.test()) as Delivered[])).toEqual([3, 4, 5, 6, 7]);
    expect(await committedOffsets(groupId, topic)).toEqual({ 0: '0' });
    expect(numbers(await poll(harness))).toHaveLength(8);
  });

  it('gives nothing for an empty topic', async () => {
    const { harness } = open({ topics: [await newTopic()] });
    expect(await harness.test()).toEqual([]);
  });
});

describe('errors', () => {
  it('names unknown topics when the flow is published', async () => {
    const topic = uniqueName('nowhere');
    const { harness } = open({ topics: [topic] });
    await expect(harness.enable()).rejects.toMatchObject({
      code: 'BIZ_KAFKA_TOPIC_UNKNOWN',
      message: expect.stringContaining(topic) as string,
    });
  });

  it('says so when no topic is chosen', async () => {
    const { harness } = open({});
    await expect(harness.enable()).rejects.toMatchObject({ code: 'BIZ_KAFKA_TOPIC_MISSING' });
  });

  it('refuses a group that has running consumers', async () => {
    const topic = await newTopic();
    const groupId = uniqueName('group');
    const { harness } = open({ topics: [topic], groupId });
    await produce(topic, [{ value: json(0) }]);
    await harness.enable();
    await poll(harness);
    const consumer = raw.consumer({ groupId });
    await consumer.connect();
    const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
    await consumer.subscribe({ topic: await newTopic() });
    await consumer.run({ eachMessage: async () => undefined });
    await joined;
    try {
      await expect(poll(harness)).rejects.toMatchObject({ code: 'BIZ_KAFKA_GROUP_IN_USE' });
    } finally {
      await consumer.disconnect();
    }
  });
});
