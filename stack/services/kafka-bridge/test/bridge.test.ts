import { verifySignature } from '@bizstack/contracts';
import { type Bridge, baseEnv, startBridge } from './support/bridge';
import { committed, newTopic, produce, uniqueName, until, withAdmin } from './support/kafka';
import { readLetters as letters } from './support/letters';
import { type Sink, startSink } from './support/sink';

let bridge: Bridge;
const sinks: Sink[] = [];

beforeAll(async () => {
  bridge = await startBridge();
});

afterAll(async () => {
  await bridge.stop();
  await Promise.all(sinks.map((sink) => sink.close()));
});

async function sinkOf(...args: Parameters<typeof startSink>): Promise<Sink> {
  const sink = await startSink(...args);
  sinks.push(sink);
  return sink;
}

const base = {
  topics: [] as string[],
  format: 'json',
  filters: [],
  start: 'earliest',
  maxMessages: 100,
  onUnreadable: 'dead_letter',
  maxAttempts: 3,
  timeoutSeconds: 5,
};

async function register(sink: Sink, topic: string, extra: object = {}) {
  const id = uniqueName('flow');
  const registration = { ...base, webhookUrl: sink.url, topics: [topic], groupId: `group-${id}`, ...extra };
  const answer = await bridge.request('PUT', `/v1/registrations/${id}`, registration);
  expect(answer).toMatchObject({ status: 200, body: { id } });
  const { secret } = answer.body as { secret: string };
  return { id, registration, groupId: registration.groupId, secret };
}

const json = (n: number, extra: object = {}) => JSON.stringify({ n, ...extra });
const numbers = (sink: Sink) => sink.accepted.map(({ value }) => (value as { n: number }).n);
const range = (count: number) => Array.from({ length: count }, (_, n) => n);

describe('delivery', () => {
  it('posts signed batches in order, and commits after they are accepted', async () => {
    const topic = await newTopic();
    const sink = await sinkOf();
    const { groupId, secret, id } = await register(sink, topic, { maxMessages: 10 });
    await produce(
      topic,
      range(25).map((n) => ({ key: 'k', value: json(n), headers: { trace: String(n) } })),
    );
    await until(async () => (await committed(groupId, topic)) === 25, 'the commit');
    expect(numbers(sink)).toEqual(range(25));
    expect(sink.accepted[0]).toMatchObject({
      topic,
      partition: 0,
      offset: '0',
      key: 'k',
      headers: { trace: '0' },
    });
    expect(Math.max(...sink.deliveries.map(({ messages }) => messages.length))).toBeLessThanOrEqual(10);
    for (const { headers, raw, deliveryId } of sink.deliveries) {
      expect(headers['x-bizstack-delivery']).toBe(deliveryId);
      verifySignature({
        secret,
        timestamp: String(headers['x-bizstack-timestamp']),
        deliveryId,
        signature: String(headers['x-bizstack-signature']),
        body: raw,
      });
    }
    const metrics = await (await fetch(`${bridge.url}/metrics`)).text();
    expect(metrics).toContain(
      `bizstack_kafka_bridge_messages_total{registration="${id}",outcome="delivered"} 25`,
    );
    expect(metrics).toContain(
      `bizstack_kafka_bridge_lag{registration="${id}",topic="${topic}",partition="0"} 0`,
    );
  });

  it('passes what the filters leave, and commits beyond it', async () => {
    const topic = await newTopic();
    const sink = await sinkOf();
    const filters = [{ source: 'value', path: 'kind', operator: 'equals', value: 'b' }];
    const { groupId } = await register(sink, topic, { filters });
    await produce(
      topic,
      range(10).map((n) => ({ value: json(n, { kind: n % 5 === 0 ? 'b' : 'a' }) })),
    );
    await until(async () => (await committed(groupId, topic)) === 10, 'the commit');
    expect(numbers(sink)).toEqual([0, 5]);
  });

  it('takes in topics that match a pattern later', async () => {
    const prefix = uniqueName('late');
    const sink = await sinkOf();
    await register(sink, await newTopic(), { topics: [], topicPattern: `${prefix}.*`, start: 'latest' });
    await withAdmin((admin) =>
      admin.createTopics({ topics: [{ topic: `${prefix}.one`, numPartitions: 1 }] }),
    );
    await produce(`${prefix}.one`, [{ value: json(7) }]);
    await until(() => sink.accepted.length === 1, 'the message');
    expect(numbers(sink)).toEqual([7]);
  });

  it.each([
    ['500', 500],
    ['a refusal', 400],
    ['no answer in time', 0],
  ])('repeats after %s, in order, with the same id', async (_what, status) => {
    const topic = await newTopic();
    let calls = 0;
    const sink = await sinkOf(() => {
      calls += 1;
      return calls === 1 ? status : undefined;
    });
    const { groupId } = await register(sink, topic, { maxMessages: 1, timeoutSeconds: 1 });
    await produce(
      topic,
      range(3).map((n) => ({ value: json(n) })),
    );
    await until(async () => (await committed(groupId, topic)) === 3, 'the commit');
    expect(numbers(sink)).toEqual([0, 1, 2]);
    const [first, second, third] = sink.deliveries;
    expect(second?.deliveryId).toBe(first?.deliveryId);
    expect(third?.deliveryId).not.toBe(first?.deliveryId);
  });

  it('waits as long as Retry-After says, without counting that as a failure', async () => {
    const topic = await newTopic();
    const times: number[] = [];
    const sink = await sinkOf((_delivery, response) => {
      times.push(Date.now());
      if (times.length > 3) return undefined;
      response.writeHead(429, { 'retry-after': '1' }).end();
      return undefined;
    });
    const { groupId } = await register(sink, topic, { maxAttempts: 1 });
    await produce(topic, [{ value: json(0) }]);
    await until(async () => (await committed(groupId, topic)) === 1, 'the commit');
    expect(numbers(sink)).toEqual([0]);
    expect(times).toHaveLength(4);
    // Less than a second apart would ignore the header; a timer may fire a few milliseconds early.
    for (const [n, time] of times.slice(1).entries())
      expect(time - (times[n] ?? 0)).toBeGreaterThanOrEqual(990);
  });

  it('moves only the poisonous message to the dead letters, with error, origin and attempts', async () => {
    const topic = await newTopic();
    const sink = await sinkOf(({ messages }) =>
      messages.some(({ value }) => (value as { n: number }).n === 4) ? 422 : undefined,
    );
    const { groupId } = await register(sink, topic);
    await produce(
      topic,
      range(10).map((n) => ({ key: `k${n}`, value: json(n), headers: { h: String(n) } })),
    );
    await until(async () => (await committed(groupId, topic)) === 10, 'the commit');
    expect(numbers(sink)).toEqual(range(10).filter((n) => n !== 4));
    expect(await letters(`${topic}.dlq`)).toEqual([
      {
        value: json(4),
        headers: expect.objectContaining({
          h: '4',
          'dlq-origin-topic': topic,
          'dlq-origin-partition': '0',
          'dlq-origin-offset': '4',
          'dlq-error': 'the webhook answered 422',
          'dlq-attempts': '3',
        }) as unknown,
      },
    ]);
  });

  it('sets aside what is no JSON and no UTF-8', async () => {
    const topic = await newTopic();
    const sink = await sinkOf();
    const { groupId } = await register(sink, topic);
    await produce(topic, [
      { value: json(0) },
      { value: 'nonsense' },
      { value: Buffer.from([0xff]) },
      { value: json(3) },
    ]);
    await until(async () => (await committed(groupId, topic)) === 4, 'the commit');
    expect(numbers(sink)).toEqual([0, 3]);
    expect((await letters(`${topic}.dlq`)).map(({ headers }) => headers['dlq-error'])).toEqual([
      expect.stringContaining('not JSON') as string,
      expect.stringContaining('not UTF-8') as string,
    ]);
  });

  it('stops before an unreadable message when the flow wants that', async () => {
    const topic = await newTopic();
    const sink = await sinkOf();
    const { groupId, id } = await register(sink, topic, { onUnreadable: 'stop' });
    await produce(topic, [{ value: json(0) }, { value: 'nonsense' }, { value: json(2) }]);
    const status = async () =>
      (
        (await bridge.request('GET', `/v1/registrations/${id}`)).body as {
          replica: { lastError?: string } | null;
        }
      ).replica;
    await until(async () => (await status())?.lastError?.includes('cannot be read') === true, 'the error');
    expect(numbers(sink)).toEqual([0]);
    expect(await committed(groupId, topic)).toBe(1);
  });

  it('does not let a slow partition hold up the others', async () => {
    const topic = await newTopic(2);
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const sink = await sinkOf(async ({ messages }) => {
      if (messages[0]?.partition === 0) await held;
      return undefined;
    });
    await register(sink, topic, { timeoutSeconds: 60 });
    await produce(topic, [
      { partition: 0, value: json(0) },
      { partition: 1, value: json(1) },
    ]);
    await until(() => numbers(sink).includes(1), 'the other partition');
    release();
    await until(() => numbers(sink).includes(0), 'the slow partition');
  });
});

describe('registrations', () => {
  it('go on where they were after they ended, and miss nothing in between', async () => {
    const topic = await newTopic();
    const sink = await sinkOf();
    await produce(topic, [{ value: json(0) }]);
    const { id, registration, groupId } = await register(sink, topic, { start: 'latest' });
    await produce(topic, [{ value: json(1) }]);
    await until(async () => (await committed(groupId, topic)) === 2, 'the commit');
    expect((await bridge.request('DELETE', `/v1/registrations/${id}`)).status).toBe(204);
    expect((await bridge.request('DELETE', `/v1/registrations/${id}`)).status).toBe(204);
    await produce(topic, [{ value: json(2) }]);
    expect((await bridge.request('PUT', `/v1/registrations/${id}`, registration)).status).toBe(200);
    await until(() => sink.accepted.length === 2, 'the message in between');
    expect(numbers(sink)).toEqual([1, 2]);
  });

  it('may be renewed while they run, and changed', async () => {
    const topic = await newTopic();
    const [first, second] = [await sinkOf(), await sinkOf()];
    const { id, registration, groupId } = await register(first, topic);
    await produce(topic, [{ value: json(0) }]);
    await until(async () => (await committed(groupId, topic)) === 1, 'the commit');
    expect((await bridge.request('PUT', `/v1/registrations/${id}`, registration)).status).toBe(200);
    const moved = { ...registration, webhookUrl: second.url };
    expect((await bridge.request('PUT', `/v1/registrations/${id}`, moved)).status).toBe(200);
    await produce(topic, [{ value: json(1) }]);
    await until(() => second.accepted.length === 1, 'the message');
    expect([numbers(first), numbers(second)]).toEqual([[0], [1]]);
  });

  it.each([
    ['another origin', { webhookUrl: 'http://169.254.169.254/latest' }, 403, 'BIZ_BRIDGE_ORIGIN_REFUSED'],
    ['a user in the URL', { webhookUrl: 'http://u:p@127.0.0.1/' }, 403, 'BIZ_BRIDGE_ORIGIN_REFUSED'],
    ['another protocol', { webhookUrl: 'file:///etc/passwd' }, 422, 'BIZ_INPUT_INVALID'],
    ['an unknown topic', { topics: ['no-such-topic'] }, 422, 'BIZ_BRIDGE_TOPIC_UNKNOWN'],
    ['no topic', { topics: [] }, 422, 'BIZ_INPUT_INVALID'],
    ['an unknown field', { colour: 'red' }, 422, 'BIZ_INPUT_INVALID'],
    ['another cluster', { clusterId: 'other' }, 409, 'BIZ_BRIDGE_CLUSTER_OTHER'],
  ])('refuse %s', async (_what, extra, status, code) => {
    const sink = await sinkOf();
    const registration = {
      ...base,
      webhookUrl: sink.url,
      topics: [await newTopic()],
      groupId: uniqueName('g'),
      ...extra,
    };
    expect(
      await bridge.request('PUT', `/v1/registrations/${uniqueName('flow')}`, registration),
    ).toMatchObject({
      status,
      body: { code },
    });
  });

  it('do not follow a redirect', async () => {
    const topic = await newTopic();
    const inside = await sinkOf();
    const sink = await sinkOf((_delivery, response) => {
      response.writeHead(307, { location: inside.url }).end();
      return undefined;
    });
    const { groupId } = await register(sink, topic, { maxAttempts: 1 });
    await produce(topic, [{ value: json(0) }]);
    await until(async () => (await committed(groupId, topic)) === 1, 'the dead letter');
    expect(inside.deliveries).toEqual([]);
    expect((await letters(`${topic}.dlq`))[0]?.headers['dlq-error']).toBe('the webhook answered 307');
  });
});

describe('the service', () => {
  it('answers health checks without, and everything else only with its token', async () => {
    expect((await fetch(`${bridge.url}/healthz`)).status).toBe(200);
    await until(async () => (await fetch(`${bridge.url}/readyz`)).status === 200, 'readiness');
    for (const token of ['', 'wrong', `${baseEnv.BRIDGE_TOKEN}x`]) {
      expect(await bridge.request('GET', '/v1/registrations', undefined, token)).toMatchObject({
        status: 401,
        body: { code: 'BIZ_BRIDGE_TOKEN' },
      });
    }
    expect((await bridge.request('GET', '/v1/registrations/no-such-one')).status).toBe(404);
    expect((await bridge.request('PUT', '/v1/registrations/a%2Fb', {})).status).toBe(422);
  });

  it('names every setting that is missing, and shows no secret', async () => {
    await expect(
      startBridge({ BRIDGE_TOKEN: 'short', KAFKA_BROKERS: '', BRIDGE_SIGNING_KEY: '' }),
    ).rejects.toThrow(/BRIDGE_TOKEN.*BRIDGE_SIGNING_KEY.*KAFKA_BROKERS/);
    await expect(startBridge({ BRIDGE_WEBHOOK_ORIGINS: 'https://a.example/path' })).rejects.toThrow(
      /is not an origin/,
    );
  });

  it('finishes a delivery under way when it is told to stop, and commits it', async () => {
    const other = await startBridge({ BRIDGE_DATABASE_SCHEMA: `stop_${Date.now()}` });
    const topic = await newTopic();
    let started = false;
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const sink = await sinkOf(async () => {
      started = true;
      await held;
      return undefined;
    });
    const groupId = uniqueName('group');
    await other.request('PUT', '/v1/registrations/one', {
      ...base,
      webhookUrl: sink.url,
      topics: [topic],
      groupId,
    });
    await produce(topic, [{ value: json(0) }]);
    await until(() => started, 'the delivery');
    const stopped = other.stop();
    release();
    expect(await stopped).toBe(0);
    expect(await committed(groupId, topic)).toBe(1);
    expect(
      await withAdmin(async (admin) => (await admin.describeGroups([groupId])).groups[0]?.members),
    ).toEqual([]);
  });
});
