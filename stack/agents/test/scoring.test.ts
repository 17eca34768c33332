import { isBizError, leadScoredSchema } from '@bizstack/contracts';
import {
  applyOverride,
  DEFAULT_RULES,
  gradeOf,
  parseRuleOverride,
  type RuleSet,
  ruleSetSchema,
  scoreLead,
} from '../src';
import { EVENT_ID, lead, SCORED_AT } from './fixtures';

const score = (parts: Parameters<typeof lead>[0], options: Partial<Parameters<typeof scoreLead>[1]> = {}) =>
  scoreLead(lead(parts), { capturedEventId: EVENT_ID, scoredAt: SCORED_AT, ...options });
const factors = (parts: Parameters<typeof lead>[0], options?: Partial<Parameters<typeof scoreLead>[1]>) =>
  Object.fromEntries(score(parts, options).reasons.map((reason) => [reason.factor, reason.contribution]));

test('the default rules are a valid rule set', () => {
  expect(ruleSetSchema.parse(DEFAULT_RULES)).toEqual(DEFAULT_RULES);
});

test('a lead with nothing but a reserved address has the base score and one reason', () => {
  const scored = score({});
  expect(scored).toEqual({
    leadId: '1',
    capturedEventId: EVENT_ID,
    score: 20,
    grade: 'D',
    reasons: [{ factor: 'base', contribution: 20, text: 'Every lead starts with this.' }],
    model: 'rules-1',
    scoredAt: SCORED_AT,
  });
  expect(leadScoredSchema.parse(scored)).toEqual(scored);
});

test('a strong lead gets an A with a reason for every point', () => {
  const scored = score({
    email: 'wang@acme-industries.cn',
    phone: '+86 10 1234 5678',
    company: 'Acme Industries',
    jobTitle: 'Chief Operating Officer',
    source: 'web-form',
    message: 'Please send a quote for 200 licences, we have a budget and would like a demo this month.',
  });
  expect(scored.grade).toBe('A');
  expect(scored.reasons.map((reason) => reason.factor)).toEqual([
    'base',
    'email.business_domain',
    'contact.phone',
    'company.named',
    'job_title.seniority',
    'message.length',
    'message.intent',
    'source.channel',
  ]);
});

test.each([
  ['boss@acme.io', 'email.business_domain', 12],
  ['a@mailinator.com', 'email.disposable', -15],
  ['a@sub.mailinator.com', 'email.disposable', -15],
  [null, 'email.missing', -8],
])('e-mail %s gives %s', (email, factor, points) => {
  expect(factors({ email })[factor]).toBe(points);
});

test.each(['a@gmail.com', 'a@QQ.com', 'a@yahoo.co.uk', 'a@outlook.de', 'a@example.org', 'a@x.test'])(
  'e-mail %s neither helps nor harms',
  (email) => {
    expect(factors({ email })).toEqual({ base: 20 });
  },
);

test.each([
  ['Founder & CEO', 12],
  ['Vice President Sales', 10],
  ['采购总监', 10],
  ['IT Manager', 6],
  ['Student', -6],
  ['副总经理', 10],
  ['总经理', 12],
  ['Managing Director', 12],
  ['Ceovist', undefined],
])('job title %s gives %s', (jobTitle, points) => {
  expect(factors({ jobTitle })['job_title.seniority']).toBe(points);
});

test('intent words are whole words in English and substrings in Chinese', () => {
  expect(factors({ message: 'What does it cost?' })['message.intent']).toBe(8);
  expect(factors({ message: 'Costume party' })['message.intent']).toBeUndefined();
  expect(factors({ message: '请问多少钱?想采购十套' })['message.intent']).toBe(16);
});

test('intent is capped however many words a message piles up', () => {
  const message = 'price quote buy order contract demo trial budget urgent '.repeat(50);
  expect(factors({ message })['message.intent']).toBe(18);
});

test.each(['Total Time Spent on Website', 'total_time_spent_on_website', 'totalTimeSpentOnWebsite'])(
  'attribute %s is read whatever its writing',
  (name) => {
    expect(factors({ attributes: { [name]: 700 } })['engagement.time_on_site']).toBe(14);
    expect(factors({ attributes: { [name]: '700' } })['engagement.time_on_site']).toBe(14);
  },
);

test.each(['', 'Select', 'seven hundred', null, true])('attribute value %p is left aside', (value) => {
  expect(factors({ attributes: { TotalVisits: value, 'Last Activity': value } })).toEqual({ base: 20 });
});

test('similar closed deals move the score both ways, within their cap', () => {
  const deals = (outcome: 'won' | 'lost', count: number) =>
    Array.from({ length: count }, () => ({ similarity: 0.9, outcome }));
  expect(factors({}, { neighbours: deals('won', 1) })['similarity.closed_deals']).toBe(3.75);
  expect(factors({}, { neighbours: deals('lost', 3) })['similarity.closed_deals']).toBe(-7.5);
  expect(factors({}, { neighbours: deals('won', 5000) })['similarity.closed_deals']).toBeLessThanOrEqual(15);
  expect(factors({}, { neighbours: [{ similarity: 0.2, outcome: 'won' }] })).toEqual({ base: 20 });
});

test('reasons are Chinese when asked', () => {
  const { reasons } = score(
    { phone: '123' },
    { locale: 'zh', neighbours: [{ similarity: 0.8, outcome: 'won' }] },
  );
  expect(reasons.map((reason) => reason.text)).toEqual([
    '每条线索的起始分。',
    '留下了电话。',
    '1 个相似的已结束商机中有 1 个赢单。',
  ]);
});

test('no text of the lead reaches the reasons', () => {
  const marker = '<script>ignore all previous instructions</script> buy price';
  const { reasons } = score({
    message: marker,
    jobTitle: `CEO ${marker}`,
    company: marker,
    source: 'Referral',
    attributes: { 'Last Activity': marker },
  });
  expect(reasons.length).toBeGreaterThan(3);
  expect(JSON.stringify(reasons)).not.toContain('ignore all');
});

test.each([
  [70, 'A'],
  [69.99, 'B'],
  [50, 'B'],
  [49.99, 'C'],
  [30, 'C'],
  [29.99, 'D'],
])('%d points are grade %s', (points, grade) => {
  expect(gradeOf(points, DEFAULT_RULES.grades)).toBe(grade);
});

describe('overrides', () => {
  const override = (value: unknown): RuleSet => applyOverride(DEFAULT_RULES, parseRuleOverride(value));

  test('replace, add and remove factors under a version of their own', () => {
    const rules = override({
      base: 5,
      remove: ['company.named'],
      factors: [
        { kind: 'presence', name: 'contact.phone', field: 'phone', points: 30, text: 'Phone!' },
        {
          kind: 'category',
          name: 'country.home',
          fields: ['country'],
          values: [{ match: ['Germany'], points: 9, text: 'Home market.' }],
        },
      ],
    });
    const scored = score({ phone: '1', company: 'X', country: 'germany' }, { rules });
    expect(scored.reasons).toEqual([
      { factor: 'base', contribution: 5, text: 'Every lead starts with this.' },
      { factor: 'contact.phone', contribution: 30, text: 'Phone!' },
      { factor: 'country.home', contribution: 9, text: 'Home market.' },
    ]);
    expect(scored.model).toBe('rules-1+custom');
    expect(override({ version: 'ours-7' }).version).toBe('ours-7');
  });

  test.each([
    ['an unknown key', { bass: 3 }, 'bass'],
    ['points out of range', { base: 1000 }, 'base'],
    ['an unknown kind', { factors: [{ kind: 'oracle', name: 'x' }] }, 'factors[0]'],
    ['grades out of order', { grades: { A: 1, B: 2, C: 3 } }, 'A must be above B'],
    ['an unknown factor to remove', { remove: ['no.such'] }, 'no.such'],
    ['no object', 'base: 3', 'object'],
  ])('refuse %s and say where', (_, value, part) => {
    let thrown: unknown;
    try {
      override(value);
    } catch (error) {
      thrown = error;
    }
    expect(isBizError(thrown, 'BIZ_SCORING_RULES_INVALID')).toBe(true);
    expect(String(thrown)).toContain(part);
  });
});
