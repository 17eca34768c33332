import { connect } from 'node:net';
import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { Client, DatabaseError, type QueryResultRow } from 'pg';
import { DRIVERS } from '../src/services';
import { defaultCacheDir } from '../src/state/paths';
import { isPortFree, PORT_BLOCK } from '../src/state/ports';
import { resolveFacts } from '../src/state/secrets';
import { Stack } from '../src/supervisor/stack';
import { cleanBeds, FAST, pidOf, stateOf, temporaryDir, until } from './fixtures/driver';

jest.setTimeout(180_000);

const stateDir = join(temporaryDir(), 'state');
let stack: Stack;

async function freeBase(): Promise<number> {
  for (let base = 24_000; base < 58_000; base += PORT_BLOCK) {
    const free = await Promise.all([0, 1, 2, 3].map((offset) => isPortFree('127.0.0.1', base + offset)));
    if (free.every(Boolean)) return base;
  }
  throw new Error('no free ports');
}

function openStack(basePort?: number): Stack {
  return new Stack({
    rootDir: join(__dirname, '..', '..', '..'),
    stateDir,
    cacheDir: defaultCacheDir(),
    drivers: DRIVERS,
    services: ['postgres', 'redis', 'kafka'],
    ...(basePort === undefined ? {} : { basePort }),
    report: () => undefined,
    restartPolicy: FAST,
  });
}

beforeAll(async () => {
  stack = openStack(await freeBase());
  await stack.start();
});

afterAll(async () => {
  await stack.stop();
  await stack.reset();
  await cleanBeds();
});

function facts(service: string): Record<string, string | number> {
  return resolveFacts(stack.factsOf(service), (name) => stack.secrets.get(name));
}

async function sql<T extends QueryResultRow>(
  url: unknown,
  text: string,
  params: unknown[] = [],
): Promise<T[]> {
  const client = new Client({ connectionString: String(url) });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const result = await client.query<T>(text, params);
    return result.rows;
  } finally {
    await client.end();
  }
}

async function killAndWait(service: string): Promise<void> {
  const pid = pidOf(stack, service);
  process.kill(pid ?? 0, 'SIGKILL');
  await until(
    `${service} runs again`,
    () => pidOf(stack, service) !== pid && stateOf(stack, service) === 'running',
  );
}

const LEAD = `INSERT INTO leads (event_id, lead_id, captured_at, email) VALUES ($1, $2, now(), $3)`;

test('PostgreSQL keeps committed rows after kill -9, and its schema is applied again without harm', async () => {
  const url = facts('postgres')['database_url_business_data'];
  await sql(url, LEAD, ['018f0000-0000-7000-8000-000000000001', 'kept', 'kept@example.com']);
  await killAndWait('postgres');
  expect(await sql(url, 'SELECT lead_id FROM leads WHERE lead_id = $1', ['kept'])).toEqual([
    { lead_id: 'kept' },
  ]);
});

test('PostgreSQL refuses a second row of one event, and a score out of range', async () => {
  const url = facts('postgres')['database_url_business_data'];
  const id = '018f0000-0000-7000-8000-000000000002';
  await sql(url, LEAD, [id, 'a', null]);
  await expect(sql(url, LEAD, [id, 'b', null])).rejects.toMatchObject({ code: '23505' });
  await expect(sql(url, 'UPDATE leads SET score = 101 WHERE event_id = $1', [id])).rejects.toMatchObject({
    code: '23514',
  });
});

test('every role reaches its own database only, with its own password, and is no superuser', async () => {
  const all = facts('postgres');
  const urls = Object.entries(all).filter(([key]) => key.startsWith('database_url_'));
  expect(urls).toHaveLength(5);
  for (const [key, url] of urls) {
    const database = key.slice('database_url_'.length);
    const rows = await sql<{ db: string; super: boolean }>(
      url,
      'SELECT current_database() AS db, rolsuper OR rolcreatedb OR rolcreaterole AS super FROM pg_roles WHERE rolname = current_user',
    );
    expect(rows).toEqual([{ db: database, super: false }]);
    const other = database === 'n8n' ? 'metabase' : 'n8n';
    await expect(sql(String(url).replace(/\/[a-z0-9_]+$/, `/${other}`), 'SELECT 1')).rejects.toBeInstanceOf(
      DatabaseError,
    );
    await expect(sql(String(url).replace(/:[0-9a-f]{48}@/, ':wrong@'), 'SELECT 1')).rejects.toMatchObject({
      code: '28P01',
    });
  }
  await expect(sql(all['database_url_business_data'], 'DROP TABLE leads')).rejects.toMatchObject({
    code: '42501',
  });
  expect(await sql(all['admin_url'], 'SHOW wal_level')).toEqual([{ wal_level: 'logical' }]);
});

test('Kafka keeps acknowledged messages after kill -9; topics are created once, others not by accident', async () => {
  const kafka = new Kafka({ brokers: [String(facts('kafka')['brokers'])], logLevel: logLevel.NOTHING });
  const producer = kafka.producer();
  await producer.connect();
  await producer.send({ topic: 'bizstack.ops', acks: -1, messages: [{ key: 'k', value: 'kept' }] });
  await producer.disconnect();
  await killAndWait('kafka');

  const admin = kafka.admin();
  await admin.connect();
  const before = await admin.fetchTopicOffsets('bizstack.ops');
  expect(before.reduce((sum, { high }) => sum + Number(high), 0)).toBe(1);
  const { topics } = await admin.fetchTopicMetadata({ topics: ['bizstack.crm', 'bizstack.crm.dlq'] });
  expect(Object.fromEntries(topics.map(({ name, partitions }) => [name, partitions.length]))).toEqual({
    'bizstack.crm': 6,
    'bizstack.crm.dlq': 1,
  });
  await admin.disconnect();

  const mistyped = kafka.producer({ allowAutoTopicCreation: false, retry: { retries: 0 } });
  await mistyped.connect();
  await expect(mistyped.send({ topic: 'bizstack.cmr', messages: [{ value: 'x' }] })).rejects.toThrow();
  await mistyped.disconnect();
});

test('Redis asks for its password and keeps what was written after kill -9', async () => {
  const { port, password } = facts('redis');
  const ask = (lines: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(Number(port), '127.0.0.1', () => socket.end(lines));
      let answer = '';
      socket.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk));
      socket.on('error', reject).on('close', () => resolve(answer));
    });
  expect(await ask('GET kept\r\n')).toContain('-NOAUTH');
  expect(
    await ask(`AUTH ${password}\r\nSET kept yes\r\nWAITAOF 1 0 100\r\nBGREWRITEAOF\r\nQUIT\r\n`),
  ).toContain('+OK');
  await until('the write is on disk', async () =>
    /aof_rewrite_in_progress:0[\s\S]*aof_last_bgrewrite_status:ok/.test(
      await ask(`AUTH ${password}\r\nINFO persistence\r\nQUIT\r\n`),
    ),
  );
  await killAndWait('redis');
  expect(await ask(`AUTH ${password}\r\nGET kept\r\nQUIT\r\n`)).toContain('yes');
  expect(statSync(join(stateDir, 'data', 'redis', 'redis.conf')).mode & 0o777).toBe(0o600);
});

test('servers listen on the loopback address only', async () => {
  const { port } = facts('postgres');
  // Another address of this machine: what is bound to 127.0.0.1 alone leaves it free.
  expect(await isPortFree('127.0.0.2', Number(port))).toBe(true);
  expect(await isPortFree('127.0.0.2', Number(facts('redis')['port']))).toBe(true);
});

test('data is there after a stop and a new start, and gone after a reset', async () => {
  await stack.stop();
  stack = openStack();
  await stack.start();
  const url = facts('postgres')['database_url_business_data'];
  expect(await sql(url, 'SELECT lead_id FROM leads WHERE lead_id = $1', ['kept'])).toHaveLength(1);
  await stack.stop();
  await stack.reset();
  expect(
    statSync(join(dirname(stack.paths.dataDir), 'data', 'postgres'), { throwIfNoEntry: false }),
  ).toBeUndefined();
  stack = openStack();
  await stack.start();
  expect(await sql(url, 'SELECT lead_id FROM leads', [])).toEqual([]);
});
