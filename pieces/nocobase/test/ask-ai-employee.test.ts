import { randomUUID } from 'node:crypto';
import {
  type ActionResult,
  actionOf,
  MemoryStoreBackend,
  runAction,
  runOptions,
} from '@bizstack/piece-testkit';
import { z } from 'zod';
import { nocobase } from '../src';
import { askAiEmployeeAction } from '../src/lib/actions/ask-ai-employee';
import { type FakeLlm, fakeLlm, lastText, type LlmRequest, type Reply } from './fake-llm';
import { adminClient, connection, failureOf } from './support';

jest.setTimeout(120_000);

const open: FakeLlm[] = [];
afterEach(async () => {
  for (const llm of open.splice(0)) await llm.close();
});

/** An AI employee of its own, whose model is a fake that follows the script. */
async function employeeWith(
  script: (request: LlmRequest, n: number) => Reply | Promise<Reply>,
  tools: { name: string; autoCall: boolean }[] = [{ name: 'suggestions', autoCall: false }],
) {
  const llm = await fakeLlm(script);
  open.push(llm);
  const name = randomUUID().slice(0, 8);
  const service = `fake_${name}`;
  const employee = `helper_${name}`;
  const post = (action: string, body: unknown) =>
    adminClient().call({ method: 'POST', action, body, schema: z.unknown() });
  await post('llmServices:create', {
    name: service,
    title: `Fake ${name}`,
    provider: 'openai-completions',
    options: { apiKey: 'none', baseURL: llm.url },
    enabledModels: { mode: 'custom', models: [{ label: 'Scripted', value: 'scripted' }] },
    enabled: true,
  });
  await post('aiEmployees:create', {
    username: employee,
    nickname: `Helper ${name}`,
    about: 'You help.',
    enabled: true,
    skillSettings: { tools },
    modelSettings: { enabled: true, models: [{ llmService: service, model: 'scripted' }] },
  });
  return { llm, employee, service };
}

const store = new MemoryStoreBackend();

function askRun(props: Record<string, unknown>, runId: string = randomUUID()): Promise<ActionResult> {
  return runAction(actionOf(nocobase, 'ask_ai_employee'), {
    auth: { ...connection() },
    props,
    store,
    identity: { runId },
  });
}

const outputSchema = z.looseObject({
  status: z.string(),
  text: z.string(),
  conversationId: z.string(),
  toolCalls: z.array(z.looseObject({ name: z.string(), status: z.string().nullable() })),
  approveUrl: z.string().optional(),
  rejectUrl: z.string().optional(),
});

const outputOf = ({ output }: ActionResult) => outputSchema.parse(output);
const queryOf = (url: string | undefined) => Object.fromEntries(new URL(url ?? '').searchParams);

const SUGGEST: Reply = { tool: 'suggestions', args: { options: ['A', 'B'] } };

/** Wants approval for the question, then says what became of it. */
const wantsApproval = (request: LlmRequest): Reply =>
  request.messages.at(-1)?.role === 'user' ? SUGGEST : { text: `then: ${lastText(request)}` };

test('the answer comes back, and a conversation goes on with all that was said', async () => {
  const { llm, employee } = await employeeWith((request) => ({ text: `echo ${lastText(request)}` }));
  const first = outputOf(await askRun({ employee, message: 'My name is Ada. ä€😀' }));
  expect(first).toMatchObject({ status: 'answered', toolCalls: [] });
  expect(first.text).toContain('My name is Ada. ä€😀');
  const { conversationId } = first;
  const second = outputOf(await askRun({ employee, message: 'Who am I?', conversationId }));
  expect(second.conversationId).toBe(conversationId);
  expect(second.text).toContain('Who am I?');
  expect(JSON.stringify(llm.requests.at(-1)?.messages)).toContain('My name is Ada');
});

test('the same step of a run asks once, another run asks again; one key asks once in all runs', async () => {
  const { llm, employee } = await employeeWith((_, n) => ({ text: `answer ${n}` }));
  const runId = randomUUID();
  const message = 'How much?';
  const first = outputOf(await askRun({ employee, message }, runId));
  expect(outputOf(await askRun({ employee, message }, runId))).toEqual(first);
  expect(llm.requests).toHaveLength(1);
  expect(outputOf(await askRun({ employee, message })).conversationId).not.toBe(first.conversationId);
  const keyed = { employee, message, idempotencyKey: `event-${randomUUID()}` };
  const once = outputOf(await askRun(keyed));
  expect(outputOf(await askRun(keyed))).toEqual(once);
  expect(llm.requests).toHaveLength(3);
});

test('in a conversation that goes on, the same step asks once too', async () => {
  const { llm, employee } = await employeeWith((_, n) => ({ text: `answer ${n}` }));
  const { conversationId } = outputOf(await askRun({ employee, message: 'again' }));
  const runId = randomUUID();
  const props = { employee, message: 'again', conversationId };
  const first = outputOf(await askRun(props, runId));
  expect(first.text).toBe('answer 2');
  expect(outputOf(await askRun(props, runId))).toEqual(first);
  expect(llm.requests).toHaveLength(2);
});

test('a tool call that wants approval pauses the run; approved, it is carried out and the answer comes', async () => {
  const { llm, employee } = await employeeWith(wantsApproval);
  const waiting = await askRun({ employee, message: 'Suggest something' });
  const shown = outputOf(waiting);
  expect(shown).toMatchObject({ status: 'approval_required', toolCalls: [{ name: 'suggestions' }] });
  expect(waiting.paused?.type).toBe('WEBHOOK');
  expect(shown.approveUrl).toContain(waiting.paused?.resumeUrl ?? 'no waitpoint');
  expect(queryOf(shown.approveUrl)).toMatchObject({ decision: 'approve' });
  expect(llm.requests).toHaveLength(1);
  const done = await waiting.resume({ queryParams: queryOf(shown.approveUrl) });
  expect(done.paused).toBeUndefined();
  expect(outputOf(done)).toMatchObject({
    status: 'answered',
    conversationId: shown.conversationId,
    toolCalls: [{ name: 'suggestions', status: 'success' }],
  });
  expect(llm.requests).toHaveLength(2);
  // The engine may run a resumed step twice.
  expect(outputOf(await waiting.resume({ queryParams: queryOf(shown.approveUrl) }))).toEqual(outputOf(done));
  expect(llm.requests).toHaveLength(2);
});

test('a refused call is told to the employee with the reason; the tool does not run', async () => {
  const { employee } = await employeeWith(wantsApproval);
  const waiting = await askRun({ employee, message: 'Suggest something' });
  const { rejectUrl } = outputOf(waiting);
  const done = outputOf(
    await waiting.resume({ queryParams: { ...queryOf(rejectUrl), reason: 'Not on a Friday' } }),
  );
  expect(done.status).toBe('answered');
  expect(done.text).toContain('Not on a Friday');
  expect(done.toolCalls.map(({ status }) => status)).not.toContain('success');
});

test('a call that wants approval pauses the run too when an employee makes it who was given a part of the task', async () => {
  const helper = await employeeWith(wantsApproval);
  const dispatch: Reply = {
    tool: 'dispatch-sub-agent-task',
    args: { username: helper.employee, question: 'Suggest something' },
  };
  const { employee } = await employeeWith(
    (request) =>
      request.messages.at(-1)?.role === 'user' ? dispatch : { text: `helper said ${lastText(request)}` },
    [{ name: 'dispatch-sub-agent-task', autoCall: true }],
  );
  for (const decision of ['approve', 'reject'] as const) {
    const waiting = await askRun({ employee, message: `Let somebody suggest, then ${decision}` });
    const shown = outputOf(waiting);
    expect(shown).toMatchObject({ status: 'approval_required', toolCalls: [{ name: 'suggestions' }] });
    const link = queryOf(decision === 'approve' ? shown.approveUrl : shown.rejectUrl);
    const done = outputOf(await waiting.resume({ queryParams: { ...link, reason: 'Not on a Friday' } }));
    expect(done).toMatchObject({
      status: 'answered',
      conversationId: shown.conversationId,
      toolCalls: [{ name: 'dispatch-sub-agent-task' }],
    });
    expect(done.text).toContain('helper said');
    if (decision === 'reject') expect(done.text).toContain('Not on a Friday');
    else expect(done.text).not.toContain('Not on a Friday');
  }
});

test('every further call that wants approval pauses again; an old link decides nothing', async () => {
  const { employee } = await employeeWith((_, n) => (n <= 2 ? SUGGEST : { text: 'finished' }));
  const first = await askRun({ employee, message: 'Suggest twice' });
  const firstLink = queryOf(outputOf(first).approveUrl);
  const second = await first.resume({ queryParams: firstLink });
  expect(outputOf(second).status).toBe('approval_required');
  const stale = await second.resume({ queryParams: firstLink });
  expect(outputOf(stale).status).toBe('approval_required');
  const done = await stale.resume({ queryParams: queryOf(outputOf(stale).approveUrl) });
  expect(outputOf(done)).toMatchObject({ status: 'answered', text: 'finished' });
});

test('by choice calls are refused or approved without a person', async () => {
  const { employee } = await employeeWith(wantsApproval);
  const message = 'Suggest something';
  const refused = outputOf(await askRun({ employee, message, onApproval: 'reject' }));
  expect(refused.text).toContain('refused here');
  const approved = outputOf(await askRun({ employee, message, onApproval: 'approve' }));
  expect(approved.toolCalls).toMatchObject([{ name: 'suggestions', status: 'success' }]);
});

test('chosen users get both links as in-app messages, once', async () => {
  const { employee } = await employeeWith(wantsApproval);
  const runId = randomUUID();
  const props = { employee, message: 'Suggest something', notifyUsers: ['admin'] };
  const { approveUrl, rejectUrl } = outputOf(await askRun(props, runId));
  await askRun(props, runId);
  const { data } = await adminClient().call({
    action: 'myInAppMessages:list',
    query: { pageSize: 200, filter: { title: { $includes: employee } } },
    schema: z.looseObject({
      data: z.union([
        z.array(z.unknown()),
        z.looseObject({ messages: z.array(z.unknown()) }).transform(({ messages }) => messages),
      ]),
    }),
  });
  const mine = z
    .array(
      z.looseObject({ title: z.string(), content: z.string(), options: z.looseObject({ url: z.string() }) }),
    )
    .parse(data)
    .filter(({ title }) => title.includes(employee));
  expect(mine.map(({ options }) => options.url).sort()).toEqual([approveUrl, rejectUrl].sort());
});

test('more questions at once than NocoBase answers at a time are all answered', async () => {
  const { employee } = await employeeWith((request) => ({ text: `echo ${lastText(request)}` }));
  const messages = Array.from({ length: 6 }, (_, n) => `question ${n}`);
  const answers = await Promise.all(messages.map((message) => askRun({ employee, message })));
  for (const [n, answer] of answers.entries()) expect(outputOf(answer).text).toContain(`question ${n}`);
});

test('an employee that does not answer in time is stopped', async () => {
  const { employee } = await employeeWith(() => new Promise<Reply>(() => undefined));
  const error = await failureOf(askRun({ employee, message: 'Hello?', timeoutSeconds: 5 }));
  expect(error.code).toBe('BIZ_NOCOBASE_AI_TIMEOUT');
  expect(error.message + (error.hint ?? '')).toContain('stopped');
});

test('a model that fails is an error with its reason; the next try answers without asking a second time', async () => {
  let broken = true;
  const { llm, employee } = await employeeWith(() => (broken ? { failure: 400 } : { text: 'fine again' }));
  const runId = randomUUID();
  const props = { employee, message: 'Hello?' };
  const error = await failureOf(askRun(props, runId));
  expect(error.code).toBe('BIZ_NOCOBASE_AI_FAILED');
  expect(error.message).toContain('the fake model refuses');
  broken = false;
  expect(outputOf(await askRun(props, runId)).text).toBe('fine again');
  const asked = llm.requests.at(-1)?.messages.filter(({ role }) => role === 'user');
  expect(asked).toHaveLength(1);
});

test('an unknown employee, an unknown conversation and an empty message are told apart', async () => {
  const { employee } = await employeeWith(() => ({ text: 'x' }));
  expect((await failureOf(askRun({ employee: 'nobody_here', message: 'x' }))).message).toContain('not found');
  const unknown = { employee, message: 'x', conversationId: randomUUID() };
  expect((await failureOf(askRun(unknown))).code).toBe('BIZ_NOCOBASE_RECORD_MISSING');
  expect((await failureOf(askRun({ employee, message: ' \n ' }))).code).toBe('BIZ_INPUT_INVALID');
});

test('employees and models are dropdowns', async () => {
  const { employee, service } = await employeeWith(() => ({ text: 'x' }));
  const ask = (property: string) => runOptions(askAiEmployeeAction, { property, auth: { ...connection() } });
  const employees = await ask('employee');
  expect(employees.options.map(({ value }) => value)).toContain(employee);
  const models = await ask('model');
  const mine = models.options.find(({ value }) => String(value).startsWith(service));
  expect(mine?.label).toContain('Scripted');
  expect(outputOf(await askRun({ employee, message: 'x', model: mine?.value })).status).toBe('answered');
});
