import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { z } from 'zod';
import { Quoter } from '../../src/tools';
import { AutogenProcess, TOKEN } from '../support/autogen-process';
import { MODEL_KEY, submit } from '../support/harness';
import { startScriptedOpenAi } from '../support/scripted-openai';
import type { Reply, Script, ScriptedRequest, ScriptedServer } from '../support/scripted-server';

let service: AutogenProcess;
let model: ScriptedServer;
/** What the model does; each test has its own. */
let script: Script = () => submit({ answer: 'done' });
let arrived: () => void = () => undefined;

beforeAll(async () => {
  model = await startScriptedOpenAi((request) => {
    arrived();
    return script(request);
  });
  service = await AutogenProcess.start({ AUTOGEN_MAX_BODY_MB: '1', AUTOGEN_MAX_RUNS: '2' });
});
afterAll(async () => {
  await service.end();
  await model.close();
});
beforeEach(() => {
  script = () => submit({ answer: 'done' });
});

const id = () => `run-${randomUUID()}`;
const modelOf = (more: object = {}) => ({
  provider: 'openai-compatible',
  model: 'scripted',
  apiKey: MODEL_KEY,
  baseUrl: model.url,
  retries: 0,
  ...more,
});
const member = {
  name: 'writer',
  description: 'writes',
  prompt: 'WRITER',
  tools: [
    { name: 'send', description: 'sends', label: 'write', parameters: { type: 'object', properties: {} } },
  ],
  resultSchema: { type: 'object', properties: { answer: { type: 'string' } } },
};
const runOf = (more: object = {}) => ({
  runId: id(),
  userId: 'anna',
  task: 'do it',
  supervisorPrompt: '# Supervisor',
  memberPrompt: 'You are in a team.',
  members: [member],
  model: modelOf(),
  ...more,
});
const handsOff = (request: ScriptedRequest): Reply => {
  const calls = request.messages.filter(({ role }) => role === 'tool').length;
  if (request.system.startsWith('WRITER')) return { toolCalls: [{ name: 'send', input: { to: 'zoe' } }] };
  return calls === 0
    ? { toolCalls: [{ name: 'hand_off_to_writer', input: { task: 'send it' } }] }
    : submit({ answer: 'sent' });
};

function send(method: string, path: string, body?: unknown, token = TOKEN, signal?: AbortSignal) {
  return fetch(service.service.url + path, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  });
}
const errorSchema = z.object({ error: z.object({ code: z.string(), message: z.string() }) });
async function refusal(answer: Promise<Response>) {
  const response = await answer;
  const { error } = errorSchema.parse(await response.json());
  return { status: response.status, ...error };
}
const eventSchema = z.looseObject({
  type: z.string(),
  calls: z.array(z.looseObject({ callId: z.string() })).optional(),
});
async function eventsOf(answer: Promise<Response>) {
  const response = await answer;
  const text = await response.text();
  expect({ status: response.status, text }).toMatchObject({ status: 200 });
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => eventSchema.parse(JSON.parse(line)));
}
const lookSchema = z.looseObject({ status: z.string(), outcome: z.looseObject({}).nullable() });
const look = async (runId: string) =>
  lookSchema.parse(await (await send('GET', `/v1/teams/runs/${runId}`)).json());
async function until(runId: string, status: string) {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const seen = await look(runId);
    if (seen.status === status) return seen;
    if (Date.now() > deadline) throw new Error(`${runId} is ${seen.status}, not ${status}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test.each([
  ['no token', ''],
  ['another token', 'x'.repeat(TOKEN.length)],
  ['a part of the token', TOKEN.slice(0, -1)],
])('refuses %s, and shows none', async (_, token) => {
  const error = await refusal(send('POST', '/v1/teams/runs', runOf(), token));
  expect(error).toMatchObject({ status: 401, code: 'BIZ_AUTOGEN_TOKEN_WRONG' });
  expect(JSON.stringify(error)).not.toContain(TOKEN);
  expect((await send('GET', '/healthz', undefined, token)).status).toBe(200);
});

test.each<[string, () => unknown, string, number]>([
  ['what is no JSON', () => '{', 'BIZ_AUTOGEN_INPUT_INVALID', 422],
  ['an unknown field', () => runOf({ extra: 1 }), 'BIZ_AUTOGEN_INPUT_INVALID', 422],
  ['no members', () => runOf({ members: [] }), 'BIZ_AUTOGEN_INPUT_INVALID', 422],
  ['two members of one name', () => runOf({ members: [member, member] }), 'BIZ_AUTOGEN_INPUT_INVALID', 422],
  [
    'a member called as the client',
    () => runOf({ members: [{ ...member, name: 'client' }] }),
    'BIZ_AUTOGEN_INPUT_INVALID',
    422,
  ],
  ['a run id with a path', () => runOf({ runId: '../x' }), 'BIZ_AUTOGEN_INPUT_INVALID', 422],
  ['a long body', () => runOf({ task: 'x'.repeat(1_100_000) }), 'BIZ_AUTOGEN_BODY_TOO_LARGE', 413],
  [
    'a model where conversations may not go',
    () => runOf({ model: modelOf({ baseUrl: 'https://evil.example/v1' }) }),
    'BIZ_AUTOGEN_MODEL_ORIGIN',
    422,
  ],
  [
    'a cost limit without a price',
    () => runOf({ limits: { maxCostUsd: 1 } }),
    'BIZ_AUTOGEN_PRICE_UNKNOWN',
    422,
  ],
])('refuses %s', async (_, body, code, status) => {
  const before = model.requests.length;
  const error = await refusal(send('POST', '/v1/teams/runs', body()));
  expect(error).toMatchObject({ code, status });
  expect(error.message).not.toContain(MODEL_KEY);
  expect(model.requests).toHaveLength(before);
});

test('knows its paths and its runs', async () => {
  expect(await refusal(send('GET', '/v2/nothing'))).toMatchObject({
    status: 404,
    code: 'BIZ_AUTOGEN_NO_SUCH_PATH',
  });
  for (const [method, path, body] of [
    ['GET', '', undefined],
    ['POST', '/cancel', {}],
    ['POST', '/resume', { userId: 'anna', model: modelOf() }],
  ] as const) {
    expect(await refusal(send(method, `/v1/teams/runs/${id()}${path}`, body))).toMatchObject({
      status: 404,
      code: 'BIZ_AUTOGEN_RUN_GONE',
    });
  }
});

test('results count once, and all of them are needed', async () => {
  script = handsOff;
  const run = runOf();
  const first = await eventsOf(send('POST', '/v1/teams/runs', run));
  expect(first.map(({ type }) => type)).toEqual(['started', 'usage', 'hand_off', 'usage', 'tool_calls']);
  const callId = first.at(-1)?.calls?.[0]?.callId ?? '';
  const resume = (results: object[], userId = 'anna') =>
    send('POST', `/v1/teams/runs/${run.runId}/resume`, { userId, model: modelOf(), results });
  const result = { callId, ok: true, content: 'sent', ends: true };
  expect(await refusal(resume([{ ...result, callId: 'another' }]))).toMatchObject({
    status: 422,
    code: 'BIZ_AUTOGEN_RESULTS_MISSING',
  });
  expect(await refusal(resume([result, { ...result, callId: 'another' }]))).toMatchObject({ status: 422 });
  expect(await refusal(resume([result], 'mallory'))).toMatchObject({ status: 403 });
  // At once: one of them goes on, the other gets the same.
  const [one, two] = await Promise.all([eventsOf(resume([result])), eventsOf(resume([result]))]);
  expect(one.at(-1)).toMatchObject({ type: 'completed', text: 'sent' });
  expect(two.at(-1)).toEqual(one.at(-1));
  const asked = model.requests.length;
  expect((await eventsOf(resume([result]))).at(-1)).toEqual(one.at(-1));
  expect(await refusal(resume([{ ...result, content: 'not sent' }]))).toMatchObject({
    status: 409,
    code: 'BIZ_AUTOGEN_RESULTS_CONFLICT',
  });
  expect(model.requests).toHaveLength(asked);
  expect((await look(run.runId)).outcome).toEqual(one.at(-1));
});

test('works on when its caller goes away, and is cancelled by any other', async () => {
  let release: (reply: Reply) => void = () => undefined;
  const held = () => {
    const answer = new Promise<Reply>((resolve) => (release = resolve));
    const came = new Promise<void>((resolve) => (arrived = resolve));
    script = () => answer;
    return came;
  };
  const run = runOf();
  const came = held();
  const caller = new AbortController();
  const started = await send('POST', '/v1/teams/runs', run, TOKEN, caller.signal);
  await came;
  caller.abort();
  await expect(started.text()).rejects.toThrow();
  release(submit({ answer: 'nobody listened' }));
  expect((await until(run.runId, 'completed')).outcome).toMatchObject({ text: 'nobody listened' });

  const other = runOf();
  const cameToo = held();
  const events = eventsOf(send('POST', '/v1/teams/runs', other));
  await cameToo;
  const cancelled = await send('POST', `/v1/teams/runs/${other.runId}/cancel`, {});
  expect(await cancelled.json()).toEqual({ runId: other.runId, status: 'cancelled' });
  expect((await events).at(-1)).toMatchObject({ type: 'cancelled' });
});

test('takes no more runs at once than it was told, and stops with a word', async () => {
  const small = await AutogenProcess.start({ AUTOGEN_MAX_RUNS: '1' });
  try {
    const came = new Promise<void>((resolve) => (arrived = resolve));
    script = () => ({ hang: true });
    const run = runOf();
    const post = (body: object) =>
      fetch(`${small.service.url}/v1/teams/runs`, {
        method: 'POST',
        headers: { authorization: `Bearer ${TOKEN}` },
        body: JSON.stringify(body),
      });
    const events = eventsOf(post(run));
    await came;
    expect(await refusal(post(runOf()))).toMatchObject({ status: 429, code: 'BIZ_AUTOGEN_TOO_MANY_RUNS' });
    // Another process does not take the run away.
    const elsewhere = await eventsOf(send('POST', '/v1/teams/runs', run));
    expect(elsewhere.at(-1)).toMatchObject({ type: 'failed', code: 'BIZ_AUTOGEN_RUN_BUSY' });
    expect(await small.end('SIGTERM')).toBe(0);
    expect((await events).at(-1)).toMatchObject({ type: 'failed', code: 'BIZ_AUTOGEN_STOPPING' });
  } finally {
    await small.end();
  }
  expect(small.log.join('\n')).not.toMatch(/sk-scripted|do it/);
});

test('quotes any text as the agents in process do', async () => {
  const texts = fc.sample(
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.string({
        unit: fc.constantFrom('<', '>', '«', '»', '⟪', '\u200b', '\u0000', 'e\u0301', '\n', 'a', '"'),
        maxLength: 30,
      }),
    ),
    100,
  );
  // What JSON cannot carry comes as the replacement character, here as there.
  const data = texts.map((text, index) => ({ source: `text ${index}`, text: Buffer.from(text).toString() }));
  await eventsOf(send('POST', '/v1/teams/runs', runOf({ data })));
  const seen = model.requests.at(-1)?.last ?? '';
  const quoter = new Quoter(/<<data ([0-9a-f]{32})/.exec(seen)?.[1]);
  expect(seen).toBe(['do it', ...data.map(({ source, text }) => quoter.quote(source, text))].join('\n\n'));
});

test('takes what a model writes, whatever its characters', async () => {
  script = () => ({ toolCalls: [{ name: 'submit_result', raw: '{"answer": "a\\u0000b\\ud800c"}' }] });
  const run = runOf();
  expect((await eventsOf(send('POST', '/v1/teams/runs', run))).at(-1)).toMatchObject({ text: 'ab?c' });
  expect(await look(run.runId)).toMatchObject({ status: 'completed' });
});

test('forgets a contact', async () => {
  const contactId = id();
  const run = runOf({ contactId });
  await eventsOf(send('POST', '/v1/teams/runs', run));
  expect(await (await send('DELETE', `/v1/teams/contacts/${contactId}`)).json()).toEqual({ deleted: 1 });
  expect((await send('GET', `/v1/teams/runs/${run.runId}`)).status).toBe(404);
});

test('shows what it did, and no secret', async () => {
  await eventsOf(send('POST', '/v1/teams/runs', runOf()));
  const metrics = await (await fetch(`${service.service.url}/metrics`)).text();
  expect(metrics).toMatch(/bizstack_autogen_runs_total\{outcome="completed"\} \d/);
  expect(metrics).toContain('bizstack_autogen_model_tokens_total{kind="input"}');
  expect(`${metrics}\n${service.log.join('\n')}`).not.toMatch(new RegExp(`${TOKEN}|${MODEL_KEY}`));
});

test.each<[string, Record<string, string>, RegExp]>([
  ['others may read its token', { AUTOGEN_TOKEN_FILE: 'world' }, /0600/],
  ['it would listen for everybody', { AUTOGEN_HOST: '0.0.0.0' }, /AUTOGEN_ALLOW_REMOTE/],
  ['an origin is none', { AUTOGEN_MODEL_ORIGINS: 'everywhere' }, /AUTOGEN_MODEL_ORIGINS/],
])('does not start when %s', async (_, environment, message) => {
  const dir = mkdtempSync(join(tmpdir(), 'bizstack-autogen-'));
  try {
    const file = join(dir, 'token');
    writeFileSync(file, TOKEN);
    chmodSync(file, 0o644);
    const given =
      environment['AUTOGEN_TOKEN_FILE'] === undefined ? environment : { AUTOGEN_TOKEN_FILE: file };
    const error = await AutogenProcess.start(given).catch((cause: unknown) => cause);
    expect(String(error)).toMatch(message);
    expect(String(error)).not.toContain(TOKEN);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
