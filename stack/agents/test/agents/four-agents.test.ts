import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  Agent,
  contentAgent,
  financeAgent,
  operationsAgent,
  salesAgent,
  type BusyTime,
  type ContentPorts,
  type FinancePorts,
  type Meeting,
  type OperationsPorts,
  type Passage,
  type SalesPorts,
} from '../../src/agents';
import { PROMPTS } from '../../src/agents/prompts';
import { MemoryStore } from '../../src/memory';
import { startHarness, submit, USER, type Harness } from '../support/harness';
import type { Script } from '../support/scripted-server';

let harnesses: Harness[] = [];
afterEach(async () => {
  await Promise.all(harnesses.map((harness) => harness.close()));
  harnesses = [];
});

async function harnessOf(script: Script, store = new MemoryStore()) {
  const harness = await startHarness(script, store);
  harnesses.push(harness);
  return { harness, store };
}

describe('prompts', () => {
  it.each(['sales', 'content', 'finance', 'operations'] as const)(
    '%s: the module has what the file says',
    (name) => {
      const file = readFileSync(join(__dirname, '../../src/agents', name, 'prompt.md'), 'utf8');
      expect(PROMPTS[name]).toBe(file.trim());
    },
  );
  it('supervisor: the module has what the file says', () => {
    expect(PROMPTS.supervisor).toBe(
      readFileSync(join(__dirname, '../../src/teams/prompt.md'), 'utf8').trim(),
    );
  });
});

describe('sales', () => {
  const text = 'Our chairs carry 150 kg. They are delivered within four weeks.';
  const passage: Passage = {
    id: 'p1',
    text,
    source: 'chairs.md',
    title: 'Chairs',
    offsets: { start: 1000, end: 1000 + text.length },
    score: 0.9,
  };
  const question = {
    task: 'Answer the message.',
    data: [{ source: 'web form', text: 'How fast? Our budget is 5,000 euros.' }],
  };
  const search = { toolCalls: [{ name: 'search_knowledge', input: { query: 'delivery' } }] };

  function portsOf(extra: Partial<SalesPorts> = {}): SalesPorts {
    return { knowledge: { search: async () => [passage] }, ...extra };
  }

  it('answers with citations that stand in the source, and learns what was said', async () => {
    const { harness, store } = await harnessOf(({ number }) =>
      number === 1
        ? search
        : submit({
            answer: 'Within four weeks.',
            known: true,
            citations: [{ passageId: 'p1', quote: 'they are delivered  within four weeks' }],
            qualification: {
              budget: { value: 'EUR 5000', quote: 'our budget is 5,000 euros' },
              authority: { value: 'decides alone', quote: 'I decide alone' },
            },
          }),
    );
    const agent = new Agent(salesAgent({ ports: portsOf(), store }), harness.deps());
    const run = await agent.run(question, { user: USER, contactId: 'c-1' });
    if (run.status !== 'completed') throw new Error(run.status);
    expect(run.result).toMatchObject({ answer: 'Within four weeks.', known: true });
    const [citation] = run.result.citations;
    expect(citation).toMatchObject({ source: 'chairs.md', quote: 'They are delivered within four weeks' });
    const { start = 0, end = 0 } = citation?.offsets ?? {};
    expect(text.slice(start - 1000, end - 1000)).toBe(citation?.quote);
    // Nobody said that they decide alone.
    expect(await store.qualification.load('c-1')).toEqual({
      budget: { value: 'EUR 5000', quote: 'our budget is 5,000 euros', runId: run.runId },
    });
    expect((await store.conversations.load('c-1', 'sales')).turns.map((turn) => turn.role)).toEqual([
      'contact',
      'agent',
    ]);
  });

  it.each([
    ['cites nothing', []],
    ['cites what is not there', [{ passageId: 'p1', quote: 'delivered within two days' }]],
    ['cites a passage that was not found', [{ passageId: 'p9', quote: text }]],
  ])('says that it does not know when it %s, also after a second try', async (_what, citations) => {
    const { harness, store } = await harnessOf(({ number }) =>
      number === 1 ? search : submit({ answer: 'Within two days!', known: true, citations }),
    );
    const unanswered: string[] = [];
    const ports = portsOf({ onUnanswered: async (asked) => void unanswered.push(asked) });
    const run = await new Agent(salesAgent({ ports, store }), harness.deps()).run(question, { user: USER });
    expect(run).toMatchObject({ result: { known: false, citations: [], nextStep: 'hand_over' } });
    expect(JSON.stringify(run)).not.toContain('two days');
    expect(harness.requests).toHaveLength(3);
    expect(unanswered).toEqual([question.data[0]?.text]);
  });

  it('proposes free times, books one after an approval, and makes an invitation', async () => {
    const booked: Meeting[] = [];
    const busy: BusyTime[] = [{ start: '2026-03-02T09:00:00Z', end: '2026-03-02T12:00:00Z' }];
    let first = '';
    const { harness, store } = await harnessOf(({ number, last }) => {
      if (number === 1) return { toolCalls: [{ name: 'propose_meeting_times', input: { withinDays: 3 } }] };
      if (number === 2) {
        first = /"start":"([^"]+)"/.exec(last)?.[1] ?? '';
        const input = { start: first, title: 'Chairs, talk; and more', attendeeEmail: 'zoe@example.com' };
        return { toolCalls: [{ name: 'book_meeting', input }] };
      }
      return submit({ answer: 'Booked.', known: false, nextStep: 'meeting' });
    });
    const ports = portsOf({
      calendar: { freeBusy: async () => busy, book: async (meeting) => (booked.push(meeting), { id: 'm1' }) },
    });
    const settings = {
      organizer: { name: 'Anna', email: 'anna@example.com' },
      now: () => new Date('2026-03-01T10:00:00Z'), // a Sunday
    };
    const agent = new Agent(salesAgent({ ports, store, settings }), harness.deps());
    const run = await agent.run(question, { user: USER });
    if (run.status !== 'needs_approval') throw new Error(run.status);
    expect(first).toBe('2026-03-02T12:00:00.000Z');
    expect(booked).toEqual([]);
    const done = await agent.resume(
      run.runId,
      run.calls.map(({ callId }) => ({ callId, action: 'approve', by: 'anna' })),
      { user: USER },
    );
    if (done.status !== 'completed') throw new Error(done.status);
    expect(booked).toHaveLength(1);
    const { default: ICAL } = await import('ical.js');
    const invite = new ICAL.Component(ICAL.parse(done.result.meeting?.invite ?? '') as unknown[]);
    const event = new ICAL.Event(invite.getFirstSubcomponent('vevent') ?? undefined);
    expect(invite.getFirstPropertyValue('method')).toBe('REQUEST');
    expect(event.uid).toBe(booked[0]?.uid);
    expect(event.summary).toBe('Chairs, talk; and more');
    expect(event.startDate.toJSDate().toISOString()).toBe(first);
    expect(event.attendees[0]?.getFirstValue()).toBe('mailto:zoe@example.com');
  });

  it('does not book a time that was never proposed', async () => {
    const booked: Meeting[] = [];
    const { harness, store } = await harnessOf(({ number }) =>
      number === 1
        ? {
            toolCalls: [
              {
                name: 'book_meeting',
                input: { start: '2026-03-02T03:00:00Z', title: 'x', attendeeEmail: 'z@example.com' },
              },
            ],
          }
        : submit({ answer: 'No.', known: false }),
    );
    const ports = portsOf({
      calendar: { freeBusy: async () => [], book: async (meeting) => (booked.push(meeting), { id: 'm' }) },
    });
    const agent = new Agent(salesAgent({ ports, store }), harness.deps({ approval: { write: 'auto' } }));
    await agent.run(question, { user: USER });
    expect(booked).toEqual([]);
    expect(harness.requests[1]?.last).toContain('BIZ_AGENTS_SLOT_UNKNOWN');
  });

  it('changes only the fields of a contact that may be changed', async () => {
    const changes: unknown[] = [];
    const { harness, store } = await harnessOf(({ number }) => {
      if (number === 1)
        return { toolCalls: [{ name: 'update_contact', input: { fields: { creditLimit: '1000000' } } }] };
      if (number === 2)
        return { toolCalls: [{ name: 'update_contact', input: { fields: { company: 'Acme' } } }] };
      return submit({ answer: 'Noted.', known: false });
    });
    const crm = {
      getContact: async () => ({}),
      updateContact: async (id: string, fields: Record<string, string>) => void changes.push([id, fields]),
    };
    const agent = new Agent(
      salesAgent({ ports: portsOf({ crm }), store }),
      harness.deps({ approval: { write: 'auto' } }),
    );
    await agent.run(question, { user: USER, contactId: 'c-2' });
    expect(changes).toEqual([['c-2', { company: 'Acme' }]]);
  });
});

describe('content', () => {
  const ports: ContentPorts = { published: async () => [] };
  const long = (words: string) =>
    `## Start\n\n${words}\n\n## More\n\n${words.split(' ').reverse().join(' ')}`;
  const variant = (title: string, words: string) => ({
    title,
    metaDescription: `About ${title}`,
    body: long(words),
  });

  it('asks once more when variants are too alike, then takes what differs', async () => {
    const same = variant(
      'Chairs for offices',
      'An office needs chairs that carry people all day long and look good',
    );
    const other = variant(
      'Why backs hurt at five',
      'Most pain comes from sitting still so move often and change your posture',
    );
    const { harness } = await harnessOf(({ number }) =>
      submit({
        variants: number === 1 ? [same, { ...same, title: 'Chairs for the offices' }] : [same, other],
      }),
    );
    const agent = new Agent(
      contentAgent({ ports, settings: { variants: 2, keywords: ['chairs'] } }),
      harness.deps(),
    );
    const run = await agent.run({ task: 'Write about chairs.' }, { user: USER });
    if (run.status !== 'completed') throw new Error(run.status);
    expect(harness.requests[1]?.last).toContain('too alike');
    expect(run.result.pairs.map((pair) => pair.differs)).toEqual([true]);
    expect(run.result.variants[0]?.seo.keywords[0]).toMatchObject({ keyword: 'chairs', inTitle: true });
  });

  it('suggests topics from what is asked and what did well, with what exists in mind', async () => {
    const { harness } = await harnessOf(({ number }) =>
      number === 1
        ? { toolCalls: [{ name: 'topic_candidates' }] }
        : submit({ variants: [variant('T', 'a b c')] }),
    );
    const asked: ContentPorts = {
      published: async (query) =>
        query.includes('desks') ? [{ id: '1', title: 'Desks we sell', url: 'u', text: 't' }] : [],
      performance: async () => [{ topic: 'Backs', views: 900, conversions: 9 }],
      questions: async () => [
        { text: 'Which desks do you sell?', count: 9 },
        { text: 'Is there a warranty?', count: 8 },
      ],
    };
    const run = await new Agent(contentAgent({ ports: asked }), harness.deps()).run(
      { task: 'Topics?' },
      { user: USER },
    );
    expect(run.status).toBe('completed');
    const answer = harness.requests[1]?.last ?? '';
    expect(answer.indexOf('Is there a warranty?')).toBeGreaterThan(0);
    expect(answer.indexOf('Is there a warranty?')).toBeLessThan(answer.indexOf('Which desks'));
    expect(answer).toContain('renew it');
    expect(answer).toContain('Backs');
  });

  it('holds the voice of the brand, and says what is still against it', async () => {
    const bad = variant('Cheap chairs', 'We leverage synergies');
    const { harness } = await harnessOf(() => submit({ variants: [bad] }));
    const voice = {
      name: 'Acme',
      tone: 'plain',
      forbidden: ['cheap', 'synergies'],
      preferred: { leverage: 'use' },
    };
    const run = await new Agent(contentAgent({ ports, settings: { voice } }), harness.deps()).run(
      { task: 'Write.' },
      { user: USER },
    );
    if (run.status !== 'completed') throw new Error(run.status);
    expect(harness.requests).toHaveLength(2);
    expect(harness.requests[0]?.system).toContain('"tone": "plain"');
    expect(run.result.variants[0]?.voiceProblems).toHaveLength(3);
  });
});

describe('finance', () => {
  const invoice = {
    id: '7',
    number: 'INV-2026-7',
    customer: 'Acme',
    issued: '2026-02-01',
    due: '2026-03-01',
    currency: 'EUR',
    total: '1234.50',
    paid: '1234.50',
    refunded: '0.00',
    paidAt: '2026-02-20',
    status: 'paid',
  };
  const refunds: unknown[] = [];
  const ports: FinancePorts = {
    invoices: {
      get: async (reference) => (reference === invoice.number ? invoice : undefined),
      find: async () => [],
    },
    refunds: { request: async (refund) => (refunds.push(refund), { id: 'r1' }) },
    reports: {
      list: async () => [{ name: 'revenue', description: 'by month', parameters: [] }],
      run: async () => ({
        currency: 'EUR',
        columns: [
          { name: 'month', kind: 'text' },
          { name: 'net', kind: 'money' },
        ],
        rows: [{ month: '2026-01', net: '9007199254740993.10' }],
      }),
    },
  };
  const now = () => new Date('2026-03-01T00:00:00Z');
  const agentOf = (harness: Harness, approval = {}) =>
    new Agent(financeAgent({ ports, now, policy: { withinDays: 14 } }), harness.deps({ approval }));

  it('writes a report whose figures come from SQL alone', async () => {
    const { harness } = await harnessOf(({ number }) => {
      if (number === 1) return { toolCalls: [{ name: 'run_report', input: { name: 'revenue' } }] };
      return submit({
        text:
          number === 2
            ? 'Revenue was about 9 million.'
            : 'In {{report_1.row_1.month}} revenue was {{report_1.row_1.net}}.',
      });
    });
    const run = await agentOf(harness).run({ task: 'Report.' }, { user: USER });
    expect(harness.requests[2]?.last).toContain('"9" is a number');
    expect(run).toMatchObject({ result: { text: 'In 2026-01 revenue was 9,007,199,254,740,993.10 EUR.' } });
  });

  it('fails rather than let a figure of the model through', async () => {
    const { harness } = await harnessOf(() => submit({ text: 'The invoice is twelve thousand euros.' }));
    await expect(agentOf(harness).run({ task: 'How much?' }, { user: USER })).rejects.toMatchObject({
      code: 'BIZ_AGENTS_OUTPUT_INVALID',
    });
  });

  it('refunds only what the policy allows, whatever the model and the approver say', async () => {
    refunds.length = 0;
    const ask = (amount: string) => ({
      toolCalls: [{ name: 'request_refund', input: { reference: invoice.number, amount, reason: 'broken' } }],
    });
    const { harness } = await harnessOf(({ number }) => {
      if (number === 1) return ask('1234.51');
      if (number === 2) return ask('100.00');
      return submit({ text: 'It was asked for.' });
    });
    const agent = agentOf(harness, { destructive: 'auto' });
    const run = await agent.run({ task: 'Refund.' }, { user: USER });
    expect(refunds).toEqual([{ invoiceId: '7', amount: '100.00', currency: 'EUR', reason: 'broken' }]);
    expect(harness.requests[1]?.last).toContain('too_much');
    expect(run).toMatchObject({ result: { refunds: [{ id: 'r1', amount: '100.00' }] } });
  });
});

describe('operations', () => {
  const restarted: string[] = [];
  const ports: OperationsPorts = {
    health: async () => [{ service: 'worker-a', state: 'down' }],
    metrics: ['lag'],
    series: async () =>
      Array.from({ length: 24 }, (_, hour) => ({ at: hour * 3_600_000, value: 100 * hour + (hour % 2) })),
    runbooks: { workers: { targets: ['worker-a'], restart: async (name) => void restarted.push(name) } },
  };

  it('looks, forecasts by code, and repairs after an approval', async () => {
    const { harness } = await harnessOf(({ number }) => {
      if (number === 1) {
        return {
          toolCalls: [
            { name: 'service_health' },
            { name: 'forecast_bottleneck', input: { metric: 'lag', threshold: 3000 } },
            { name: 'restart_worker', input: { worker: 'worker-a', reason: 'it is down' } },
          ],
        };
      }
      return submit({
        summary: 'worker-a was down.',
        findings: [
          { what: 'down', source: number === 2 ? 'crystal_ball' : 'service_health', severity: 'critical' },
        ],
      });
    });
    const agent = new Agent(operationsAgent({ ports }), harness.deps());
    const run = await agent.run({ task: 'What is wrong?' }, { user: USER });
    if (run.status !== 'needs_approval') throw new Error(run.status);
    expect(restarted).toEqual([]);
    expect(run.calls).toMatchObject([{ tool: 'restart_worker', summary: 'Restart worker-a: it is down' }]);
    const decisions = run.calls.map(({ callId }) => ({ callId, action: 'approve' as const, by: 'omar' }));
    const done = await agent.resume(run.runId, decisions, { user: USER });
    if (done.status !== 'completed') throw new Error(done.status);
    expect(restarted).toEqual(['worker-a']);
    expect(harness.requests[2]?.last).toContain('crystal_ball');
    expect(done.result.runbooks).toEqual([{ runbook: 'restart_worker', target: 'worker-a' }]);
    expect(done.result.forecasts[0]).toMatchObject({ metric: 'lag', threshold: 3000 });
  });

  it('cannot name a target that is not on the list', async () => {
    const { harness } = await harnessOf(({ number }) =>
      number === 1
        ? { toolCalls: [{ name: 'restart_worker', input: { worker: 'postgres', reason: 'x' } }] }
        : submit({ summary: 'Nothing to do.' }),
    );
    restarted.length = 0;
    const agent = new Agent(operationsAgent({ ports }), harness.deps({ approval: { write: 'auto' } }));
    await agent.run({ task: 'Restart it.' }, { user: USER });
    expect(restarted).toEqual([]);
  });
});
