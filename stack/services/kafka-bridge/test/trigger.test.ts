import { createServer, type Server } from 'node:http';
import { newMessageInstant } from '@bizstack/piece-kafka/dist/lib/triggers/new-message-instant';
import { closeConnections } from '@bizstack/piece-kafka/dist/lib/client';
import { kafkaAuth } from '@bizstack/piece-kafka/dist/lib/auth';
import { createTriggerHarness, type TriggerHarness } from '@bizstack/piece-testkit';
import { type Bridge, brokers, startBridge, TOKEN } from './support/bridge';
import { committed, newTopic, produce, uniqueName, until } from './support/kafka';

let bridge: Bridge;
const servers: Server[] = [];

beforeAll(async () => {
  bridge = await startBridge({ BRIDGE_DATABASE_SCHEMA: uniqueName('trigger').replaceAll('-', '_') });
});

afterAll(async () => {
  await bridge.stop();
  await closeConnections();
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

const connection = () => ({ brokers, bridgeUrl: bridge.url, bridgeToken: TOKEN });

interface Flow {
  readonly harness: TriggerHarness;
  readonly runs: unknown[];
  readonly errors: unknown[];
  readonly groupId: string;
  readonly webhookUrl: string;
}

/** A flow whose webhook hands what comes to the trigger, as Activepieces does. `keepsRaw`: with the raw body. */
async function flowOf(props: Record<string, unknown>, keepsRaw = true): Promise<Flow> {
  const runs: unknown[] = [];
  const errors: unknown[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const rawBody = Buffer.concat(chunks).toString('utf8');
      const headers = Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
      );
      void harness
        .run({
          body: JSON.parse(rawBody) as unknown,
          headers,
          queryParams: {},
          ...(keepsRaw ? { rawBody } : {}),
        })
        .then(
          (started) => runs.push(...started),
          (error: unknown) => errors.push(error),
        )
        .then(() => response.end());
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const webhookUrl = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/hook`;
  const flowId = uniqueName('flow');
  const harness = createTriggerHarness(newMessageInstant, {
    auth: connection(),
    props: { start: 'earliest', ...props },
    identity: { flowId },
    webhookUrl,
  });
  return { harness, runs, errors, groupId: `bizstack-flow-${flowId}`, webhookUrl };
}

const messages = (count: number, from = 0) =>
  Array.from({ length: count }, (_, n) => ({ key: `k${n % 2}`, value: JSON.stringify({ n: from + n }) }));
const numbers = (runs: unknown[]) => runs.map((run) => (run as { value: { n: number } }).value.n);

it.each([true, false])('starts a run for each message (raw body kept: %s)', async (keepsRaw) => {
  const topic = await newTopic();
  const { harness, runs, errors } = await flowOf({ topics: [topic] }, keepsRaw);
  await harness.enable();
  await produce(topic, [
    { key: 'ключ', value: '{"n":0,"2":"b","1":"a","text":"\\u2028"}', headers: { h: 'x' } },
  ]);
  await until(() => runs.length + errors.length === 1, 'the run');
  expect(errors).toEqual([]);
  expect(runs).toMatchObject([
    { topic, partition: 0, offset: '0', key: 'ключ', headers: { h: 'x' }, value: { n: 0 } },
  ]);
});

it('starts a run for each key of a batch', async () => {
  const topic = await newTopic();
  await produce(topic, messages(10));
  const { harness, runs } = await flowOf({ topics: [topic], delivery: 'batch', groupByKey: true });
  await harness.enable();
  await until(() => runs.length === 2, 'the runs');
  expect(runs).toMatchObject([
    { key: 'k0', count: 5 },
    { key: 'k1', count: 5 },
  ]);
});

it('keeps its offsets when the flow is published again, and misses nothing in between', async () => {
  const topic = await newTopic();
  const { harness, runs, groupId } = await flowOf({ topics: [topic] });
  await harness.enable();
  await produce(topic, messages(3));
  await until(async () => (await committed(groupId, topic)) === 3, 'the commit');
  await harness.disable();
  await produce(topic, messages(2, 3));
  await harness.enable();
  await harness.renew();
  await until(() => runs.length === 5, 'the rest');
  expect(numbers(runs)).toEqual([0, 1, 2, 3, 4]);
  await harness.republish();
  await produce(topic, messages(1, 5));
  await until(() => runs.length === 6, 'the last one');
  expect(numbers(runs)).toEqual([0, 1, 2, 3, 4, 5]);
});

it('shows samples without a registration, and takes nothing away', async () => {
  const topic = await newTopic();
  await produce(topic, messages(8));
  const { harness, runs, groupId } = await flowOf({ topics: [topic] });
  expect(numbers(await harness.test())).toEqual([3, 4, 5, 6, 7]);
  expect(await committed(groupId, topic)).toBe(0);
  await harness.enable();
  await until(() => runs.length === 8, 'all messages');
});

it('refuses what the bridge did not sign', async () => {
  const { harness } = await flowOf({ topics: [await newTopic()] });
  const body = { registrationId: 'x', deliveryId: 'y', messages: [] };
  await expect(harness.run({ body, headers: {}, queryParams: {} })).rejects.toMatchObject({
    code: 'BIZ_KAFKA_BRIDGE_UNREGISTERED',
  });
  await harness.enable();
  await expect(harness.run({ body, headers: {}, queryParams: {} })).rejects.toMatchObject({
    code: 'BIZ_SIGNATURE_MISSING',
  });
  const headers = {
    'x-bizstack-timestamp': '1767268800',
    'x-bizstack-delivery': 'y',
    'x-bizstack-signature': `v1=${'0'.repeat(64)}`,
  };
  await expect(harness.run({ body, headers, queryParams: {} })).rejects.toMatchObject({
    code: 'BIZ_SIGNATURE_WRONG',
  });
});

it.each([
  ['no bridge', { bridgeUrl: undefined }, 'BIZ_KAFKA_BRIDGE_MISSING'],
  ['a bridge that is away', { bridgeUrl: 'http://127.0.0.1:1' }, 'BIZ_KAFKA_BRIDGE_UNREACHABLE'],
  ['a wrong token', { bridgeToken: 'another-token-of-the-bridge' }, 'BIZ_KAFKA_BRIDGE_LOGIN'],
])('says when there is %s', async (_what, changed, code) => {
  const harness = createTriggerHarness(newMessageInstant, {
    auth: { ...connection(), ...changed },
    props: { topics: [await newTopic()] },
    identity: { flowId: uniqueName('flow') },
    webhookUrl: 'http://127.0.0.1:9/hook',
  });
  const enabling = harness.enable();
  await expect(enabling).rejects.toMatchObject({ code });
  await expect(enabling).rejects.not.toThrow(/token-of-the-bridge/);
});

it('is checked with the connection', async () => {
  const validate = (changed: object) =>
    kafkaAuth.validate?.({
      auth: { ...connection(), ...changed },
      server: { apiUrl: '', publicUrl: '', token: '' },
    } as never);
  expect(await validate({})).toEqual({ valid: true });
  expect(await validate({ bridgeToken: 'another-token-of-the-bridge' })).toMatchObject({
    valid: false,
    error: expect.stringContaining('BIZ_KAFKA_BRIDGE_LOGIN') as string,
  });
});
