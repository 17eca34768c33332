import { type Bridge, startBridge } from './support/bridge';
import { type Broker, startOwnBroker } from './support/broker';
import { committed, newTopic, produce, raw, uniqueName, until, withAdmin } from './support/kafka';
import { type SeenMessage, type Sink, startSink } from './support/sink';

jest.setTimeout(300_000);

const KEYS = 12;
const open: { stop(): Promise<unknown> }[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.stop()));
});

/** Replicas of each other that share a schema. */
async function replicas(count: number, env: Record<string, string> = {}): Promise<Bridge[]> {
  const schema = uniqueName('faults').replaceAll('-', '_');
  const started: Bridge[] = [];
  for (let n = 0; n < count; n += 1) {
    const bridge = await startBridge({ BRIDGE_DATABASE_SCHEMA: schema, ...env });
    open.push({ stop: () => (bridge.process.exitCode === null ? bridge.kill() : Promise.resolve()) });
    started.push(bridge);
  }
  return started;
}

async function sinkOf(delayMs: number): Promise<Sink> {
  const sink = await startSink(async () => {
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    return undefined;
  });
  open.push({ stop: () => sink.close() });
  return sink;
}

async function register(bridge: Bridge | undefined, sink: Sink, topic: string): Promise<string> {
  const groupId = uniqueName('group');
  const answer = await bridge?.request('PUT', '/v1/registrations/flow', {
    webhookUrl: sink.url,
    topics: [topic],
    groupId,
    format: 'json',
    filters: [],
    start: 'earliest',
    maxMessages: 7,
    onUnreadable: 'dead_letter',
    maxAttempts: 100,
    timeoutSeconds: 10,
  });
  expect(answer).toMatchObject({ status: 200 });
  return groupId;
}

/** `total` messages over twelve keys, each numbered within its key. */
const numbered = (total: number) =>
  Array.from({ length: total }, (_, n) => ({
    key: `k${n % KEYS}`,
    value: JSON.stringify({ key: `k${n % KEYS}`, n: Math.floor(n / KEYS) }),
  }));

/**
 * Nothing is lost, and order within a key holds: leaving out repeats (which an idempotent sink does by topic,
 * partition and offset), every key counts 0, 1, 2, … without a gap.
 */
function expectWhole(accepted: readonly SeenMessage[], total: number): void {
  const once = new Map<string, SeenMessage>();
  for (const message of accepted) {
    const id = `${message.topic}:${message.partition}:${message.offset}`;
    if (!once.has(id)) once.set(id, message);
  }
  expect(once.size).toBe(total);
  const ofKey = new Map<string, number[]>();
  for (const { value } of once.values()) {
    const { key, n } = value as { key: string; n: number };
    ofKey.set(key, [...(ofKey.get(key) ?? []), n]);
  }
  expect(ofKey.size).toBe(KEYS);
  for (const seen of ofKey.values()) expect(seen).toEqual(seen.map((_, n) => n));
}

it('shares the work between replicas, and the other takes over when one is killed in a delivery', async () => {
  const [first, second] = await replicas(2);
  const topic = await newTopic(4);
  const sink = await sinkOf(20);
  const groupId = await register(first, sink, topic);
  await until(async () => {
    const { groups } = await withAdmin((admin) => admin.describeGroups([groupId]));
    return groups[0]?.state === 'Stable' && groups[0].members.length === 2;
  }, 'both replicas to join');
  const total = 1_200;
  await produce(topic, numbered(total));
  const worked = async (bridge: Bridge | undefined) =>
    (await (await fetch(`${bridge?.url}/metrics`)).text()).includes('outcome="delivered"');
  await until(async () => (await worked(first)) && (await worked(second)), 'both replicas to deliver');
  expect(sink.accepted.length).toBeLessThan(total);
  await first?.kill();
  await until(async () => (await committed(groupId, topic)) === total, 'the rest', 120_000);
  expectWhole(sink.accepted, total);
});

it('goes on after the only replica is killed and started again', async () => {
  const [bridge] = await replicas(1);
  const topic = await newTopic(3);
  const sink = await sinkOf(10);
  const groupId = await register(bridge, sink, topic);
  const total = 600;
  await produce(topic, numbered(total));
  await until(() => sink.accepted.length > 50, 'the first deliveries');
  await bridge?.kill();
  expect(sink.accepted.length).toBeLessThan(total);
  const again = await startBridge({ BRIDGE_DATABASE_SCHEMA: bridge?.schema ?? '' });
  open.push({ stop: () => again.kill() });
  await until(async () => (await committed(groupId, topic)) === total, 'the rest', 120_000);
  expectWhole(sink.accepted, total);
});

it('loses nothing while the webhook is away', async () => {
  const [bridge] = await replicas(1);
  const topic = await newTopic(2);
  const first = await sinkOf(0);
  const groupId = await register(bridge, first, topic);
  await produce(topic, numbered(120));
  await until(() => first.accepted.length > 0, 'the first deliveries');
  const port = Number(new URL(first.url).port);
  await first.close();
  await produce(
    topic,
    numbered(120).map(({ key, value }) => {
      const { n } = JSON.parse(value) as { n: number };
      return { key, value: JSON.stringify({ key, n: n + 10 }) };
    }),
  );
  const back = await startSink(undefined, port);
  open.push({ stop: () => back.close() });
  await until(async () => (await committed(groupId, topic)) === 240, 'the rest');
  expectWhole([...first.accepted, ...back.accepted], 240);
});

describe('with a broker that is killed', () => {
  let broker: Broker;

  beforeAll(async () => {
    broker = await startOwnBroker();
  });

  afterAll(() => broker.remove());

  it('goes on when it is back, without losing or reordering anything', async () => {
    const [bridge] = await replicas(1, { KAFKA_BROKERS: broker.address });
    const topic = await newTopic(3, broker.kafka);
    const sink = await sinkOf(10);
    await register(bridge, sink, topic);
    const total = 600;
    await produce(topic, numbered(total), broker.kafka);
    await until(() => sink.accepted.length > 50, 'the first deliveries');
    await broker.kill();
    expect(sink.accepted.length).toBeLessThan(total);
    await broker.restart();
    await until(
      () => new Set(sink.accepted.map(({ partition, offset }) => `${partition}:${offset}`)).size === total,
      'the rest',
      180_000,
    );
    expectWhole(sink.accepted, total);
  });
});

it('keeps the order of keys when a plain consumer of the same topic reads along', async () => {
  const [bridge] = await replicas(1);
  const topic = await newTopic(2);
  const sink = await sinkOf(0);
  const groupId = await register(bridge, sink, topic);
  const seen: string[] = [];
  const consumer = raw.consumer({ groupId: uniqueName('other') });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({ eachMessage: async ({ message }) => void seen.push(message.offset) });
  await produce(topic, numbered(120));
  await until(async () => (await committed(groupId, topic)) === 120 && seen.length === 120, 'both');
  await consumer.disconnect();
  expectWhole(sink.accepted, 120);
});
