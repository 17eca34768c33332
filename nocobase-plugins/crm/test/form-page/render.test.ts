import fc from 'fast-check';
import {
  formLocale,
  type FormPageModel,
  isOrigin,
  pageHeaders,
  renderFormPage,
} from '../../src/server/form-page';

const model = (change: Partial<FormPageModel> = {}): FormPageModel => ({
  form: {
    key: 'contact',
    title: 'Contact us',
    fields: [{ name: 'name', required: true }, { name: 'email' }, { name: 'phone' }, { name: 'message' }],
  },
  state: 'form',
  locale: 'en',
  action: '/api/crmLeadForms:submit/contact',
  token: 't0ken',
  ...change,
});

test('every field has a label, and the token goes with the post', () => {
  const html = renderFormPage(model());
  for (const name of ['name', 'email', 'phone', 'message']) {
    expect(html).toContain(`<label for="f-${name}">`);
    expect(html).toContain(`id="f-${name}"`);
  }
  expect(html).toContain('name="_token" value="t0ken"');
  expect(html).toContain('An e-mail address or a phone number');
});

test('an error is told beside its field and the typed value is kept', () => {
  const html = renderFormPage(
    model({ values: { email: 'ada@' }, errors: { email: 'This is no e-mail address.' } }),
  );
  expect(html).toMatch(/aria-invalid="true" aria-describedby="e-email"[^>]*value="ada@"/);
  expect(html).toContain('<p class="error" id="e-email">This is no e-mail address.</p>');
});

test('speaks Chinese', () => {
  const html = renderFormPage(model({ locale: 'zh' }));
  expect(html).toContain('lang="zh-CN"');
  expect(html).toContain('电子邮箱');
});

test('thanks, and says when it is closed', () => {
  expect(renderFormPage(model({ state: 'done' }))).not.toContain('<form');
  expect(renderFormPage(model({ state: 'closed' }))).toContain('This form is closed.');
});

test('no text can leave its place in the page', () => {
  const skeleton = (html: string) => html.replace(/<style>[^]*<\/style>/, '').match(/<\/?[a-z1-9]+/g);
  const plain = skeleton(
    renderFormPage(model({ values: { name: 'x', message: 'x' }, errors: { name: 'x' } })),
  );
  const hostile = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.constantFrom(
      '</textarea><script>alert(1)</script>',
      '"><img src=x onerror=alert(1)>',
      "' onfocus='alert(1)",
      '</title></style>',
    ),
  );
  fc.assert(
    fc.property(hostile, hostile, hostile, hostile, (title, value, message, error) => {
      const base = model({ values: { name: value, message }, errors: { name: error } });
      const html = renderFormPage({ ...base, form: { ...base.form, title, successText: title } });
      expect(skeleton(html)).toEqual(plain);
    }),
  );
});

test('only origins can be allowed to embed the page', () => {
  const policy = (origins: string[]) => pageHeaders(origins)['content-security-policy'];
  expect(
    policy(['https://www.example.com', "https://evil.example; script-src 'unsafe-inline'", '*']),
  ).toMatch(/frame-ancestors 'self' https:\/\/www\.example\.com$/);
  fc.assert(
    fc.property(fc.string(), (text) => {
      if (isOrigin(text)) expect(text).toMatch(/^https?:\/\/[^\s;,'"]+$/);
      expect(policy([text])).not.toMatch(/script-src/);
    }),
  );
});

test.each([
  [undefined, 'zh-CN,zh;q=0.9,en;q=0.8', 'zh'],
  [undefined, 'de, en;q=0.7', 'en'],
  ['zh', 'en', 'zh'],
  [undefined, undefined, 'en'],
])('language of ?lang=%s and Accept-Language %s is %s', (query, header, locale) => {
  expect(formLocale(query, header)).toBe(locale);
});
