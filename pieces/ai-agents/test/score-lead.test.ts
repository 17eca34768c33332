import { randomUUID } from 'node:crypto';
import { isBizError, leadScoredSchema } from '@bizstack/contracts';
import { runAction } from '@bizstack/piece-testkit';
import { aiAgents } from '../src';
import { scoreLeadAction } from '../src/lib/actions/score-lead';

const lead = {
  leadId: '42',
  name: 'Wang Wei',
  email: 'wang@acme-industries.cn',
  phone: '+86 10 1234 5678',
  company: 'Acme Industries',
  jobTitle: 'Purchasing Manager',
  country: 'China',
  city: 'Beijing',
  source: 'web-form',
  message: 'Please send a quote for 200 licences this month.',
  attributes: { TotalVisits: 9 },
  capturedAt: '2026-01-02T03:04:05.000Z',
};

const event = (parts: Record<string, unknown> = {}) => ({
  specversion: '1.0',
  id: randomUUID(),
  source: '/bizstack/crm',
  type: 'crm.lead.captured',
  subject: 'lead/42',
  time: '2026-01-02T03:04:05.000Z',
  datacontenttype: 'application/json',
  data: lead,
  ...parts,
});

async function score(props: Record<string, unknown> & { lead: Record<string, unknown> | string }) {
  const { output } = await runAction(scoreLeadAction, { props });
  return leadScoredSchema.parse(output);
}

async function failureOf(props: Parameters<typeof score>[0]) {
  try {
    await score(props);
  } catch (error) {
    if (isBizError(error)) return error;
    throw error;
  }
  throw new Error('It did not fail.');
}

test('the piece offers the action without a connection', () => {
  expect(Object.keys(aiAgents.actions())).toContain('score_lead');
  expect(aiAgents.getAction('score_lead')?.requireAuth).toBe(false);
});

test('scores an event, as an object and as text', async () => {
  const captured = event();
  const scored = await score({ lead: captured });
  expect(scored).toMatchObject({ leadId: '42', capturedEventId: captured.id, model: 'rules-1', grade: 'A' });
  const again = await score({ lead: JSON.stringify(captured) });
  expect({ ...again, scoredAt: scored.scoredAt }).toEqual(scored);
});

test('scores a lead alone under the given id, or under one that follows from its leadId', async () => {
  const eventId = randomUUID();
  expect((await score({ lead, eventId })).capturedEventId).toBe(eventId);
  const first = await score({ lead: { leadId: 7 } });
  const second = await score({ lead: { leadId: '7' } });
  expect(first).toMatchObject({ leadId: '7', score: 12, grade: 'D' });
  expect(second.capturedEventId).toBe(first.capturedEventId);
});

test('takes changed rules and similar deals, also as hits of a vector search', async () => {
  const scored = await score({
    lead: event(),
    rules: { version: 'ours-2', base: 1 },
    similarDeals: [
      { similarity: 0.9, outcome: 'won' },
      { id: 'b', score: 0.8, version: 3, payload: { outcome: 'won', company: 'B' } },
    ],
  });
  expect(scored.model).toBe('ours-2');
  expect(scored.reasons[0]).toMatchObject({ factor: 'base', contribution: 1 });
  expect(scored.reasons.at(-1)).toMatchObject({ factor: 'similarity.closed_deals', contribution: 6 });
});

test('gives Chinese reasons', async () => {
  const { reasons } = await score({ lead: event(), language: 'zh' });
  expect(reasons.map((reason) => reason.text)).toContain('留下了电话。');
});

test('takes empty text for optional JSON', async () => {
  expect((await score({ lead, rules: '', similarDeals: '' })).model).toBe('rules-1');
});

test.each([
  [
    'another event',
    { lead: event({ type: 'crm.lead.scored' }) },
    'BIZ_SCORING_EVENT_TYPE',
    'crm.lead.scored',
  ],
  ['an event without id', { lead: event({ id: 'x' }) }, 'BIZ_INPUT_INVALID', 'id'],
  ['an empty lead', { lead: {} }, 'BIZ_INPUT_INVALID', 'leadId'],
  ['an unknown field', { lead: { ...lead, shoeSize: 44 } }, 'BIZ_INPUT_INVALID', 'shoeSize'],
  ['a wrong e-mail', { lead: { ...lead, email: 'nobody' } }, 'BIZ_INPUT_INVALID', 'email'],
  ['a 1 MB message', { lead: { ...lead, message: 'x'.repeat(1_000_000) } }, 'BIZ_INPUT_INVALID', 'message'],
  ['an id that is no UUID', { lead, eventId: '12' }, 'BIZ_INPUT_INVALID', 'Event ID'],
  ['wrong rules', { lead, rules: { base: 'many' } }, 'BIZ_SCORING_RULES_INVALID', 'base'],
  [
    'wrong deals',
    { lead, similarDeals: [{ similarity: 3, outcome: 'won' }] },
    'BIZ_INPUT_INVALID',
    'Similar',
  ],
])('refuses %s', async (_, props, code, part) => {
  const error = await failureOf(props);
  expect(error.code).toBe(code);
  expect(error.message).toContain(part);
});

test('HTML and SQL in every field score as text and appear nowhere in the output', async () => {
  const evil = `<img src=x onerror=alert(1)>'; DROP TABLE leads; --`;
  const scored = await score({
    lead: {
      leadId: '9',
      name: evil,
      phone: evil.slice(0, 40),
      company: evil,
      jobTitle: evil,
      country: evil,
      city: evil,
      source: evil,
      message: evil,
      attributes: { [evil]: evil },
    },
  });
  expect(JSON.stringify(scored)).not.toMatch(/DROP TABLE|onerror/);
});
