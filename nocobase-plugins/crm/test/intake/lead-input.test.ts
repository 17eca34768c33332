import fc from 'fast-check';
import { readLeadInput } from '../../src/server/intake/lead-input';

const accepted = (input: unknown) => {
  const result = readLeadInput(input);
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  return result.lead;
};
const refused = (input: unknown, locale: 'en' | 'zh' = 'en') => {
  const result = readLeadInput(input, { locale });
  return result.ok ? {} : result.errors;
};

test('trims, lowers the e-mail and writes the phone as E.164', () => {
  expect(
    accepted({ name: '  Ada   Lovelace ', email: ' Ada@Example.COM ', phone: '+44 (0)20 7946 0018' }),
  ).toMatchObject({
    name: 'Ada Lovelace',
    email: 'ada@example.com',
    phone: '+442079460018',
  });
});

test('first and last name make the name when there is none', () => {
  expect(accepted({ firstName: 'Ada', lastName: 'Lovelace', phone: '+14155552671' }).name).toBe(
    'Ada Lovelace',
  );
});

test.each([
  ['neither e-mail nor phone', { name: 'Ada' }, 'form', /e-mail address or a phone/],
  ['blank e-mail', { email: '   ' }, 'form', /e-mail address or a phone/],
  ['wrong e-mail', { email: 'ada@' }, 'email', /not an e-mail/],
  ['wrong phone', { phone: 'call me' }, 'phone', /country code/],
  ['1 MB note', { email: 'a@b.example', message: 'x'.repeat(1_000_000) }, 'message', /at most 20000/],
  ['unknown field', { email: 'a@b.example', isAdmin: true }, 'isAdmin', /no such field/],
  ['number for a name', { email: 'a@b.example', name: 7 }, 'name', /must be text/],
  [
    'nested attribute',
    { email: 'a@b.example', attributes: { a: { b: 1 } } },
    'attributes.a',
    /An attribute must be/,
  ],
  ['no object', 'lead', 'form', /JSON object/],
])('%s is refused at its field', (_name, input, field, message) => {
  expect(refused(input)[field]).toMatch(message);
});

test('the sender is told in Chinese', () => {
  expect(refused({ name: '李雷' }, 'zh')['form']).toBe('请填写电子邮箱或电话。');
});

test('markup and SQL are data and stay as they are', () => {
  const hostile = `<script>alert('x')</script>'; drop table "crmLeads"; --`;
  expect(accepted({ email: 'a@b.example', name: hostile, message: hostile })).toMatchObject({
    name: hostile,
    message: hostile,
  });
});

test('any input is accepted or refused by field, and what is accepted is accepted unchanged again', () => {
  const text = fc.option(fc.string({ unit: 'binary', maxLength: 60 }), { nil: undefined });
  const input = fc.record(
    {
      name: text,
      email: fc.oneof(fc.emailAddress(), text),
      phone: fc.oneof(fc.constantFrom('+49 40 123456', '(020) 7946-0018', '12'), text),
      message: text,
      company: text,
      attributes: fc.dictionary(
        fc.string({ minLength: 1, maxLength: 10 }),
        fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null)),
      ),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.oneof(input, fc.jsonValue()), (value) => {
      const first = readLeadInput(value);
      if (!first.ok) return expect(Object.keys(first.errors).length).toBeGreaterThan(0);
      expect(JSON.stringify(first.lead)).not.toContain('\\u0000');
      expect(readLeadInput(first.lead)).toEqual(first);
    }),
    { numRuns: 500 },
  );
});
