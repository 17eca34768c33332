import fc from 'fast-check';
import {
  createEvent,
  EVENT_TOPICS,
  isBizError,
  isUuid,
  parseEvent,
  type BizEvent,
  type LeadCaptured,
} from '../src';

const lead: LeadCaptured = {
  leadId: '7',
  name: 'Ada',
  email: 'ada@example.com',
  phone: null,
  company: 'Engines Ltd',
  jobTitle: null,
  country: 'UK',
  city: null,
  source: 'web-form',
  message: 'Please call',
  attributes: { TotalVisits: 3, seen: true, none: null },
  capturedAt: '2026-01-02T03:04:05.000Z',
};

const event = () =>
  createEvent({ type: 'crm.lead.captured', source: '/bizstack/crm', subject: 'lead/7', data: { ...lead } });

const refusal = (input: unknown): string => {
  try {
    parseEvent(input);
  } catch (error) {
    if (isBizError(error, 'BIZ_EVENT_INVALID')) return error.message;
    throw error;
  }
  throw new Error('The event was accepted.');
};

test('an event survives JSON unchanged', () => {
  const made = event();
  expect(isUuid(made.id)).toBe(true);
  expect(parseEvent(JSON.stringify(made))).toEqual(made);
  expect(parseEvent(Buffer.from(JSON.stringify(made)))).toEqual(made);
});

test('ids sort by the time they were made', () => {
  const ids = Array.from({ length: 200 }, () => event().id);
  expect([...ids].sort()).toEqual(ids);
  expect(new Set(ids).size).toBe(ids.length);
});

test.each([
  ['no JSON', '{', /not JSON/],
  ['unknown type', { type: 'crm.lead.lost' }, /Unknown event type "crm.lead.lost"/],
  ['id that is no UUID', { id: '42' }, /id/],
  ['missing subject', { subject: undefined }, /subject/],
  ['unknown field in the data', { data: { ...lead, admin: true } }, /admin/],
  ['wrong e-mail', { data: { ...lead, email: 'no' } }, /email/],
  ['message too long', { data: { ...lead, message: 'x'.repeat(20_001) } }, /message/],
])('%s is refused by name', (_name, change, message) => {
  const input = typeof change === 'string' ? change : { ...event(), ...change };
  expect(refusal(input)).toMatch(message);
});

test('any JSON is either a valid event or refused with the one code', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(refusal(value)).not.toBe('');
    }),
  );
});

test('any text in a lead survives the way', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (message) => {
      const made: BizEvent = createEvent({
        type: 'crm.lead.captured',
        source: '/bizstack/crm',
        subject: 'lead/7',
        data: { ...lead, message: message.trim() },
      });
      expect(parseEvent(JSON.stringify(made)).data.message).toBe(message.trim());
    }),
  );
});

test('every topic is one of the bizstack topics', () => {
  for (const topic of Object.values(EVENT_TOPICS)) expect(topic).toMatch(/^bizstack\.[a-z]+$/);
});
