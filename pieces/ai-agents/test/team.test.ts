import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { closeDatabases } from '../src/lib/postgres';
import { sendForm } from './support/approval-form';
import {
  autogenAuth,
  call,
  failureOf,
  KEY,
  modelAuth,
  postgresUrl,
  run,
  startReceiver,
} from './support/piece';
import { type Answer, type ModelRequest, startScriptedModel, submit } from './support/scripted-model';

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});
afterAll(closeDatabases);

const PHONE = '<b>+49 30 1</b>';
const waitingSchema = z.looseObject({
  status: z.literal('approval_required'),
  runId: z.uuid(),
  approvalPage: z.url(),
  pending: z.array(z.looseObject({ agent: z.string(), tool: z.string(), input: z.unknown() })),
});

const handTo = (member: string, task: string): Answer => ({
  calls: [{ name: `hand_off_to_${member}`, input: { task } }],
});

/** A supervisor that asks finance, then sales, whose agent wants to write to the CRM. */
function script({ text, toolResults }: ModelRequest): Answer {
  if (text.includes('# Supervisor')) {
    if (toolResults === 0) return handTo('finance', 'Total of R-7?');
    return toolResults === 1
      ? handTo('sales', 'Note the number of the lead.')
      : submit({ answer: 'Noted; the invoice is open.' });
  }
  if (text.includes('# Finance agent')) {
    if (toolResults === 0) return { calls: [{ name: 'get_invoice', input: { reference: 'R-7' } }] };
    const fact = /([a-zA-Z0-9_.-]*total[a-zA-Z0-9_.-]*)\\+"\s*:/.exec(text)?.[1];
    return submit({ text: fact === undefined ? 'Nothing found.' : `The total is {{${fact}}}.` });
  }
  return toolResults === 0
    ? { calls: [{ name: 'update_contact', input: { fields: { phone: PHONE } } }] }
    : submit({ answer: 'Thank you, noted.', known: false, nextStep: 'answer' });
}

const invoice = {
  ...{ id: 7, number: 'R-7', customer: 'Acme', issued: '2026-01-02', due: '2026-02-02', currency: 'EUR' },
  ...{ total: '119.00', paid: 0, status: 'open' },
};

async function scripted(answer: (request: ModelRequest) => Answer = script) {
  const model = await startScriptedModel(answer);
  const target = await startReceiver();
  open.push(model, target);
  const auth = modelAuth(model, { postgresUrl: postgresUrl(), ...autogenAuth() });
  return { model, target, auth };
}

const propsOf = (engine: string, writeUrl: string) => ({
  engine,
  members: ['finance', 'sales'],
  task: 'Answer the lead about R-7.',
  message: 'My new number is +49 30 1.',
  contactId: `c-${randomUUID()}`,
  sales: { contact: { name: 'Wang' } },
  finance: { invoices: [invoice] },
  writeUrl,
});

describe.each(['langgraph', 'autogen'])('a team on %s', (engine) => {
  test('hands off, waits for the approval of a write, carries it out once', async () => {
    const { model, target, auth } = await scripted();
    const first = await call('run_team', propsOf(engine, target.url), auth);
    const waiting = waitingSchema.parse(first.output);
    expect(first.paused?.type).toBe('WEBHOOK');
    expect(waiting.pending).toMatchObject([{ agent: 'sales', tool: 'update_contact' }]);
    expect(target.bodies).toEqual([]);

    const { html, body } = await sendForm(waiting.approvalPage, { call_0: 'approve', by: 'anna' });
    expect(html).toContain('&lt;b&gt;+49 30 1&lt;/b&gt;');
    const done = await first.resume({ body });
    expect(done.output).toMatchObject({
      status: 'completed',
      runId: waiting.runId,
      result: { answer: 'Noted; the invoice is open.', reason: 'finished' },
      usage: { requests: 7 },
    });
    expect(target.bodies).toMatchObject([{ action: 'update_contact', input: { fields: { phone: PHONE } } }]);
    // The figure is that of the invoice, put in by code.
    expect(JSON.stringify(first.output)).toContain('119');
    // The engine repeats a step whose answer it lost.
    const asked = model.requests.length;
    expect((await first.resume({ body })).output).toMatchObject({ status: 'completed' });
    expect(target.bodies).toHaveLength(1);
    expect(model.requests).toHaveLength(asked);
  });

  test('a rejected write does not happen; a changed one happens as changed', async () => {
    const { model, target, auth } = await scripted();
    const first = await call('run_team', propsOf(engine, target.url), auth);
    const page = waitingSchema.parse(first.output).approvalPage;
    const reject = await sendForm(page, { call_0: 'reject', by: 'anna', reason: 'wrong number' });
    expect((await first.resume({ body: reject.body })).output).toMatchObject({ status: 'completed' });
    expect(target.bodies).toEqual([]);
    expect(model.requests.some(({ text }) => text.includes('wrong number'))).toBe(true);

    const second = await call('run_team', propsOf(engine, target.url), auth);
    const edit = async (input: unknown, from: string) =>
      sendForm(from, { call_0: 'edit', input_0: JSON.stringify(input), by: 'anna' });
    const wrong = await edit({ fields: 7 }, waitingSchema.parse(second.output).approvalPage);
    const again = await second.resume({ body: wrong.body });
    const { approvalPage } = waitingSchema.parse(again.output);
    const right = await edit({ fields: { phone: '+49 30 2' } }, approvalPage);
    expect(right.html).toContain('role="alert"');
    expect((await again.resume({ body: right.body })).output).toMatchObject({ status: 'completed' });
    expect(target.bodies).toMatchObject([{ input: { fields: { phone: '+49 30 2' } } }]);
  });

  test('needs PostgreSQL only where something can wait; says what failed', async () => {
    const { model, target, auth } = await scripted(() => ({ status: 401, error: `wrong ${KEY}` }));
    const { postgresUrl: _left, ...without } = auth;
    const { contactId: _out, ...props } = propsOf(engine, target.url);
    const waits = { ...props, members: ['finance'], writes: 'ask' };
    expect((await failureOf(run('run_team', waits, without))).code).toBe('BIZ_AI_NOT_CONFIGURED');
    expect(model.requests).toEqual([]);
    const failed = await failureOf(run('run_team', { ...waits, writes: 'refuse' }, without));
    expect(failed.code).toMatch(/^BIZ_(AGENTS_KEY_WRONG|AUTOGEN_MODEL_KEY)$/);
    expect(failed.message).not.toContain(KEY);
  });
});

test('forgets a contact in the AutoGen service too', async () => {
  const { target, auth } = await scripted();
  const props = { ...propsOf('autogen', target.url), contactId: `c/${randomUUID()}` };
  await call('run_team', props, auth);
  const { contactId } = props;
  // The team's run, and those of the two hand-offs.
  expect(await run('forget_contact', { contactId }, auth)).toMatchObject({
    deleted: { runs: 3, autogenRuns: 1 },
  });
  expect(await run('forget_contact', { contactId }, auth)).toMatchObject({
    deleted: { runs: 0, autogenRuns: 0 },
  });
});

test.each<[string, Record<string, unknown>, Record<string, string>, string]>([
  ['no members', { members: [] }, {}, 'BIZ_INPUT_INVALID'],
  ['a member that is not there', { members: ['legal'] }, {}, 'BIZ_INPUT_INVALID'],
  ['data with another key', { sales: { invoices: [] } }, {}, 'BIZ_INPUT_INVALID'],
  ['operations without services', { members: ['operations'] }, {}, 'BIZ_INPUT_INVALID'],
  ['too many rounds', { maxRounds: 51 }, {}, 'BIZ_INPUT_INVALID'],
  ['another engine', { engine: 'crew' }, {}, 'BIZ_INPUT_INVALID'],
  ['AutoGen without its token', { engine: 'autogen' }, { autogenToken: '' }, 'BIZ_AI_NOT_CONFIGURED'],
  ['a wrong token', { engine: 'autogen' }, { autogenToken: 'wrong-token-0123' }, 'BIZ_AUTOGEN_TOKEN_WRONG'],
  [
    'AutoGen that is not there',
    { engine: 'autogen' },
    { autogenUrl: 'http://127.0.0.1:9' },
    'BIZ_AUTOGEN_UNREACHABLE',
  ],
])('refuses %s before the model is asked', async (_, props, parts, code) => {
  const { model, target, auth } = await scripted();
  const error = await failureOf(
    run('run_team', { ...propsOf('langgraph', target.url), ...props }, { ...auth, ...parts }),
  );
  expect(error.code).toBe(code);
  expect(error.message).not.toMatch(/wrong-token/);
  expect(model.requests).toEqual([]);
});
