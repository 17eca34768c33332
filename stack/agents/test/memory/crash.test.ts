import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { testFacts } from '@bizstack/native/testing';
import { Client } from 'pg';
import { z } from 'zod';
import { PostgresStore } from '../../src/memory';
import type { Decision } from '../../src/tools';
import { startScriptedOpenAi } from '../support/scripted-openai';
import type { ScriptedServer } from '../support/scripted-server';

jest.setTimeout(120_000);

const DEADLINE_MS = 60_000;
const connectionString = testFacts('postgres').admin_url ?? '';
const schema = `crash_${randomUUID().slice(0, 8)}`;
const db = new Client({ connectionString });
const servers: ScriptedServer[] = [];

beforeAll(async () => {
  const store = new PostgresStore({ connectionString, schema });
  await store.migrate();
  await store.close();
  await db.connect();
  await db.query(`CREATE TABLE ${schema}.effects (run_id text, key uuid, recipient text)`);
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});
afterAll(async () => {
  await db.query(`DROP SCHEMA ${schema} CASCADE`);
  await db.end();
});

/** A model that sends one mail and then answers; `hangAt` is the answer that never comes. */
async function mailModel(hangAt = 0) {
  let onHang: () => void = () => undefined;
  const hung = new Promise<void>((resolve) => {
    onHang = resolve;
  });
  const server = await startScriptedOpenAi(({ number, messages }) => {
    if (number === hangAt) {
      onHang();
      return { hang: true };
    }
    return messages.some((message) => message.role === 'tool')
      ? { toolCalls: [{ name: 'submit_result', input: { answer: 'done' } }] }
      : { toolCalls: [{ name: 'send_mail', input: { to: 'a@example.com' } }] };
  });
  servers.push(server);
  return { server, hung };
}

interface Job {
  runId: string;
  modelUrl: string;
  killAt?: string;
  idempotent?: boolean;
  approval?: 'auto' | 'ask';
  decisions?: Decision[];
}

const outcomeSchema = z.looseObject({
  status: z.string(),
  code: z.string().optional(),
  message: z.string().optional(),
  calls: z.array(z.looseObject({ callId: z.string() })).optional(),
  result: z.unknown(),
});

function start(job: Job) {
  const child = spawn(process.execPath, [join(__dirname, 'run-agent.cjs')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(JSON.stringify({ connectionString, schema, idempotent: false, approval: 'auto', ...job }));
  const done = Promise.all([text(child.stdout), once(child, 'exit')]).then(([printed]) => ({
    signal: child.signalCode,
    outcome: printed === '' ? undefined : outcomeSchema.parse(JSON.parse(printed)),
  }));
  return { child, done };
}

async function killed(job: Job): Promise<void> {
  expect(await start(job).done).toEqual({ signal: 'SIGKILL', outcome: undefined });
}

/** Another process; PostgreSQL may take a moment to notice that the first is gone. */
async function goOn(job: Job) {
  const end = Date.now() + DEADLINE_MS;
  for (;;) {
    const { outcome } = await start(job).done;
    if (outcome?.status !== 'error') return outcome;
    if (outcome.code !== 'BIZ_AGENTS_RUN_BUSY') throw new Error(`${outcome.code}: ${outcome.message}`);
    if (Date.now() > end) throw new Error('The run is still held.');
  }
}

async function effectsOf(runId: string): Promise<string[]> {
  const { rows } = await db.query<{ recipient: string }>(
    `SELECT recipient FROM ${schema}.effects WHERE run_id = $1`,
    [runId],
  );
  return rows.map(({ recipient }) => recipient);
}

async function phasesOf(runId: string): Promise<string[]> {
  const { rows } = await db.query<{ phase: string }>(
    `SELECT event->'data'->>'phase' AS phase FROM ${schema}.audit
      WHERE event->'data'->>'runId' = $1 ORDER BY event->>'id'`,
    [runId],
  );
  return rows.map(({ phase }) => phase);
}

const completed = { status: 'completed', result: { answer: 'done' } };

test.each<[string, boolean, string[], string | undefined]>([
  // It cannot be known whether the mail went out: it is not sent again, and the model and the audit are told.
  ['after the effect', false, ['approved', 'failed'], 'may have happened'],
  ['after the effect', true, ['approved', 'done'], 'sent'],
  ['audit done', false, ['approved', 'done'], 'sent'],
  ['audit approved', false, ['approved', 'done'], 'sent'],
])('killed at "%s" (idempotent: %s): the mail is sent once', async (killAt, idempotent, phases, told) => {
  const { server } = await mailModel();
  const job = { runId: randomUUID(), modelUrl: server.url, idempotent };
  await killed({ ...job, killAt });
  expect(await goOn(job)).toMatchObject(completed);
  expect(await effectsOf(job.runId)).toEqual(['a@example.com']);
  expect(await phasesOf(job.runId)).toEqual(phases);
  expect(
    server.requests
      .at(-1)
      ?.messages.map((message) => message.text)
      .join(),
  ).toContain(told);
  // The outcome stands: nothing happens when it is asked for again.
  const asked = server.requests.length;
  expect(await goOn(job)).toMatchObject(completed);
  expect(server.requests).toHaveLength(asked);
});

test.each([
  [1, 0],
  [2, 1],
])('killed while answer %i of the model is awaited: no run is lost', async (hangAt, sentBefore) => {
  const { server, hung } = await mailModel(hangAt);
  const job = { runId: randomUUID(), modelUrl: server.url };
  const { child, done } = start(job);
  await hung;
  expect(await effectsOf(job.runId)).toHaveLength(sentBefore);
  child.kill('SIGKILL');
  await done;
  expect(await goOn(job)).toMatchObject(completed);
  expect(await effectsOf(job.runId)).toEqual(['a@example.com']);
  // Only the answer that was lost is asked for again.
  expect(server.requests).toHaveLength(3);
});

test('approved in one process that is killed, finished by the next', async () => {
  const { server } = await mailModel();
  const job = { runId: randomUUID(), modelUrl: server.url, idempotent: true, approval: 'ask' as const };
  const waiting = await goOn(job);
  expect(waiting?.status).toBe('needs_approval');
  const decisions: Decision[] = (waiting?.calls ?? []).map(({ callId }) => {
    return { callId, action: 'approve', by: 'berta' };
  });
  await killed({ ...job, decisions, killAt: 'after the effect' });
  expect(await goOn({ ...job, decisions })).toMatchObject(completed);
  expect(await effectsOf(job.runId)).toEqual(['a@example.com']);
  expect(await phasesOf(job.runId)).toEqual(['asked', 'approved', 'done']);
});
