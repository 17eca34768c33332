import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { testFacts } from '@bizstack/native/testing';
import { Kafka, logLevel, type Admin, type Producer } from 'kafkajs';
import { eventually, TestHome, TestServer } from '../support/test-server';

const INIT = join(__dirname, '..', '..', 'init');
const WITHIN_MS = 90_000;

describe('Kafka tables of init/', () => {
  const home = new TestHome();
  // Groups of this run: another ClickHouse of the same run must not share its partitions with this one.
  const group = `bizstack-clickhouse-test-${randomUUID()}`;
  let server: TestServer;
  let producer: Producer;
  let admin: Admin;

  async function applyInit(): Promise<void> {
    const { brokers } = testFacts('kafka');
    for (const file of readdirSync(INIT)
      .filter((name) => name.endsWith('.sql'))
      .sort()) {
      const text = readFileSync(join(INIT, file), 'utf8')
        .replaceAll('${KAFKA_BROKERS}', brokers ?? '')
        .replaceAll('bizstack-clickhouse-', `${group}-`)
        .split('\n')
        .filter((line) => !line.startsWith('--'))
        .join('\n');
      for (const statement of text.split(/;\n/).filter((part) => part.trim() !== ''))
        await server.sql(statement);
    }
  }

  const event = (id: string, data: Record<string, unknown> = {}): string =>
    JSON.stringify({
      specversion: '1.0',
      id,
      source: '/bizstack/test',
      // The topics are shared with the flows of other suites, which wait for leads.
      type: 'ops.service.state_changed',
      subject: `lead/${id}`,
      time: '2026-03-04T05:06:07.089Z',
      datacontenttype: 'application/json',
      data,
    });

  const send = (topic: string, ...values: (string | null)[]): Promise<unknown> =>
    producer.send({ topic, messages: values.map((value) => ({ key: 'test', value })) });

  const count = async (sql: string): Promise<number> => Number(await server.sql(sql));

  beforeAll(async () => {
    server = await TestServer.start([], home);
    await applyInit();
    const kafka = new Kafka({
      brokers: (testFacts('kafka').brokers ?? '').split(','),
      logLevel: logLevel.NOTHING,
    });
    producer = kafka.producer();
    admin = kafka.admin();
    await Promise.all([producer.connect(), admin.connect()]);
  });
  afterAll(async () => {
    await Promise.all([producer?.disconnect(), admin?.disconnect()]);
    await server?.stop();
    home.remove();
  });

  it('can be applied again', async () => {
    const tables = await server.sql('SHOW TABLES FROM bizstack');
    await applyInit();
    expect(await server.sql('SHOW TABLES FROM bizstack')).toBe(tables);
  });

  it('turn events into rows, once each', async () => {
    const id = randomUUID();
    await send(
      'bizstack.crm',
      event(id, { name: 'Zoë', score: 1.5 }),
      event(id, { name: 'Zoë', score: 1.5 }),
    );
    await eventually(
      async () => (await count(`SELECT count() FROM bizstack.events WHERE event_id = '${id}'`)) > 0,
      WITHIN_MS,
    );
    const row = await server.sql(
      `SELECT type, subject, source, time, data, topic, partition >= 0, offset >= 0 FROM bizstack.events_unique WHERE event_id = '${id}' FORMAT JSONCompactEachRow`,
    );
    expect(row.split('\n').map((line) => JSON.parse(line) as unknown)).toEqual([
      [
        'ops.service.state_changed',
        `lead/${id}`,
        '/bizstack/test',
        '2026-03-04 05:06:07.089',
        '{"name":"Zoë","score":1.5}',
        'bizstack.crm',
        1,
        1,
      ],
    ]);
  });

  it.each(['sales', 'finance', 'content', 'ops', 'audit'])('read the topic bizstack.%s', async (name) => {
    const id = randomUUID();
    await send(`bizstack.${name}`, event(id));
    await eventually(
      async () =>
        (await count(
          `SELECT count() FROM bizstack.events WHERE event_id = '${id}' AND topic = 'bizstack.${name}'`,
        )) > 0,
      WITHIN_MS,
    );
  });

  it('put what is no event aside and go on', async () => {
    const id = randomUUID();
    const marker = randomUUID();
    await send(
      'bizstack.crm',
      `not json ${marker}`,
      `{"cut": "off ${marker}`,
      `[1, "${marker}"]`,
      JSON.stringify({ id: 'x', type: 'a', time: '2026-01-01T00:00:00Z', marker }),
      JSON.stringify({ id, type: '', time: '2026-01-01T00:00:00Z', marker }),
      JSON.stringify({ id, type: 'a', time: 'yesterday', marker }),
      null,
      '',
      event(id),
    );
    await eventually(
      async () => (await count(`SELECT count() FROM bizstack.events WHERE event_id = '${id}'`)) > 0,
      WITHIN_MS,
    );
    const errors = await server.sql(
      `SELECT error FROM bizstack.event_errors WHERE position(raw, '${marker}') > 0 ORDER BY offset`,
    );
    expect(errors.split('\n')).toEqual([
      'The message is not JSON',
      'The message is not JSON',
      'The field id is not a UUID',
      'The field id is not a UUID',
      'The field type is missing',
      'The field time is not a time',
    ]);
  });

  it('go on after a kill, while no client is connected', async () => {
    await server.stop('SIGKILL');
    const id = randomUUID();
    await send('bizstack.sales', event(id));
    server = await TestServer.start([], home);
    const latest = async (): Promise<bigint> =>
      (await admin.fetchTopicOffsets('bizstack.sales')).reduce((sum, { offset }) => sum + BigInt(offset), 0n);
    const committed = async (): Promise<bigint> => {
      const [topic] = await admin.fetchOffsets({ groupId: `${group}-sales`, topics: ['bizstack.sales'] });
      return (topic?.partitions ?? []).reduce(
        (sum, { offset }) => sum + (offset === '-1' ? 0n : BigInt(offset)),
        0n,
      );
    };
    await eventually(async () => (await committed()) >= (await latest()), WITHIN_MS);
    expect(await count(`SELECT uniqExact(event_id) FROM bizstack.events WHERE event_id = '${id}'`)).toBe(1);
  });
});
