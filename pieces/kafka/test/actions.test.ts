import { runAction } from '@bizstack/piece-testkit';
import { addPartitions } from '../src/lib/actions/add-partitions';
import { alterTopicConfig } from '../src/lib/actions/alter-topic-config';
import { consumeMessages } from '../src/lib/actions/consume-messages';
import { createTopic } from '../src/lib/actions/create-topic';
import { deleteTopic } from '../src/lib/actions/delete-topic';
import { describeConsumerGroup } from '../src/lib/actions/describe-consumer-group';
import { describeTopic } from '../src/lib/actions/describe-topic';
import { listConsumerGroups } from '../src/lib/actions/list-consumer-groups';
import { listTopics } from '../src/lib/actions/list-topics';
import { resetConsumerGroupOffsets } from '../src/lib/actions/reset-consumer-group-offsets';
import { sendMessage } from '../src/lib/actions/send-message';
import { sendMessages } from '../src/lib/actions/send-messages';
import { closeConnections } from '../src/lib/client';
import { auth, committedOffsets, newTopic, produce, raw, uniqueName, withRawAdmin } from './support/kafka';

interface Seen {
  key: string | null;
  value: string | null;
  partition: number;
  timestamp: string;
  headers: Record<string, string>;
}

/** Reads what a topic holds with a plain kafkajs consumer. */
async function contentOf(topic: string, count: number): Promise<Seen[]> {
  const consumer = raw.consumer({ groupId: uniqueName('check') });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const seen: Seen[] = [];
  await new Promise<void>((resolve, reject) => {
    consumer
      .run({
        eachMessage: async ({ partition, message }) => {
          seen.push({
            key: message.key?.toString() ?? null,
            value: message.value?.toString() ?? null,
            partition,
            timestamp: message.timestamp,
            headers: Object.fromEntries(
              Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)]),
            ),
          });
          if (seen.length === count) resolve();
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
  return seen;
}

afterAll(closeConnections);

describe('send_message', () => {
  it('sends key, value, headers, partition and timestamp', async () => {
    const topic = await newTopic(3);
    const { output } = await runAction(sendMessage, {
      auth,
      props: {
        topic,
        key: 'k',
        value: '{"a":1}',
        headers: { trace: 'x', n: 7, list: ['1'] },
        partition: 2,
        timestamp: '2026-01-01T12:00:00.000Z',
      },
    });
    expect(output).toEqual({ topic, partition: 2, offset: '0' });
    expect(await contentOf(topic, 1)).toEqual([
      {
        key: 'k',
        value: '{"a":1}',
        partition: 2,
        timestamp: '1767268800000',
        headers: { trace: 'x', n: '7', list: '1' },
      },
    ]);
  });

  it.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)(
    'sends with %s, and reads it back',
    async (compression) => {
      const topic = await newTopic();
      const value = 'compress me '.repeat(10_000);
      await runAction(sendMessage, { auth, props: { topic, value, format: 'text', compression } });
      const { output } = await runAction(consumeMessages, {
        auth,
        props: { topic, from: 'earliest', format: 'text' },
      });
      expect(
        (output as { messages: { value: string }[] }).messages.map((message) => message.value === value),
      ).toEqual([true]);
    },
  );

  it.each(['all', 'leader', 'none'] as const)('sends with acknowledgement by %s', async (acks) => {
    const topic = await newTopic();
    await runAction(sendMessage, { auth, props: { topic, value: '1', acks } });
    expect(await contentOf(topic, 1)).toMatchObject([{ value: '1' }]);
  });

  it('sends a tombstone for an empty value, and bytes from Base64', async () => {
    const topic = await newTopic();
    await runAction(sendMessage, { auth, props: { topic, key: 'k', value: '' } });
    await runAction(sendMessage, { auth, props: { topic, value: 'aGk=', format: 'binary' } });
    expect((await contentOf(topic, 2)).map(({ value }) => value)).toEqual([null, 'hi']);
  });

  it('sends many at once over one connection, each once', async () => {
    const topic = await newTopic(2);
    await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        runAction(sendMessage, { auth, props: { topic, value: String(n) } }),
      ),
    );
    const values = (await contentOf(topic, 50)).map(({ value }) => Number(value)).sort((a, b) => a - b);
    expect(values).toEqual(Array.from({ length: 50 }, (_, n) => n));
  });

  it.each([
    [{ value: '{broken' }, 'BIZ_KAFKA_VALUE_INVALID'],
    [{ value: 'not base64!', format: 'binary' as const }, 'BIZ_KAFKA_VALUE_INVALID'],
    [{ value: '1', partition: -1 }, 'BIZ_INPUT_INVALID'],
  ])('refuses %j', async (props, code) => {
    const topic = await newTopic();
    await expect(runAction(sendMessage, { auth, props: { topic, ...props } })).rejects.toMatchObject({
      code,
    });
  });

  it('names an unknown topic and a message that is too large', async () => {
    const unknown = uniqueName('nowhere');
    await expect(
      runAction(sendMessage, { auth, props: { topic: unknown, value: '1' } }),
    ).rejects.toMatchObject({
      code: 'BIZ_KAFKA_TOPIC_UNKNOWN',
      message: expect.stringContaining(unknown) as string,
    });
    const topic = await newTopic(1, { 'max.message.bytes': '1000' });
    await expect(
      runAction(sendMessage, { auth, props: { topic, value: 'x'.repeat(5_000), format: 'text' } }),
    ).rejects.toMatchObject({ code: 'BIZ_KAFKA_MESSAGE_TOO_LARGE' });
    await expect(runAction(sendMessage, { auth, props: { topic, value: '1' } })).resolves.toBeDefined();
  });

  it('says that the broker cannot be reached', async () => {
    await expect(
      runAction(sendMessage, { auth: { brokers: '127.0.0.1:1' }, props: { topic: 't', value: '1' } }),
    ).rejects.toMatchObject({
      code: 'BIZ_KAFKA_UNREACHABLE',
      message: expect.stringContaining('refused') as string,
    });
  });
});

describe('send_messages', () => {
  it.each([false, true])(
    'sends 10,000 messages in order of their keys (transaction: %s)',
    async (transaction) => {
      const topic = await newTopic(4);
      const messages = Array.from({ length: 10_000 }, (_, n) => ({ key: `k${n % 7}`, value: { n } }));
      const { output } = await runAction(sendMessages, {
        auth,
        props: { topic, messages: messages, transaction },
      });
      expect(output).toMatchObject({ topic, count: 10_000 });
      const seen = await contentOf(topic, 10_000);
      for (let k = 0; k < 7; k += 1) {
        const ofKey = seen
          .filter(({ key }) => key === `k${k}`)
          .map(({ value }) => (JSON.parse(value ?? '') as { n: number }).n);
        expect(ofKey).toEqual(messages.filter(({ key }) => key === `k${k}`).map(({ value }) => value.n));
      }
    },
  );

  it('sends nothing for an empty list and refuses an unknown field', async () => {
    const topic = await newTopic();
    expect((await runAction(sendMessages, { auth, props: { topic, messages: '[]' } })).output).toEqual({
      topic,
      count: 0,
      partitions: [],
    });
    await expect(
      runAction(sendMessages, { auth, props: { topic, messages: '[{"value":1,"colour":2}]' } }),
    ).rejects.toMatchObject({
      code: 'BIZ_INPUT_INVALID',
      message: expect.stringContaining('colour') as string,
    });
  });

  it('sends none of a transaction when one message fails', async () => {
    const topic = await newTopic(1, { 'max.message.bytes': '100000' });
    const messages = [{ value: 'small' }, { value: 'x'.repeat(800_000) }];
    await expect(
      runAction(sendMessages, {
        auth,
        props: { topic, messages: messages, format: 'text', transaction: true },
      }),
    ).rejects.toMatchObject({ code: 'BIZ_KAFKA_MESSAGE_TOO_LARGE' });
    const { output } = await runAction(consumeMessages, {
      auth,
      props: { topic, from: 'earliest', format: 'text' },
    });
    expect(output).toMatchObject({ count: 0 });
  });
});

describe('consume_messages', () => {
  it('reads from each kind of start', async () => {
    const topic = await newTopic();
    await produce(
      topic,
      [1_000, 2_000, 3_000].map((ms) => ({ value: String(ms), timestamp: String(ms) })),
    );
    const read = async (
      props: { from: 'earliest' | 'latest' | 'offset' | 'timestamp' | 'group' } & Record<string, unknown>,
    ) => {
      const { output } = await runAction(consumeMessages, { auth, props: { topic, ...props } });
      return (output as { messages: { value: unknown }[] }).messages.map(({ value }) => value);
    };
    expect(await read({ from: 'earliest' })).toEqual([1_000, 2_000, 3_000]);
    expect(await read({ from: 'latest', limit: 2 })).toEqual([2_000, 3_000]);
    expect(await read({ from: 'offset', partition: 0, offset: '2' })).toEqual([3_000]);
    expect(await read({ from: 'timestamp', timestamp: '1970-01-01T00:00:02Z' })).toEqual([2_000, 3_000]);
    const groupId = uniqueName('group');
    expect(await read({ from: 'group', groupId, commit: true, limit: 2 })).toEqual([1_000, 2_000]);
    expect(await committedOffsets(groupId, topic)).toEqual({ 0: '2' });
    expect(await read({ from: 'group', groupId, limit: 2 })).toEqual([3_000]);
    expect(await committedOffsets(groupId, topic)).toEqual({ 0: '2' });
  });

  it('asks for what a start needs', async () => {
    const topic = await newTopic();
    await expect(
      runAction(consumeMessages, { auth, props: { topic, from: 'offset' } }),
    ).rejects.toMatchObject({ code: 'BIZ_INPUT_INVALID' });
    await expect(
      runAction(consumeMessages, { auth, props: { topic, from: 'earliest', partition: 9 } }),
    ).rejects.toMatchObject({
      code: 'BIZ_KAFKA_PARTITION_UNKNOWN',
    });
  });
});

describe('topics', () => {
  it('are created, described, altered, grown, listed and deleted', async () => {
    const topic = uniqueName('managed');
    const create = () =>
      runAction(createTopic, { auth, props: { topic, partitions: 2, config: { 'retention.ms': 60_000 } } });
    expect((await create()).output).toEqual({ topic, created: true });
    expect((await create()).output).toEqual({ topic, created: false });
    await expect(
      runAction(createTopic, { auth, props: { topic, failIfExists: true } }),
    ).rejects.toMatchObject({ code: 'BIZ_KAFKA_TOPIC_EXISTS' });

    await produce(topic, [
      { value: '1', partition: 0 },
      { value: '2', partition: 1 },
    ]);
    await runAction(alterTopicConfig, { auth, props: { topic, config: { 'cleanup.policy': 'compact' } } });
    await runAction(addPartitions, { auth, props: { topic, total: 3 } });
    expect((await runAction(describeTopic, { auth, props: { topic } })).output).toMatchObject({
      name: topic,
      messages: 2,
      partitions: [
        { partition: 0, endOffset: '1' },
        { partition: 1, endOffset: '1' },
        { partition: 2, endOffset: '0' },
      ],
      config: { 'retention.ms': '60000', 'cleanup.policy': 'compact' },
    });
    expect(
      (await runAction(listTopics, { auth, props: { pattern: `${topic.slice(0, -1)}?` } })).output,
    ).toEqual({
      topics: [{ name: topic, partitions: 3 }],
    });
    await expect(runAction(addPartitions, { auth, props: { topic, total: 1 } })).rejects.toMatchObject({
      code: 'BIZ_KAFKA_PARTITIONS_INVALID',
    });
    await expect(runAction(deleteTopic, { auth, props: { topic, confirm: 'other' } })).rejects.toMatchObject({
      code: 'BIZ_KAFKA_NOT_CONFIRMED',
    });
    await runAction(deleteTopic, { auth, props: { topic, confirm: topic } });
    expect((await withRawAdmin((admin) => admin.listTopics())).includes(topic)).toBe(false);
  });
});

describe('consumer groups', () => {
  it('are listed, described with their lag, and reset', async () => {
    const topic = await newTopic();
    const groupId = uniqueName('group');
    await produce(
      topic,
      [1, 2, 3].map((n) => ({ value: String(n) })),
    );
    await runAction(consumeMessages, {
      auth,
      props: { topic, from: 'group', groupId, commit: true, limit: 1 },
    });
    expect((await runAction(listConsumerGroups, { auth, props: {} })).output).toMatchObject({
      groups: expect.arrayContaining([expect.objectContaining({ groupId })]) as unknown,
    });
    expect((await runAction(describeConsumerGroup, { auth, props: { groupId } })).output).toMatchObject({
      groupId,
      members: 0,
      lag: 2,
      partitions: [{ topic, partition: 0, offset: '1', endOffset: '3', lag: 2 }],
    });
    const { output } = await runAction(resetConsumerGroupOffsets, {
      auth,
      props: { groupId, topic, to: 'latest' },
    });
    expect(output).toEqual({ partitions: [{ topic, partition: 0, offset: '3' }] });
    expect(await committedOffsets(groupId, topic)).toEqual({ 0: '3' });
  });
});
