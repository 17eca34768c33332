import { LEAD_MESSAGE_MAX, isBizError } from '@bizstack/contracts';
import fc from 'fast-check';
import { fieldsOf } from '../../src/server/services/errors';
import { parseLead } from '../../src/server/services/lead-input';

test.each([
  ['+49 (30) 123456', undefined, '+4930123456'],
  ['030 123456', 'Germany', '+4930123456'],
  ['030 123456', 'de', '+4930123456'],
  ['(415) 555-0132', 'United States', '+14155550132'],
  ['12345 67', undefined, '12345 67'],
])('phone %s in %s becomes %s', (phone, country, expected) => {
  expect(parseLead({ phone, country }).phone).toBe(expected);
});

test('blank fields are null, and the name is made of its parts', () => {
  const lead = parseLead({
    email: ' A@B.Example ',
    firstName: 'Ada',
    lastName: 'L',
    company: '  ',
    message: '',
  });
  expect(lead).toMatchObject({
    email: 'a@b.example',
    name: 'Ada L',
    company: null,
    message: null,
    attributes: {},
    consent: false,
  });
});

test.each([
  ['NUL', 'a\u0000b', 'ab'],
  ['line breaks in one line', 'a\r\nb', 'a b'],
])('%s in a name', (_what, name, expected) => {
  expect(parseLead({ email: 'a@example.com', name }).name).toBe(expected);
});

test('a message keeps its line breaks and its markup', () => {
  const message = 'one\r\n<b>two</b>\n\n\u0007three';
  expect(parseLead({ email: 'a@example.com', message }).message).toBe('one\n<b>two</b>\n\nthree');
});

test('a message of exactly the limit is taken', () => {
  expect(parseLead({ email: 'a@example.com', message: 'x'.repeat(LEAD_MESSAGE_MAX) }).message).toHaveLength(
    LEAD_MESSAGE_MAX,
  );
});

test('parsing what was parsed changes nothing', () => {
  const line = fc.string({ maxLength: 80 });
  fc.assert(
    fc.property(
      fc.record({ name: line, company: line, city: line, message: fc.string({ maxLength: 300 }) }),
      (values) => {
        const { matchKey: _, ...once } = parseLead({ ...values, email: 'a@example.com' });
        const { matchKey: __, ...twice } = parseLead(once);
        expect(twice).toEqual(once);
      },
    ),
  );
});

test('anything else is either taken or refused with named fields, never a crash', () => {
  fc.assert(
    fc.property(fc.anything(), (values) => {
      try {
        const lead = parseLead(values);
        expect(lead.email ?? lead.phone).not.toBeNull();
      } catch (error) {
        if (!isBizError(error, 'BIZ_CRM_LEAD_INVALID')) throw error;
        expect(fieldsOf(error).length).toBeGreaterThan(0);
      }
    }),
  );
});
