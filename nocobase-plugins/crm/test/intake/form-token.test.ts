import { checkFormToken, issueFormToken } from '../../src/server/intake/form-token';
import { RateLimit } from '../../src/server/intake/rate-limit';

const issued = 1_800_000_000_000;
const token = issueFormToken('secret', 'contact', issued);

test.each([
  ['a minute later', 'secret', 'contact', token, 60_000, undefined],
  ['at once, as a program would', 'secret', 'contact', token, 10, 'early'],
  ['a day later', 'secret', 'contact', token, 86_400_000, 'expired'],
  ['for another form', 'secret', 'jobs', token, 60_000, 'wrong'],
  ['with another secret', 'other', 'contact', token, 60_000, 'wrong'],
  ['with another time', 'secret', 'contact', token.replace(/^./, '2'), 60_000, 'wrong'],
  ['absent', 'secret', 'contact', undefined, 60_000, 'malformed'],
])('a token %s', (_name, secret, form, value, age, problem) => {
  expect(checkFormToken(secret, form, value, issued + age)).toBe(problem);
});

test('the limit holds for a key and window, and memory is bounded', () => {
  const limit = new RateLimit(2, 60_000, 3);
  expect([limit.take('a', 60_000), limit.take('a', 61_000), limit.take('a', 62_000)]).toEqual([0, 0, 58]);
  expect([limit.take('b', 62_000), limit.take('c', 62_000), limit.take('d', 62_000)]).toEqual([0, 0, 58]);
  expect([limit.take('a', 120_000), limit.take('d', 120_000)]).toEqual([0, 0]);
});
