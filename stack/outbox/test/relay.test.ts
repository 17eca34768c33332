import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newEventId } from '@bizstack/contracts';
import { testFacts } from '@bizstack/native/testing';
import { build } from 'esbuild';
import { Kafka, logLevel, Partitioners } from 'kafkajs';
import { Client } from 'pg';

jest.setTimeout(120_000);

const DEADLINE_MS = 60_000;
const adminUrl = String(testFacts('postgres')['admin_url']);
const database = `relay_test_${randomUUID().slice(0, 8)}`;
const databaseUrl = adminUrl.replace(/[^/]*$/, database);
const brokers = String(testFacts('kafka')['brokers']).split(',');
const kafka = new Kafka({ brokers, clientId: 'relay-test', logLevel: logLevel.NOTHING });
const program = join(mkdtempSync(join(tmpdir(), 'relay-test-')), 'relay.js');
const db = new Client({ connectionString: databaseUrl });
const children = new Set<ChildProcess>();

beforeAll(async () => {
  await onServer(`create database ${database}`);
  await db.connect();
  await build({
    entryPoints: [join(__dirname, 'relay-process.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    external: ['pg-native'],
    logLevel: 'warning',
  });
});

afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await db.end();
  await onServer(`drop database ${database} with (force)`);
});

async function onServer(sql: string): Promise<void> {
  const admin = new Client({ connectionString: adminUrl });
  await admin.connect();
  await admin.query(sql);
  await admin.end();
}

async function until<T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> {
  const end = Date.now() + DEADLINE_MS;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > end) throw new Error(`Not within ${DEADLINE_MS / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** An outbox of its own for one test: schema, topic and transactional id. */
async function newOutbox(maxMessageBytes = 1_000_000) {
  const id = randomUUID().slice(0, 8);
  const schema = `relay_${id}`;
  const topic = `relay.${id}`;
  await db.query(`create schema ${schema}`);
  await db.query(`create table ${schema}."bizstackOutbox" (id uuid primary key, topic text not null, aggregateid text not null,
    type text not null, payload jsonb not null, attempts int not null default 0, "lastError" text, "publishedAt" timestamptz, "createdAt" timestamptz not null default now())`);
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({
    topics: [
      {
        topic,
        numPartitions: 3,
        configEntries: [{ name: 'max.message.bytes', value: String(maxMessageBytes) }],
      },
    ],
    waitForLeaders: true,
  });
  await admin.disconnect();

  const start = (): ChildProcess => {
    const options = {
      databaseUrl,
      table: `${schema}.bizstackOutbox`,
      kafka: { brokers },
      transactionalId: topic,
      topics: [topic],
      pollMs: 100,
    };
    const child = spawn(process.execPath, [program], {
      env: { ...process.env, RELAY_OPTIONS: JSON.stringify(options), KAFKAJS_NO_PARTITIONER_WARNING: '1' },
      stdio: ['ignore', 'ignore', 'ignore'],
    });
    children.add(child);
    return child;
  };
  const kill = async (child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL') => {
    child.kill(signal);
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    children.delete(child);
  };
  const add = async (count: number, key = (i: number) => `lead/${i % 7}`, filler = ''): Promise<string[]> => {
    const ids = Array.from({ length: count }, newEventId);
    for (const [i, eventId] of ids.entries()) {
      await db.query(
        `insert into ${schema}."bizstackOutbox" (id, topic, aggregateid, type, payload) values ($1, $2, $3, 'crm.lead.captured', $4)`,
        [eventId, topic, key(i), JSON.stringify({ id: eventId, n: i, filler })],
      );
    }
    return ids;
  };
  const unmarked = async (): Promise<number> => {
    const { rows } = await db.query<{ n: string }>(
      `select count(*) as n from ${schema}."bizstackOutbox" where "publishedAt" is null and attempts = 0`,
    );
    return Number(rows[0]?.n);
  };
  return { schema, topic, start, kill, add, unmarked, read: () => readAll(topic) };
}

/**
 * Every committed message of a topic, in the order of each partition. Each partition gets a message that ends the
 * reading: a reader of committed messages comes to it only when all transactions before it are complete, which can be
 * a moment after their commit was answered.
 */
async function readAll(topic: string): Promise<{ id: string; key: string; partition: number }[]> {
  const end = randomUUID();
  const admin = kafka.admin();
  await admin.connect();
  const partitions = (await admin.fetchTopicOffsets(topic)).map(({ partition }) => partition);
  await admin.disconnect();
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  await producer.send({
    topic,
    messages: partitions.map((partition) => ({ partition, value: null, headers: { end } })),
  });
  await producer.disconnect();

  const open = new Set(partitions);
  const found: { id: string; key: string; partition: number }[] = [];
  const consumer = kafka.consumer({ groupId: `read-${randomUUID()}`, readUncommitted: false });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    consumer
      .run({
        eachMessage: async ({ message, partition }) => {
          const { ce_id: id, end: endOfReading } = message.headers ?? {};
          if (id !== undefined) found.push({ id: String(id), key: String(message.key), partition });
          if (String(endOfReading) === end) open.delete(partition);
          if (open.size === 0) resolve();
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
  return found;
}

test('publishes every row once, and each key in the order of its rows', async () => {
  const outbox = await newOutbox();
  const ids = await outbox.add(200);
  const child = outbox.start();
  await until('all rows marked', async () => (await outbox.unmarked()) === 0);
  const messages = await outbox.read();
  expect(messages.map((message) => message.id).sort()).toEqual([...ids].sort());
  for (const key of new Set(messages.map((message) => message.key))) {
    const inKafka = messages.filter((message) => message.key === key).map((message) => message.id);
    expect(inKafka).toEqual([...inKafka].sort());
  }
  await outbox.kill(child, 'SIGTERM');
});

test('killed between sending and marking, nothing is sent twice', async () => {
  const outbox = await newOutbox();
  const first = outbox.start();
  const ids = await outbox.add(50);
  await until('the first rows marked', async () => (await outbox.unmarked()) === 0);

  // Readers pass this lock and writers wait: the relay sends its batch and hangs before it can mark it.
  const blocker = new Client({ connectionString: databaseUrl });
  await blocker.connect();
  ids.push(...(await outbox.add(80)));
  await blocker.query('begin');
  await blocker.query(`lock table ${outbox.schema}."bizstackOutbox" in share row exclusive mode`);
  await until('the second batch in Kafka', async () => (await outbox.read()).length > 50);
  await outbox.kill(first);
  await blocker.query('rollback');
  await blocker.end();

  const second = outbox.start();
  ids.push(...(await outbox.add(30)));
  await until('all rows marked', async () => (await outbox.unmarked()) === 0);
  expect((await outbox.read()).map((message) => message.id).sort()).toEqual([...ids].sort());
  await outbox.kill(second, 'SIGTERM');
});

test('killed again and again under load, still every row once', async () => {
  const outbox = await newOutbox();
  const adding = outbox.add(600);
  for (let round = 0; round < 4; round++) {
    const child = outbox.start();
    const before = await outbox.unmarked();
    await until('some progress', async () => (await outbox.unmarked()) !== before).catch(() => undefined);
    await outbox.kill(child);
  }
  const ids = await adding;
  const last = outbox.start();
  await until('all rows marked', async () => (await outbox.unmarked()) === 0);
  expect((await outbox.read()).map((message) => message.id).sort()).toEqual([...ids].sort());
  await outbox.kill(last, 'SIGTERM');
});

test('of two relays one leads, and the other takes over when it dies', async () => {
  const outbox = await newOutbox();
  const children = [outbox.start(), outbox.start()] as const;
  const ids = await outbox.add(40);
  await until('rows marked', async () => (await outbox.unmarked()) === 0);
  await outbox.kill(children[0]);
  ids.push(...(await outbox.add(40)));
  await until('rows marked', async () => (await outbox.unmarked()) === 0);
  expect((await outbox.read()).map((message) => message.id).sort()).toEqual([...ids].sort());
  await outbox.kill(children[1], 'SIGTERM');
});

test('an event that Kafka refuses is set aside with the reason, and the others pass', async () => {
  const outbox = await newOutbox(20_000);
  const good = await outbox.add(5);
  const [bad] = await outbox.add(1, () => 'lead/big', randomUUID().repeat(5_000));
  good.push(...(await outbox.add(5)));
  const child = outbox.start();
  await until('the good rows marked', async () => (await outbox.unmarked()) === 0);
  const { rows } = await db.query<{ lastError: string; publishedAt: Date | null }>(
    `select "lastError", "publishedAt" from ${outbox.schema}."bizstackOutbox" where id = $1`,
    [bad],
  );
  expect(rows[0]?.publishedAt).toBeNull();
  expect(rows[0]?.lastError).toMatch(/larger|too large/i);
  expect((await outbox.read()).map((message) => message.id).sort()).toEqual([...good].sort());
  await outbox.kill(child, 'SIGTERM');
});
