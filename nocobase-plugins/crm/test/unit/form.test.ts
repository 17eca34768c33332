import { isBizError } from '@bizstack/contracts';
import fc from 'fast-check';
import { contentSecurityPolicy, escapeHtml, formPage } from '../../src/server/services/form-page';
import { languageOf } from '../../src/server/services/form-texts';
import { TOKEN_LIFETIME_SECONDS, checkToken, issueToken } from '../../src/server/services/form-token';
import type { LeadForm } from '../../src/server/services/forms';
import { RateLimit } from '../../src/server/services/rate-limit';

const form: LeadForm = {
  id: '1',
  key: 'default',
  title: 'Contact',
  intro: '',
  fields: ['name', 'email', 'message'],
  allowedOrigins: [],
  successText: '',
  redirectUrl: undefined,
  consentRequired: false,
  consentText: '',
  source: undefined,
  enabled: true,
  encryptedSecret: undefined,
};

beforeAll(() => {
  process.env['APP_KEY'] = 'a key for this test only';
});

test.each([
  [undefined, 'zh-CN,zh;q=0.9,en;q=0.8', 'zh'],
  [undefined, 'en-GB,en;q=0.9,zh;q=0.8', 'en'],
  [undefined, 'fr,zh;q=0.3', 'zh'],
  [undefined, '', 'en'],
  ['zh', 'en', 'zh'],
  ['xx', 'zh', 'en'],
])('lang=%s with "%s" is %s', (wanted, accept, expected) => {
  expect(languageOf(wanted, accept)).toBe(expected);
});

test('whatever stands in an entry, the page holds no tag of it', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(escapeHtml(text)).not.toMatch(/[<>"']/);
      const html = formPage({
        form,
        language: 'en',
        action: '/x',
        token: 't',
        nonce: 'n',
        values: { name: `${text}<i>`, message: `</textarea>${text}` },
      });
      expect(html).not.toMatch(/<i>/);
      expect(html.match(/<\/textarea>/g)).toHaveLength(1);
    }),
  );
});

test('every input has a label, and a wrong one is described by its message', () => {
  const html = formPage({
    form,
    language: 'en',
    action: '/x',
    token: 't',
    nonce: 'n',
    errors: { email: 'Wrong.' },
  });
  for (const field of form.fields) expect(html).toContain(`<label for="${field}">`);
  expect(html).toMatch(/id="email"[^>]*aria-invalid="true"[^>]*aria-describedby="email-error contact"/);
});

test('the policy names the sites that may frame and the page that follows', () => {
  const policy = contentSecurityPolicy(
    { ...form, allowedOrigins: ['https://a.example'], redirectUrl: 'https://b.example/thanks' },
    'n',
  );
  expect(policy).toContain("frame-ancestors 'self' https://a.example");
  expect(policy).toContain("form-action 'self' https://b.example");
  expect(policy).toContain("default-src 'none'");
});

test('a token counts for its form and its time only', () => {
  const now = new Date('2026-01-01T00:00:00Z');
  const token = issueToken('default', now);
  expect(checkToken(token, 'default', now)).toMatch(/^form:[0-9a-f-]{36}$/);
  const late = new Date(now.getTime() + (TOKEN_LIFETIME_SECONDS + 1) * 1000);
  const forged = `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`;
  for (const [wrong, key, at] of [
    [token, 'other', now],
    [token, 'default', late],
    [forged, 'default', now],
    [`${token}.x`, 'default', now],
    [undefined, 'default', now],
  ] as const) {
    let code: unknown;
    try {
      checkToken(wrong, key, at);
    } catch (error) {
      code = isBizError(error) ? error.code : error;
    }
    expect(code).toBe('BIZ_CRM_FORM_TOKEN');
  }
});

test('the limit counts each client for itself and forgets after a minute', () => {
  const limit = new RateLimit(2);
  limit.take('a', 0);
  limit.take('a', 1);
  expect(() => limit.take('a', 2)).toThrow(/Too many/);
  expect(() => limit.take('b', 2)).not.toThrow();
  expect(() => limit.take('a', 60_001)).not.toThrow();
});
