import { randomUUID } from 'node:crypto';
import { signatureHeaders } from '@bizstack/contracts';
import { Client } from 'pg';
import { postLead } from '../src';
import { access, endpoint, until } from './support';

async function post(
  body: string,
  headers: Record<string, string> = signed(body),
): Promise<{ status: number; text: string }> {
  const response = await fetch(endpoint.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
  return { status: response.status, text: await response.text() };
}

const signed = (body: string, deliveryId: string = randomUUID(), timestamp?: number) =>
  signatureHeaders(endpoint.secret, { deliveryId, body, ...(timestamp === undefined ? {} : { timestamp }) });

/** What the CRM holds of the leads that carry this mark; other tests write leads at the same time. */
async function written(mark: string): Promise<{ leads: number; events: number }> {
  const client = new Client({ connectionString: access.crm.databaseUrl });
  await client.connect();
  const { rows } = await client.query<{ leads: number; events: number }>(
    `select (select count(*)::int from "crmLeads" l where l::text like $1) as leads,
            (select count(*)::int from "bizstackOutbox" e where e::text like $1) as events`,
    [`%${mark}%`],
  );
  await client.end();
  if (!rows[0]) throw new Error('No counts.');
  return rows[0];
}

const NOTHING = { leads: 0, events: 0 };

test.each([
  ['neither e-mail nor phone', { name: 'Nobody' }, 422, /e-?mail/i],
  ['a note of 30 KB', { email: 'a@b.example', message: 'x'.repeat(30_000) }, 422, /message/],
  ['a note of 1 MB', { email: 'a@b.example', message: 'x'.repeat(1_000_000) }, 413, /BIZ_CRM_BODY_TOO_LARGE/],
  ['an unknown field', { email: 'a@b.example', isAdmin: true }, 422, /isAdmin/],
])('%s is refused and nothing is written', async (_name, lead, status, message) => {
  const mark = randomUUID();
  const reply = await post(JSON.stringify({ ...lead, city: mark }));
  expect(reply.status).toBe(status);
  expect(reply.text).toMatch(message);
  expect(await written(mark)).toEqual(NOTHING);
});

test('a wrong, missing or old signature is refused and nothing is written', async () => {
  const mark = randomUUID();
  const body = JSON.stringify({ email: `sig-${mark}@b.example` });
  const old = Math.floor(Date.now() / 1000) - 3_600;
  for (const headers of [
    {},
    { ...signed(body), 'x-bizstack-signature': 'v1=00' },
    signed(`${body} `),
    signed(body, randomUUID(), old),
  ]) {
    const reply = await post(body, headers);
    expect(reply.status).toBe(401);
    expect(reply.text).toMatch(/BIZ_SIGNATURE_(MISSING|WRONG|EXPIRED)/);
    expect(reply.text).not.toContain(endpoint.secret);
  }
  expect(await written(mark)).toEqual(NOTHING);
});

test('a request replayed by somebody else adds nothing', async () => {
  const [mark, otherMark] = [randomUUID(), randomUUID()];
  const body = JSON.stringify({ email: `replay-${mark}@b.example`, externalId: randomUUID() });
  const headers = signed(body);
  expect((await post(body, headers)).status).toBeLessThan(300);
  const before = await written(mark);
  expect(before.leads).toBe(1);
  expect(before.events).toBeGreaterThan(0);
  await post(body, headers);
  const other = JSON.stringify({ email: `other-${otherMark}@b.example` });
  const changed = await post(other, { ...headers, ...signed(other, headers['x-bizstack-delivery']) });
  expect(changed.status).toBe(409);
  expect((await written(mark)).leads).toBe(1);
  expect(await written(otherMark)).toEqual(NOTHING);
});

test('HTML and SQL in every field are data all the way', async () => {
  const key = randomUUID().slice(0, 8);
  const hostile = `<img src=x onerror=alert(1)>'; drop table leads; -- {{1+1}} ${key}`;
  const { leadId } = await postLead(endpoint, {
    externalId: key,
    email: `${key}@b.example`,
    name: hostile,
    company: hostile,
    jobTitle: hostile,
    country: hostile.slice(0, 100),
    city: hostile.slice(0, 100),
    source: hostile.slice(0, 100),
    message: hostile,
    attributes: { "a'b<c>": hostile },
  });
  const client = new Client({ connectionString: access.business.databaseUrl });
  await client.connect();
  const row = await until('the saved lead', async () => {
    const { rows } = await client.query<Record<string, unknown>>('select * from leads where lead_id = $1', [
      leadId,
    ]);
    return rows[0];
  });
  await client.end();
  expect(row).toMatchObject({
    name: hostile,
    company: hostile,
    message: hostile,
    attributes: { "a'b<c>": hostile },
  });
});
