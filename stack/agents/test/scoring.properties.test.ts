import { type LeadCaptured, leadCapturedSchema, leadScoredSchema } from '@bizstack/contracts';
import fc from 'fast-check';
import { type Neighbour, scoreLead, SIMILARITY_CAP } from '../src';
import { EVENT_ID, lead, SCORED_AT } from './fixtures';

const words = [
  'price',
  'buy',
  'demo',
  'urgent',
  'unsubscribe',
  'CEO',
  'manager',
  'student',
  '报价',
  '采购',
  '求职',
];
const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.array(fc.constantFrom(...words)).map((all) => all.join(' ')),
);
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });

const attributes = fc.record(
  {
    'Total Time Spent on Website': fc.oneof(fc.integer({ min: 0, max: 5000 }), text),
    TotalVisits: fc.oneof(fc.integer({ min: 0, max: 100 }), fc.double()),
    'Last Activity': fc.constantFrom('SMS Sent', 'Email Bounced', 'Email Opened', 'else'),
    'Do Not Email': fc.oneof(fc.constantFrom('Yes', 'No'), fc.boolean()),
    'What is your current occupation': fc.constantFrom('Working Professional', 'Student', 'Unemployed'),
    'Lead Origin': fc.constantFrom('Lead Add Form', 'API'),
  },
  { requiredKeys: [] },
);

const leads: fc.Arbitrary<LeadCaptured> = fc
  .record({
    email: maybe(
      fc.constantFrom('a@acme.io', 'a@gmail.com', 'a@mailinator.com', 'a@example.com', 'a@b.c.d.co.uk'),
    ),
    phone: maybe(fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 40 })),
    company: maybe(text),
    jobTitle: maybe(text),
    source: fc.oneof(fc.constantFrom('web-form', 'Reference', 'Cold list'), text),
    message: maybe(text),
    attributes,
  })
  .map(lead);

const neighbours: fc.Arbitrary<Neighbour[]> = fc.array(
  fc.record({
    similarity: fc.double({ min: -1, max: 1, noNaN: true }),
    outcome: fc.constantFrom('won', 'lost'),
  }),
  { maxLength: 30 },
);

const score = (captured: LeadCaptured, near: Neighbour[] = []) =>
  scoreLead(captured, { capturedEventId: EVENT_ID, scoredAt: SCORED_AT, neighbours: near });

test('a score is valid, in range, and the clamped sum of its reasons', () => {
  fc.assert(
    fc.property(leads, neighbours, (captured, near) => {
      const scored = score(captured, near);
      const sum = scored.reasons.reduce((total, reason) => total + reason.contribution, 0);
      expect(leadScoredSchema.safeParse(scored).success).toBe(true);
      expect(scored.score).toBeCloseTo(Math.max(0, Math.min(100, sum)), 6);
    }),
  );
});

test('the same input gives the same score', () => {
  fc.assert(
    fc.property(leads, neighbours, (captured, near) => {
      expect(score(structuredClone(captured), structuredClone(near))).toEqual(score(captured, near));
    }),
  );
});

test('a phone number or a company never lowers a score', () => {
  fc.assert(
    fc.property(leads, (captured) => {
      const without = score({ ...captured, phone: null, company: null }).score;
      expect(score({ ...captured, phone: '+49 30 1', company: null }).score).toBeGreaterThanOrEqual(without);
      expect(score({ ...captured, phone: null, company: 'Acme' }).score).toBeGreaterThanOrEqual(without);
    }),
  );
});

test('more time on the site and more visits never lower a score', () => {
  const count = fc.nat({ max: 5000 });
  fc.assert(
    fc.property(
      leads,
      count,
      count,
      fc.constantFrom('Total Time Spent on Website', 'TotalVisits'),
      (captured, a, b, name) => {
        const at = (value: number) =>
          score({ ...captured, attributes: { ...captured.attributes, [name]: value } }).score;
        expect(at(Math.max(a, b))).toBeGreaterThanOrEqual(at(Math.min(a, b)));
      },
    ),
  );
});

test('a won instead of a lost neighbour never lowers a score; the cap holds', () => {
  fc.assert(
    fc.property(leads, neighbours, fc.nat(), (captured, near, pick) => {
      const index = near.length === 0 ? -1 : pick % near.length;
      const better = near.map((each, at) => (at === index ? { ...each, outcome: 'won' as const } : each));
      const worse = near.map((each, at) => (at === index ? { ...each, outcome: 'lost' as const } : each));
      expect(score(captured, better).score).toBeGreaterThanOrEqual(score(captured, worse).score);
      expect(Math.abs(score(captured, near).score - score(captured).score)).toBeLessThanOrEqual(
        SIMILARITY_CAP + 0.01,
      );
    }),
  );
});

test('the leads generated here are leads that the contract accepts', () => {
  const [sample] = fc.sample(
    leads.filter((captured) => captured.attributes['TotalVisits'] === undefined),
    1,
  );
  expect(leadCapturedSchema.safeParse(sample).error).toBeUndefined();
});
