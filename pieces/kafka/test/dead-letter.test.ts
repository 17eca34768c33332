import { runAction } from '@bizstack/piece-testkit';
import { consumeMessages } from '../src/lib/actions/consume-messages';
import { redriveDeadLetter } from '../src/lib/actions/redrive-dead-letter';
import { sendToDeadLetter } from '../src/lib/actions/send-to-dead-letter';
import { closeConnections } from '../src/lib/client';
import { auth, newTopic, produce, uniqueName, withRawAdmin } from './support/kafka';

afterAll(closeConnections);

type Message = Record<string, unknown> & { value: unknown; headers: Record<string, string> };

async function read(topic: string, format: 'json' | 'text' | 'binary' = 'json'): Promise<Message[]> {
  const { output } = await runAction(consumeMessages, {
    auth,
    props: { topic, from: 'earliest', limit: 1_000, format },
  });
  return (output as { messages: Message[] }).messages;
}

const values = (messages: Message[]) => messages.map(({ value }) => value);

/** A topic and its dead letter topic with letters numbered from 0. */
async function withLetters(count: number, partitions = 1): Promise<{ topic: string; letters: string }> {
  const topic = await newTopic(partitions);
  const letters = await newTopic(partitions, {}, `${topic}.dlq`);
  await produce(
    letters,
    Array.from({ length: count }, (_, n) => ({
      key: `k${n % 3}`,
      value: JSON.stringify({ n, even: n % 2 === 0 }),
      headers: { trace: String(n), 'dlq-origin-topic': topic, 'dlq-error': 'broken', 'dlq-attempts': '2' },
    })),
  );
  return { topic, letters };
}

async function redrive(topic: string, props: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
  const { output } = await runAction(redriveDeadLetter, { auth, props: { topic, ...props } });
  return output as Record<string, unknown>;
}

describe('send_to_dead_letter', () => {
  it('copies the message byte for byte, with its origin, the error and the attempts', async () => {
    const topic = await newTopic();
    const bytes = Buffer.from([0xff, 0x00, 0x01]);
    await produce(topic, [
      {
        key: Buffer.from([0xfe]),
        value: bytes,
        headers: { h: Buffer.from([0xfd]) },
        timestamp: '1767268800000',
      },
    ]);
    const [message] = await read(topic, 'binary');
    const { output } = await runAction(sendToDeadLetter, {
      auth,
      props: { message: message as never, error: 'no such customer', attempts: 4 },
    });
    expect(output).toEqual({ topic: `${topic}.dlq`, partition: 0, offset: '0', copied: true });
    expect(await read(`${topic}.dlq`, 'binary')).toMatchObject([
      {
        key: 'base64:/g==',
        value: bytes.toString('base64'),
        headers: {
          h: 'base64:/Q==',
          'dlq-origin-topic': topic,
          'dlq-origin-partition': '0',
          'dlq-origin-offset': '0',
          'dlq-origin-timestamp': '1767268800000',
          'dlq-error': 'no such customer',
          'dlq-attempts': '4',
        },
      },
    ]);
  });

  it('writes the message anew when the topic no longer has it, and counts attempts on', async () => {
    const topic = await newTopic();
    const letters = await newTopic();
    await produce(topic, [{ key: 'k', value: '{"n":1}', headers: { 'dlq-attempts': '2' } }]);
    const [message] = await read(topic);
    await withRawAdmin(async (admin) => {
      await admin.fetchTopicMetadata({ topics: [topic] });
      await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '1' }] });
    });
    const { output } = await runAction(sendToDeadLetter, {
      auth,
      props: { message: message as never, deadLetterTopic: letters },
    });
    expect(output).toMatchObject({ topic: letters, copied: false });
    expect(await read(letters)).toMatchObject([
      { key: 'k', value: { n: 1 }, headers: { 'dlq-error': 'No reason was given.', 'dlq-attempts': '3' } },
    ]);
  });

  it('refuses a message without origin, and the topic itself as its target', async () => {
    const props = { message: { value: 1 } as never };
    await expect(runAction(sendToDeadLetter, { auth, props })).rejects.toMatchObject({
      code: 'BIZ_INPUT_INVALID',
    });
    const message = { topic: 'a', partition: 0, offset: '0', value: 1 } as never;
    await expect(
      runAction(sendToDeadLetter, { auth, props: { message, deadLetterTopic: 'a' } }),
    ).rejects.toMatchObject({
      code: 'BIZ_INPUT_INVALID',
      message: expect.stringContaining('is the topic') as string,
    });
  });
});

describe('redrive_dead_letter', () => {
  it('sends each back once, however often it is called', async () => {
    const { topic, letters } = await withLetters(5);
    expect(await redrive(letters, { dryRun: true })).toMatchObject({ redriven: 5 });
    expect(await redrive(letters, { limit: 2 })).toEqual({
      redriven: 2,
      targets: [{ topic, count: 2 }],
      filtered: 0,
      unusable: 0,
    });
    expect(await redrive(letters)).toMatchObject({ redriven: 3 });
    expect(await redrive(letters)).toMatchObject({ redriven: 0, targets: [] });
    const back = await read(topic);
    expect(back.map(({ value }) => (value as { n: number }).n)).toEqual([0, 1, 2, 3, 4]);
    expect(back[0]).toMatchObject({ key: 'k0', headers: { trace: '0', 'dlq-attempts': '2' } });
    expect(Object.keys(back[0]?.headers ?? {}).sort()).toEqual(['dlq-attempts', 'trace']);
  });

  it('keeps what a filter leaves for later, exactly', async () => {
    const { topic, letters } = await withLetters(10, 3);
    const filters = [{ source: 'value', path: 'even', operator: 'equals', value: 'true' }] as never;
    expect(await redrive(letters, { filters })).toMatchObject({ redriven: 5, filtered: 5 });
    expect(await redrive(letters, { filters })).toMatchObject({ redriven: 0, filtered: 5 });
    expect(await redrive(letters)).toMatchObject({ redriven: 5, filtered: 0 });
    const seen = (await read(topic)).map(({ value }) => (value as { n: number }).n).sort((a, b) => a - b);
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('goes to another topic when asked, and leaves what has no origin otherwise', async () => {
    const letters = await newTopic();
    const target = await newTopic();
    await produce(letters, [{ value: '1' }, { value: '2' }]);
    expect(await redrive(letters)).toMatchObject({ redriven: 0, unusable: 2 });
    expect(await redrive(letters, { target: 'topic', targetTopic: target })).toMatchObject({ redriven: 2 });
    expect(values(await read(target))).toEqual([1, 2]);
    await expect(redrive(letters, { target: 'topic' })).rejects.toMatchObject({ code: 'BIZ_INPUT_INVALID' });
  });

  it('sends nothing when one target is missing', async () => {
    const { topic, letters } = await withLetters(2);
    const gone = uniqueName('gone');
    await produce(letters, [{ value: '3', headers: { 'dlq-origin-topic': gone } }]);
    await expect(redrive(letters)).rejects.toMatchObject({ code: 'BIZ_KAFKA_TOPIC_UNKNOWN' });
    expect(await read(topic)).toEqual([]);
    expect(await redrive(letters, { limit: 2 })).toMatchObject({ redriven: 2 });
    expect(await read(topic)).toHaveLength(2);
  });

  it('never sends one twice when two run at the same time', async () => {
    const { topic, letters } = await withLetters(50);
    const results = await Promise.allSettled([redrive(letters), redrive(letters), redrive(letters)]);
    for (const result of results) {
      if (result.status === 'rejected')
        expect(result.reason).toMatchObject({ code: 'BIZ_KAFKA_REDRIVE_REPLACED' });
    }
    await redrive(letters);
    const seen = (await read(topic)).map(({ value }) => (value as { n: number }).n);
    expect(seen).toEqual(Array.from({ length: 50 }, (_, n) => n));
  });
});
