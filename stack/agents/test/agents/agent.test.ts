import { randomUUID } from 'node:crypto';
import { testFacts } from '@bizstack/native/testing';
import { BizError } from '@bizstack/contracts';
import { z } from 'zod';
import { Agent, answerSchema, customAgent, type AgentDeps } from '../../src/agents';
import { MemoryStore, PostgresStore, type AgentStore } from '../../src/memory';
import { defineTool, type Decision, type ToolContext } from '../../src/tools';
import { startHarness, submit, USER, type Harness } from '../support/harness';
import type { Script } from '../support/scripted-server';

const schema = `agent_test_${process.pid}_${Date.now()}`;
const postgres = () => new PostgresStore({ connectionString: testFacts('postgres').admin_url ?? '', schema });
const stores: PostgresStore[] = [];
let harnesses: Harness[] = [];

beforeAll(async () => {
  const store = postgres();
  stores.push(store);
  await store.migrate();
});
afterEach(async () => {
  await Promise.all(harnesses.map((harness) => harness.close()));
  harnesses = [];
});
afterAll(async () => {
  await Promise.all(stores.map((store) => store.close()));
});

const KINDS: [string, () => AgentStore][] = [
  ['memory', () => new MemoryStore()],
  [
    'PostgreSQL',
    () => {
      const store = postgres();
      stores.push(store);
      return store;
    },
  ],
];

describe.each(KINDS)('an agent that remembers in %s', (_kind, newStore) => {
  async function harnessOf(script: Script, store = newStore()) {
    const harness = await startHarness(script, store);
    harnesses.push(harness);
    return { harness, store };
  }

  function mailer(calls: unknown[], options: { fails?: boolean } = {}) {
    const send = defineTool({
      name: 'send_mail',
      description: 'sends a mail',
      label: 'write',
      permission: 'mail:send',
      input: z.strictObject({ to: z.email(), text: z.string() }),
      summary: ({ to }) => `Mail to ${to}`,
      run: async (input, context: ToolContext) => {
        calls.push({ ...input, key: context.idempotencyKey });
        if (options.fails) throw new BizError('BIZ_TEST_MAIL', 'The mail server is down.');
        return { sent: true };
      },
    });
    const look = defineTool({
      name: 'look_up',
      description: 'looks up',
      label: 'read',
      input: z.strictObject({ q: z.string() }),
      run: async ({ q }) => `about ${q}`,
    });
    return [send, look];
  }

  const agentOf = (tools: ReturnType<typeof mailer>, deps: AgentDeps) =>
    new Agent(customAgent({ prompt: 'You are a test.', tools, output: answerSchema }), deps);

  const mail = { name: 'send_mail', input: { to: 'a@example.com', text: 'hi' } };
  const mailOnce: Script = ({ number }) =>
    number === 1 ? { toolCalls: [mail, { name: 'look_up', input: { q: 'x' } }] } : submit({ answer: 'done' });
  const approve = (callId: string): Decision => ({ callId, action: 'approve', by: 'berta' });

  it('stops at a write, goes on in another process after the approval, and writes once', async () => {
    const store = newStore();
    const { harness } = await harnessOf(mailOnce, store);
    const calls: unknown[] = [];
    const first = await agentOf(mailer(calls), harness.deps()).run({ task: 'mail' }, { user: USER });
    if (first.status !== 'needs_approval') throw new Error('It did not stop.');
    expect(first.calls).toEqual([
      {
        callId: expect.any(String) as string,
        agent: 'custom_agent',
        tool: 'send_mail',
        label: 'write',
        input: mail.input,
        summary: 'Mail to a@example.com',
      },
    ]);
    expect(calls).toEqual([]);
    const decisions = [approve(first.calls[0]?.callId ?? '')];

    // Another process has another agent, and with PostgreSQL another store.
    const later = store instanceof MemoryStore ? store : newStore();
    const agent = agentOf(mailer(calls), { ...harness.deps(), store: later });
    const second = await agent.resume(first.runId, decisions, { user: USER });
    expect(second).toMatchObject({ status: 'completed', result: { answer: 'done' } });
    expect(calls).toEqual([{ to: 'a@example.com', text: 'hi', key: expect.any(String) as string }]);
    expect(second.usage.requests).toBe(2);

    // The same decisions again: the stored outcome, and nothing happens.
    expect(await agent.resume(first.runId, decisions, { user: USER })).toEqual(second);
    expect(await agent.run({ task: 'mail' }, { user: USER, runId: first.runId })).toEqual(second);
    expect(calls).toHaveLength(1);
    expect(harness.requests).toHaveLength(2);
    const other: Decision[] = [{ ...approve(first.calls[0]?.callId ?? ''), action: 'reject' }];
    await expect(agent.resume(first.runId, other, { user: USER })).rejects.toMatchObject({
      code: 'BIZ_AGENTS_DECISION_CONFLICT',
    });

    expect(harness.records.map(({ tool, phase, decidedBy }) => [tool, phase, decidedBy])).toEqual([
      ['send_mail', 'asked', undefined],
      ['send_mail', 'approved', 'berta'],
      ['send_mail', 'done', undefined],
      ['look_up', 'done', undefined],
    ]);
  });

  it('goes on wherever it was cut off between the work of a step and its checkpoint', async () => {
    let broken = 0;
    for (let [cut, isCut] = [1, true]; isCut; cut++) {
      const store = newStore();
      const { harness } = await harnessOf(
        ({ number }) =>
          number === 1 ? { toolCalls: [{ name: 'look_up', input: { q: 'x' } }] } : submit({ answer: 'done' }),
        store,
      );
      const saver = await store.checkpoints();
      const [put, putWrites] = [saver.put.bind(saver), saver.putWrites.bind(saver)];
      let seen = 0;
      const alive = () => {
        if (seen >= cut) throw new Error('The disk is gone.');
      };
      saver.putWrites = async (...given) => {
        alive();
        await putWrites(...given);
        seen += 1;
      };
      saver.put = async (...given) => {
        alive();
        return put(...given);
      };
      const agent = agentOf(mailer([]), harness.deps());
      const runId = randomUUID();
      await agent.run({ task: 'look' }, { user: USER, runId }).catch(() => (broken += 1));
      isCut = seen >= cut;
      Object.assign(saver, { put, putWrites });
      const outcome = await agent.run({ task: 'look' }, { user: USER, runId });
      expect(outcome).toMatchObject({ status: 'completed', result: { answer: 'done' } });
    }
    expect(broken).toBeGreaterThan(1);
  });

  it('two approvals at once: one works, the other is told so', async () => {
    const { harness } = await harnessOf(mailOnce);
    const calls: unknown[] = [];
    const agent = agentOf(mailer(calls), harness.deps());
    const first = await agent.run({ task: 'mail' }, { user: USER });
    if (first.status !== 'needs_approval') throw new Error('It did not stop.');
    const decisions = first.calls.map((call) => approve(call.callId));
    const both = await Promise.allSettled(
      [1, 2].map(() => agent.resume(first.runId, decisions, { user: USER })),
    );
    expect(calls).toHaveLength(1);
    const refused = both.filter((one) => one.status === 'rejected');
    for (const one of refused) expect(one.reason).toMatchObject({ code: 'BIZ_AGENTS_RUN_BUSY' });
    expect(refused.length).toBeLessThan(2);
  });

  it('a rejected call does not happen, an edited one happens as edited', async () => {
    const { harness } = await harnessOf(({ messages }) =>
      messages.some((message) => message.role === 'tool')
        ? submit({ answer: 'ok' })
        : { toolCalls: [mail, { ...mail, input: { to: 'b@example.com', text: 'two' } }] },
    );
    const calls: { to: string }[] = [];
    const agent = agentOf(mailer(calls), harness.deps());
    const first = await agent.run({ task: 'mail' }, { user: USER });
    if (first.status !== 'needs_approval') throw new Error('It did not stop.');
    const [one, two] = first.calls.map((call) => call.callId);
    await expect(agent.resume(first.runId, [approve(one ?? '')], { user: USER })).rejects.toMatchObject({
      code: 'BIZ_AGENTS_DECISION_MISSING',
    });
    await agent.resume(
      first.runId,
      [
        { callId: one ?? '', action: 'reject', by: 'berta', reason: 'not now' },
        { callId: two ?? '', action: 'edit', by: 'berta', input: { to: 'c@example.com', text: 'edited' } },
      ],
      { user: USER },
    );
    expect(calls).toEqual([expect.objectContaining({ to: 'c@example.com', text: 'edited' })]);
    expect(
      harness.requests
        .at(-1)
        ?.messages.map((message) => message.text)
        .join(),
    ).toContain('not now');
  });

  it('a rejected call does not happen, even if the rules let it run by now', async () => {
    const { harness } = await harnessOf(mailOnce);
    const calls: unknown[] = [];
    const first = await agentOf(mailer(calls), harness.deps()).run({ task: 'mail' }, { user: USER });
    if (first.status !== 'needs_approval') throw new Error('It did not stop.');
    const decisions = first.calls.map(({ callId }): Decision => ({ callId, action: 'reject', by: 'berta' }));
    const later = agentOf(mailer(calls), harness.deps({ approval: { write: 'auto' } }));
    await expect(later.resume(first.runId, decisions, { user: USER })).resolves.toMatchObject({
      status: 'completed',
    });
    expect(calls).toEqual([]);
  });

  it('an edited call is checked like any other', async () => {
    const { harness } = await harnessOf(mailOnce);
    const calls: unknown[] = [];
    const agent = agentOf(mailer(calls), harness.deps());
    const first = await agent.run({ task: 'mail' }, { user: USER });
    if (first.status !== 'needs_approval') throw new Error('It did not stop.');
    const callId = first.calls[0]?.callId ?? '';
    const decide = (input: Record<string, unknown>) =>
      agent.resume(first.runId, [{ callId, action: 'edit', by: 'berta', input }], { user: USER });
    await expect(decide({ to: 'nobody', text: 'x' })).rejects.toMatchObject({
      code: 'BIZ_AGENTS_DECISION_INVALID',
      details: { problems: { [callId]: expect.stringContaining('to') as string } },
    });
    expect(calls).toEqual([]);
    expect(harness.records.map((record) => record.phase)).toEqual(['asked']);

    // It waits as before.
    expect(await decide({ to: 'c@example.com', text: 'x' })).toMatchObject({ status: 'completed' });
    expect(calls).toHaveLength(1);
    expect(harness.records.find((record) => record.phase === 'edited')).toMatchObject({
      decidedBy: 'berta',
      input: { to: 'c@example.com', text: 'x' },
      originalInput: mail.input,
    });
  });

  it('a call that was begun when the process died is not made again', async () => {
    const { harness, store } = await harnessOf(mailOnce);
    const calls: unknown[] = [];
    const deps = harness.deps();
    const agent = agentOf(mailer(calls), deps);
    const first = await agent.run({ task: 'mail' }, { user: USER });
    if (first.status !== 'needs_approval') throw new Error('It did not stop.');
    const callId = first.calls[0]?.callId ?? '';
    // What the store knows after a death between the write and its end.
    await store.ledger.begin(first.runId, callId, 'send_mail');
    const second = await agent.resume(first.runId, [approve(callId)], { user: USER });
    expect(second.status).toBe('completed');
    expect(calls).toEqual([]);
    expect(
      harness.requests
        .at(-1)
        ?.messages.map((message) => message.text)
        .join(),
    ).toContain('may have happened');
  });

  it('goes on where it was after the model failed', async () => {
    let down = true;
    const { harness } = await harnessOf(({ messages }) => {
      if (!messages.some((message) => message.role === 'tool'))
        return { toolCalls: [{ name: 'look_up', input: { q: 'x' } }] };
      return down ? { status: 500, error: 'down' } : submit({ answer: 'done' });
    });
    const agent = agentOf(mailer([]), harness.deps());
    const runId = `run-${Math.random()}`;
    await expect(agent.run({ task: 'x' }, { user: USER, runId })).rejects.toMatchObject({
      code: 'BIZ_AGENTS_PROVIDER_DOWN',
    });
    down = false;
    const result = await agent.run({ task: 'x' }, { user: USER, runId });
    expect(result).toMatchObject({ status: 'completed', usage: { requests: 2 } });
    expect(harness.records.filter((record) => record.tool === 'look_up')).toHaveLength(1);
  });

  it('does nothing when the audit cannot be written', async () => {
    const { harness } = await harnessOf(mailOnce);
    const calls: unknown[] = [];
    const audit = {
      record: async () => {
        throw new Error('audit is down');
      },
    };
    const agent = agentOf(mailer(calls), harness.deps({ audit, approval: { write: 'auto' } }));
    await expect(agent.run({ task: 'mail' }, { user: USER })).rejects.toThrow('audit is down');
    expect(calls).toEqual([]);
  });

  it('does what the user may do, and no more', async () => {
    const { harness } = await harnessOf(mailOnce);
    const calls: unknown[] = [];
    const agent = agentOf(mailer(calls), harness.deps({ approval: { write: 'auto' } }));
    const result = await agent.run({ task: 'mail' }, { user: { id: 'carl', permissions: ['mail:read'] } });
    expect(result.status).toBe('completed');
    expect(calls).toEqual([]);
    expect(harness.records).toContainEqual(expect.objectContaining({ phase: 'refused', userId: 'carl' }));
  });

  it('gives a wrong result back once, then fails', async () => {
    const { harness } = await harnessOf(() => submit({ reply: 'wrong field' }));
    const agent = agentOf(mailer([]), harness.deps());
    await expect(agent.run({ task: 'x' }, { user: USER })).rejects.toMatchObject({
      code: 'BIZ_AGENTS_OUTPUT_INVALID',
    });
    expect(harness.requests).toHaveLength(2);
    expect(harness.requests[1]?.last).toContain('answer');
  });

  it.each([
    ['a text with JSON', { text: 'Here: ```json\n{"answer": "ok"}\n```' }],
    ['malformed arguments, then good ones', { toolCalls: [{ name: 'submit_result', raw: '{"answer": ' }] }],
  ])('takes %s', async (_what, reply) => {
    const { harness } = await harnessOf(({ number }) => (number === 1 ? reply : submit({ answer: 'ok' })));
    const agent = agentOf(mailer([]), harness.deps());
    await expect(agent.run({ task: 'x' }, { user: USER })).resolves.toMatchObject({
      result: { answer: 'ok' },
    });
  });

  it('stops after its steps, and when it is cancelled from elsewhere', async () => {
    const { harness, store } = await harnessOf(() => ({
      toolCalls: [{ name: 'look_up', input: { q: 'again' } }],
    }));
    const endless = agentOf(mailer([]), harness.deps({ limits: { maxSteps: 3 } }));
    await expect(endless.run({ task: 'x' }, { user: USER })).rejects.toMatchObject({
      code: 'BIZ_AGENTS_STEPS_SPENT',
    });
    expect(harness.requests).toHaveLength(3);

    const runId = `cancelled-${Math.random()}`;
    const agent = agentOf(mailer([]), harness.deps());
    const running = agent.run(
      { task: 'x' },
      { user: USER, runId, onCall: () => void store.runs.requestCancel(runId) },
    );
    await expect(running).rejects.toMatchObject({ code: 'BIZ_AGENTS_CANCELLED' });
    await expect(store.runs.get(runId)).resolves.toMatchObject({ status: 'cancelled' });
  });

  it('remembers what was said to a contact, and puts it in short beyond its budget', async () => {
    const contactId = `contact-${Math.random()}`;
    const { harness, store } = await harnessOf(({ system, number }) =>
      system.startsWith('Put a conversation in short')
        ? { text: 'They want 40 chairs.' }
        : submit({ answer: `answer ${number} ${'with many words '.repeat(60)}` }),
    );
    const talking = {
      ...customAgent({ prompt: 'You are a test.', tools: [], output: answerSchema }),
      said: ({ answer }: { answer: string }) => answer,
    };
    const agent = new Agent(talking, harness.deps({ memoryBudget: 300 }));
    const usages: { requests: number }[] = [];
    for (const text of ['We want 40 chairs.', 'When?']) {
      usages.push(
        (await agent.run({ task: 'answer', data: [{ source: 'chat', text }] }, { user: USER, contactId }))
          .usage,
      );
    }
    // The summary is paid for too.
    expect(usages.map((usage) => usage.requests)).toEqual([1, 2]);
    const talk = await store.conversations.load(contactId, 'custom_agent');
    expect(talk.summary).toBe('They want 40 chairs.');
    expect(talk.turns.at(0)).toEqual({ role: 'contact', text: 'When?' });
    await agent.run(
      { task: 'answer', data: [{ source: 'chat', text: 'And now?' }] },
      { user: USER, contactId },
    );
    expect(
      harness.requests
        .at(-1)
        ?.messages.map((message) => message.text)
        .join(),
    ).toContain('They want 40 chairs.');
  });
});
