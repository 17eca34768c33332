import { z } from 'zod';
import { Agent, answerSchema, customAgent } from '../../src/agents';
import { MemoryStore } from '../../src/memory';
import { SupervisorTeam, teamEventSchema, type TeamEvent, type TeamLimits } from '../../src/teams';
import { defineTool } from '../../src/tools';
import { startHarness, submit, USER, type Harness } from '../support/harness';
import type { Reply, ScriptedRequest } from '../support/scripted-server';

let harnesses: Harness[] = [];
afterEach(async () => {
  await Promise.all(harnesses.map((harness) => harness.close()));
  harnesses = [];
});

type Part = (request: ScriptedRequest) => Reply;

/** A team of a supervisor, a writer that may send mail, and a checker. */
async function teamOf(parts: { supervisor: Part; writer?: Part; checker?: Part }, limits: TeamLimits = {}) {
  const store = new MemoryStore();
  const done = (): Reply => submit({ answer: 'member says ok' });
  const harness = await startHarness((request) => {
    if (request.system.startsWith('# Supervisor')) return parts.supervisor(request);
    return (request.system.startsWith('WRITER') ? parts.writer : parts.checker)?.(request) ?? done();
  }, store);
  harnesses.push(harness);
  const sent: string[] = [];
  const send = defineTool({
    name: 'send_mail',
    description: 'sends',
    label: 'write',
    input: z.strictObject({ to: z.string() }),
    run: async ({ to }) => void sent.push(to),
  });
  const member = (name: string, prompt: string, tools = [send]) => ({
    agent: new Agent(customAgent({ name, prompt, tools, output: answerSchema }), harness.deps()),
    description: `the ${name}`,
  });
  const members = [member('writer', 'WRITER'), member('checker', 'CHECKER', [])];
  const team = () => new SupervisorTeam({ model: harness.model, store, members, limits });
  return { harness, store, sent, team };
}

async function collect(events: AsyncIterable<TeamEvent>): Promise<TeamEvent[]> {
  const all: TeamEvent[] = [];
  for await (const event of events) all.push(teamEventSchema.parse(event));
  return all;
}

const handTo = (member: string, task = 'do it'): Reply => ({
  toolCalls: [{ name: `hand_off_to_${member}`, input: { task } }],
});
const answered = ({ messages }: ScriptedRequest) =>
  messages.filter((message) => message.role === 'tool').length;

describe('a team with a supervisor', () => {
  it('hands off from one to the next and gives the answer', async () => {
    const { harness, team } = await teamOf({
      supervisor: (request) =>
        [handTo('writer', 'write'), handTo('checker', 'check'), submit({ answer: 'all done' })][
          answered(request)
        ] ?? submit({ answer: 'too far' }),
    });
    const events = await collect(team().run('write and check', { user: USER, runId: 'team-1' }));
    expect(events.map((event) => event.type).filter((type) => type !== 'usage')).toEqual([
      'started',
      'hand_off',
      'message',
      'hand_off',
      'message',
      'completed',
    ]);
    expect(events.at(-1)).toMatchObject({ text: 'all done', reason: 'finished', usage: { requests: 5 } });
    const before = harness.requests.length;
    const again = await collect(team().run('write and check', { user: USER, runId: 'team-1' }));
    expect(again.at(-1)).toEqual(events.at(-1));
    expect(harness.requests).toHaveLength(before);
  });

  it("stops at a member's write, and goes on after the approval with another team object", async () => {
    const { sent, team } = await teamOf({
      supervisor: (request) => (answered(request) === 0 ? handTo('writer') : submit({ answer: 'sent' })),
      writer: (request) =>
        answered(request) === 0
          ? { toolCalls: [{ name: 'send_mail', input: { to: 'zoe' } }] }
          : submit({ answer: 'ok' }),
    });
    const first = await collect(team().run('mail', { user: USER, runId: 'team-2' }));
    const waiting = first.at(-1);
    if (waiting?.type !== 'needs_approval') throw new Error(JSON.stringify(waiting));
    expect(waiting.calls).toMatchObject([{ agent: 'writer', tool: 'send_mail', input: { to: 'zoe' } }]);
    expect(sent).toEqual([]);
    const decisions = waiting.calls.map(({ callId }) => ({
      callId,
      action: 'approve' as const,
      by: 'berta',
    }));
    const second = await collect(team().resume('team-2', decisions, { user: USER }));
    expect(second.at(-1)).toMatchObject({ type: 'completed', text: 'sent' });
    expect(sent).toEqual(['zoe']);
    const again = await collect(team().resume('team-2', decisions, { user: USER }));
    expect(again.at(-1)).toEqual(second.at(-1));
    expect(sent).toEqual(['zoe']);
    const other = decisions.map((decision) => ({ ...decision, by: 'mallory' }));
    expect((await collect(team().resume('team-2', other, { user: USER }))).at(-1)).toMatchObject({
      code: 'BIZ_AGENTS_DECISION_CONFLICT',
    });
  });

  it('stops after its rounds with what there is', async () => {
    const { harness, team } = await teamOf(
      {
        supervisor: ({ tools }) =>
          tools.length > 1 ? handTo('checker') : submit({ answer: 'as far as we got' }),
      },
      { maxRounds: 3 },
    );
    const events = await collect(team().run('x', { user: USER }));
    expect(events.filter((event) => event.type === 'hand_off')).toHaveLength(3);
    expect(events.at(-1)).toMatchObject({
      type: 'completed',
      reason: 'max_rounds',
      text: 'as far as we got',
    });
    expect(harness.requests).toHaveLength(7);
  });

  it('stops at its cost', async () => {
    const { team } = await teamOf({ supervisor: () => handTo('checker') }, { maxCostUsd: 0.0003 });
    const events = await collect(team().run('x', { user: USER }));
    expect(events.at(-1)).toMatchObject({ type: 'completed', reason: 'budget' });
  });

  it('can be cancelled and resumed', async () => {
    let hold = true;
    const { team } = await teamOf({
      supervisor: (request) => (answered(request) === 0 ? handTo('checker') : submit({ answer: 'done' })),
      checker: () => (hold ? { hang: true } : submit({ answer: 'ok' })),
    });
    const working = team();
    const types: string[] = [];
    for await (const event of working.run('x', { user: USER, runId: 'team-3' })) {
      types.push(event.type);
      if (event.type === 'hand_off') await working.cancel('team-3');
    }
    expect(types.at(-1)).toBe('cancelled');
    hold = false;
    const events = await collect(team().resume('team-3', [], { user: USER }));
    expect(events.at(-1)).toMatchObject({ type: 'completed', text: 'done' });
  });

  it('says what failed, and hands nothing to whom it does not know', async () => {
    const { team } = await teamOf({
      supervisor: ({ number }) => (number === 1 ? handTo('nobody') : { status: 500, error: 'down' }),
    });
    const events = await collect(team().run('x', { user: USER }));
    expect(events.some((event) => event.type === 'hand_off')).toBe(false);
    expect(events.at(-1)).toMatchObject({ type: 'failed', code: 'BIZ_AGENTS_PROVIDER_DOWN' });
  });

  it('works around a member that comes to no result', async () => {
    const { harness, team } = await teamOf({
      supervisor: (request) =>
        answered(request) === 0 ? handTo('checker') : submit({ answer: 'without the checker' }),
      checker: () => submit({ wrong: 'always' }),
    });
    const events = await collect(team().run('x', { user: USER }));
    expect(events.at(-1)).toMatchObject({ type: 'completed', text: 'without the checker' });
    expect(harness.requests.at(-1)?.last).toContain('BIZ_AGENTS_OUTPUT_INVALID');
  });
});
