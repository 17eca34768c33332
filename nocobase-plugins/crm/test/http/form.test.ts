import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { Account, type Answer, answerOf, newEmail, refusal, sql, taken, url } from './support';

const tokenSchema = z.object({ data: z.object({ token: z.string(), fields: z.array(z.string()) }) });
let admin: Account;

beforeAll(async () => {
  admin = await Account.admin();
});

async function openPage(key = 'default', headers: Record<string, string> = {}): Promise<Answer> {
  return answerOf(
    await fetch(`${url}/api/crmLeadForms:page/${key}`, { headers: { accept: 'text/html', ...headers } }),
  );
}

async function token(key = 'default'): Promise<string> {
  const answer = await answerOf(
    await fetch(`${url}/api/crmLeadForms:page/${key}`, { headers: { accept: 'application/json' } }),
  );
  return tokenSchema.parse(answer.body).data.token;
}

async function send(values: Record<string, string>, key = 'default'): Promise<Answer> {
  return answerOf(
    await fetch(`${url}/api/crmLeadForms:submit/${key}`, {
      method: 'POST',
      headers: { accept: 'text/html' },
      body: new URLSearchParams(values),
      redirect: 'manual',
    }),
  );
}

async function newForm(values: Record<string, unknown>): Promise<string> {
  const key = `form-${randomUUID().slice(0, 8)}`;
  const { status, body } = await admin.post('crmLeadForms:create', { key, title: 'Test', ...values });
  expect([status, body]).toEqual([200, expect.anything()]);
  return key;
}

test('the page is one document without outside files, in the reader’s language', async () => {
  const english = await openPage();
  expect(english.status).toBe(200);
  expect(english.headers.get('content-type')).toMatch(/^text\/html/);
  expect(english.headers.get('content-security-policy')).toMatch(
    /default-src 'none'.*frame-ancestors 'self'(;|$)/,
  );
  expect(english.body).toMatch(/<html lang="en">/);
  expect(english.body).not.toMatch(/(src|href)="https?:/);
  const chinese = await openPage('default', { 'accept-language': 'zh-CN,zh;q=0.9,en;q=0.5' });
  expect(chinese.body).toMatch(/<html lang="zh-CN">[\s\S]*电子邮箱/);
});

test('a visitor’s enquiry is stored; sending the page twice makes one lead', async () => {
  const email = newEmail();
  const values = { _token: await token(), name: 'Visitor', email, message: 'Hello' };
  const first = await send(values);
  expect([first.status, first.body]).toEqual([200, expect.stringMatching(/role="status"/)]);
  expect((await send(values)).status).toBe(200);
  const leads = await sql('SELECT source, form, "touchCount" FROM "crmLeads" WHERE email = $1', [email]);
  expect(leads).toEqual([{ source: 'web-form', form: 'default', touchCount: 1 }]);
});

test('what is wrong is said beside the field, and entries stay, escaped', async () => {
  const name = `"><img src=x onerror=alert(1)>`;
  const answer = await send({ _token: await token(), name, email: 'wrong' });
  expect(answer.status).toBe(422);
  expect(answer.body).toMatch(/id="email-error"/);
  expect(answer.body).toMatch(/aria-invalid="true"/);
  expect(answer.body).not.toContain('<img');
  expect(answer.body).toContain('&#34;&#62;&#60;img src=x onerror=alert(1)&#62;');
});

test('a robot that fills the hidden field is thanked and nothing is stored', async () => {
  const email = newEmail();
  expect((await send({ _token: await token(), email, website: 'https://spam.example' })).status).toBe(200);
  expect(await sql('SELECT 1 FROM "crmLeads" WHERE email = $1', [email])).toEqual([]);
});

test('without a token of this form nothing is stored', async () => {
  const email = newEmail();
  const other = await newForm({});
  for (const wrong of ['', 'forged.token', await token(other)]) {
    expect((await send({ _token: wrong, email })).status).toBe(422);
  }
  expect(await sql('SELECT 1 FROM "crmLeads" WHERE email = $1', [email])).toEqual([]);
});

test('fields that the form does not ask for are refused', async () => {
  const key = await newForm({ fields: ['email'] });
  const answer = await answerOf(
    await fetch(`${url}/api/crmLeadForms:submit/${key}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ _token: await token(key), email: newEmail(), company: 'X', source: 'forged' }),
    }),
  );
  expect(answer.status).toBe(422);
  expect(refusal(answer).fields.sort()).toEqual(['company', 'source']);
});

test('a script of a site can send JSON', async () => {
  const answer = await answerOf(
    await fetch(`${url}/api/crmLeadForms:submit/default`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ _token: await token(), email: newEmail(), name: 'Script' }),
    }),
  );
  expect(answer.status).toBe(201);
  expect(taken(answer).leadId).toMatch(/^\d+$/);
});

test('allowed sites may frame the form; a redirect leads where the form says; consent is asked', async () => {
  const key = await newForm({
    allowedOrigins: ['https://www.example.com'],
    redirectUrl: 'https://www.example.com/thanks',
    consentRequired: true,
    fields: ['email'],
  });
  const page = await openPage(key);
  expect(page.headers.get('content-security-policy')).toMatch(
    /frame-ancestors 'self' https:\/\/www\.example\.com/,
  );
  const email = newEmail();
  expect((await send({ _token: await token(key), email }, key)).status).toBe(422);
  const done = await send({ _token: await token(key), email, consent: 'true' }, key);
  expect([done.status, done.headers.get('location')]).toEqual([303, 'https://www.example.com/thanks']);
  expect(await sql('SELECT consent FROM "crmLeads" WHERE email = $1', [email])).toEqual([{ consent: true }]);
});

test('an enquiry that leaves no way to answer is told so once, and no field is called wrong', async () => {
  const answer = await send({ _token: await token(), name: 'Nobody' });
  expect(answer.status).toBe(422);
  expect(answer.body).toContain('value="Nobody"');
  expect(answer.body).toMatch(/id="problem"[^>]*>Give an e-mail address or a phone number/);
  expect(answer.body).not.toMatch(/(email|phone)-error/);
});

test('a form that is off or unknown is a readable 404', async () => {
  const key = await newForm({ enabled: false });
  for (const missing of [key, 'no-such-form', '..%2f..']) {
    const answer = await openPage(missing);
    expect(answer.status).toBe(404);
    expect(answer.body).toMatch(/<html/);
  }
});

test('an administrator’s mistakes in a form are named', async () => {
  const answer = await admin.post('crmLeadForms:create', {
    key: 'Not A Key',
    title: 'x',
    allowedOrigins: ['example.com; script-src *'],
    redirectUrl: 'javascript:alert(1)',
  });
  expect(answer.status).toBe(422);
  expect(refusal(answer).fields).toEqual(['key', 'allowedOrigins', 'redirectUrl']);
});

test('a form’s secret is never read back; a new one replaces the old', async () => {
  const key = await newForm({});
  const listed = await admin.get(`crmLeadForms:list?filter=${encodeURIComponent(JSON.stringify({ key }))}`);
  expect(JSON.stringify(listed.body)).not.toMatch(/secret/i);
  const rotated = await admin.post(`crmLeadForms:rotateSecret/${key}`);
  expect(JSON.stringify(rotated.body)).toMatch(/"secret":"[0-9a-f]{48}"/);
});
