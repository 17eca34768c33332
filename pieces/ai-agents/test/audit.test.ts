import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEvent, TOPICS } from '@bizstack/contracts';
import { testFacts } from '@bizstack/native/testing';
import { type Relay, startRelay } from '@bizstack/outbox';
import { Kafka, logLevel } from 'kafkajs';
import { Client } from 'pg';
import { z } from 'zod';
import { closeDatabases } from '../src/lib/postgres';
import { call, modelAuth, startReceiver } from './support/piece';
import { startScriptedModel, submit } from './support/scripted-model';

jest.setTimeout(120_000);

const DEADLINE_MS = 60_000;
const SQL = join(__dirname, '../../../stack/services/postgres/init/schemas/business_data');
const { database_url_business_data: businessUrl = '', admin_url: adminUrl = '' } = testFacts('postgres');
const brokers = (testFacts('kafka')['brokers'] ?? '').split(',');
const database = `audit_${randomUUID().slice(0, 8)}`;
const urlOf = (url: string) => url.replace(/[^/]*$/, database);
let relay: Relay | undefined;

/** The stack's database as it is installed, under a name of its own: the outbox of others is not ours to empty. */
beforeAll(async () => {
  await onServer(adminUrl, `CREATE DATABASE ${database}`);
  for (const file of ['30-workflows.sql', '40-agents.sql']) {
    const sql = readFileSync(join(SQL, file), 'utf8').replaceAll('business_data', database);
    await onServer(urlOf(adminUrl), sql);
  }
});
afterAll(async () => {
  await relay?.stop();
  await closeDatabases();
  await onServer(adminUrl, `DROP DATABASE ${database} WITH (FORCE)`);
});

async function onServer(connectionString: string, sql: string, values: string[] = []) {
  const client = new Client({ connectionString });
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(sql, values.length > 0 ? values : undefined);
    return rows;
  } finally {
    await client.end();
  }
}

const auditSchema = z.looseObject({ runId: z.string(), phase: z.string() });

/** What stands in `bizstack.audit` about a run, in its order, once there are `count`. */
async function published(runId: string, count: number) {
  const kafka = new Kafka({ brokers, clientId: 'audit-test', logLevel: logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId: `audit-test-${randomUUID()}` });
  const found: { key: string | undefined; data: z.output<typeof auditSchema> }[] = [];
  await consumer.connect();
  try {
    await consumer.subscribe({ topic: TOPICS.audit, fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`${found.length} of ${count} records came within the time.`)),
        DEADLINE_MS,
      );
      void consumer.run({
        eachMessage: async ({ message }) => {
          const event = parseEvent(message.value?.toString() ?? '');
          const data = auditSchema.parse(event.data);
          if (data.runId !== runId) return;
          expect(message.headers?.['ce_id']?.toString()).toBe(event.id);
          found.push({ key: message.key?.toString(), data });
          if (found.length < count) return;
          clearTimeout(timer);
          resolve();
        },
      });
    });
  } finally {
    await consumer.disconnect();
  }
  return found;
}

test('every call of an agent reaches the topic of the audit, once and in order', async () => {
  const model = await startScriptedModel(({ toolResults }) =>
    toolResults === 0
      ? {
          calls: [
            { name: 'note', input: { text: 'secret: sk-abcdefghijklmnop1234' } },
            { name: 'note', input: { text: 'call back' } },
          ],
        }
      : submit({ answer: 'Noted.' }),
  );
  const target = await startReceiver();
  try {
    const auth = modelAuth(model, { postgresUrl: urlOf(businessUrl), allowedHosts: '127.0.0.1' });
    const input = { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] };
    const tools = [{ name: 'note', description: 'Notes.', label: 'write', url: target.url, input }];
    const first = await call(
      'run_custom_agent',
      { prompt: 'Note.', task: 'Note it.', tools, userId: 'anna' },
      auth,
    );
    const { runId, pending } = z
      .looseObject({ runId: z.string(), pending: z.array(z.looseObject({ callId: z.string() })) })
      .parse(first.output);
    expect(pending).toHaveLength(1);
    const page = z.looseObject({ approvalPage: z.string() }).parse(first.output).approvalPage;
    const round = /name="round" value="(\w+)"/.exec(await (await fetch(page)).text())?.[1];
    const body = { round, call_0: 'edit', input_0: '{"text": "call back at 9"}', by: 'berta' };
    const done = await first.resume({ body });
    expect(done.output).toMatchObject({ status: 'completed' });
    // The engine repeats a step whose answer it lost.
    await first.resume({ body });

    relay = startRelay({
      databaseUrl: urlOf(businessUrl),
      table: 'outbox.events',
      kafka: { brokers },
      transactionalId: `audit-test-${database}`,
      topics: [TOPICS.audit],
      log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    });
    const records = await published(runId, 4);
    expect(records).toMatchObject([
      { key: `agent-run/${runId}`, data: { tool: 'note', phase: 'asked', userId: 'anna', label: 'write' } },
      { data: { phase: 'refused', reason: expect.stringContaining('secret') as string } },
      {
        data: {
          phase: 'edited',
          decidedBy: 'berta',
          input: { text: 'call back at 9' },
          originalInput: { text: 'call back' },
        },
      },
      { data: { phase: 'done', input: { text: 'call back at 9' } } },
    ]);
    expect(JSON.stringify(records)).not.toContain('sk-abc');
    const kept = await onServer(
      urlOf(adminUrl),
      `SELECT 1 FROM bizstack_agents.audit a JOIN outbox.events o ON o.id = (a.event->>'id')::uuid
        WHERE a.event->'data'->>'runId' = $1`,
      [runId],
    );
    expect(kept).toHaveLength(4);
  } finally {
    await Promise.all([model.close(), target.close()]);
  }
});
