import { randomUUID } from 'node:crypto';
import { type IncomingHttpHeaders, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DELIVERY_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, verifySignature } from '@bizstack/contracts';
import { z } from 'zod';
import { Account, newEmail, postWebhook, refusal, sql, taken, until } from './support';

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const received: Received[] = [];
let answerWith = 200;
const receiver = createServer((request, response) => {
  let body = '';
  request.setEncoding('utf8');
  request.on('data', (part: string) => (body += part));
  request.on('end', () => {
    received.push({ headers: request.headers, body });
    response.statusCode = answerWith;
    response.end();
  });
});

let admin: Account;
let url: string;
const secret = randomUUID();

beforeAll(async () => {
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/changes`;
  admin = await Account.admin();
});

afterAll(async () => {
  await new Promise((resolve) => receiver.close(resolve));
});

afterEach(() => {
  answerWith = 200;
});

const register = (key: string, more: Record<string, unknown> = {}) =>
  admin.post('crmRecordSubscriptions:register', {
    key,
    url,
    secret,
    collection: 'crmLeads',
    events: ['created'],
    ...more,
  });

const changeSchema = z.object({
  type: z.string(),
  subject: z.string(),
  data: z.looseObject({ event: z.string(), record: z.record(z.string(), z.unknown()) }),
});

function changesOf(leadId: string): { received: Received; change: z.infer<typeof changeSchema> }[] {
  return received
    .map((each) => ({ received: each, change: changeSchema.parse(JSON.parse(each.body)) }))
    .filter(({ change }) => change.subject === `crmLeads/${leadId}`);
}

test('a lead that a webhook brings in is told to a subscriber, signed, without hidden fields', async () => {
  const key = randomUUID();
  expect(await register(key)).toMatchObject({ status: 200, body: { data: { key, repeated: false } } });
  expect(await register(key)).toMatchObject({ body: { data: { repeated: true } } });
  const email = newEmail();
  const { leadId } = taken(await postWebhook({ email }));
  const found = await until('the change', async () => changesOf(leadId)[0]);
  expect(found.change).toMatchObject({
    type: 'nocobase.record.created',
    data: { event: 'created', record: { email } },
  });
  const header = (name: string): string | undefined => [found.received.headers[name]].flat()[0];
  expect(() =>
    verifySignature({
      secret,
      timestamp: header(TIMESTAMP_HEADER),
      deliveryId: header(DELIVERY_HEADER),
      signature: header(SIGNATURE_HEADER),
      body: found.received.body,
    }),
  ).not.toThrow();
  await admin.post('crmRecordSubscriptions:unregister', { key });
});

test('a receiver that says 410 is not asked again', async () => {
  const key = randomUUID();
  await register(key);
  answerWith = 410;
  taken(await postWebhook({ email: newEmail() }));
  await until('the end of the subscription', async () => {
    const rows = await sql('SELECT id FROM "crmRecordSubscriptions" WHERE key = $1', [key]);
    return rows.length === 0 ? true : undefined;
  });
  expect(await sql('SELECT id FROM "crmRecordDeliveries" WHERE payload LIKE $1', [`%${key}%`])).toEqual([]);
});

test('after unregistering nothing is sent; what happens in the grace time waits', async () => {
  const key = randomUUID();
  await register(key);
  expect(await admin.post('crmRecordSubscriptions:unregister', { key })).toMatchObject({
    body: { data: { key, found: true } },
  });
  const { leadId } = taken(await postWebhook({ email: newEmail() }));
  const waiting = () =>
    sql(
      `SELECT d.id FROM "crmRecordDeliveries" d JOIN "crmRecordSubscriptions" s ON s.id = d."subscriptionId" WHERE s.key = $1 AND d.subject = $2`,
      [key, `crmLeads/${leadId}`],
    );
  await until('the kept delivery', async () => ((await waiting()).length === 1 ? true : undefined));
  expect(changesOf(leadId)).toEqual([]);
  await register(key);
  await until('the delivery', async () => changesOf(leadId)[0]);
  await until('its removal', async () => ((await waiting()).length === 0 ? true : undefined));
  await admin.post('crmRecordSubscriptions:unregister', { key });
});

test('a subscription of somebody else cannot be ended', async () => {
  const key = randomUUID();
  await register(key);
  const automation = await Account.automation();
  expect(await automation.post('crmRecordSubscriptions:unregister', { key })).toMatchObject({
    body: { data: { found: false } },
  });
  await admin.post('crmRecordSubscriptions:unregister', { key });
});

test('nobody registers without signing in; an automation account only for what it may read', async () => {
  const input = { key: randomUUID(), url, secret, collection: 'crmLeads', events: ['created'] };
  expect((await Account.nobody.post('crmRecordSubscriptions:register', input)).status).toBe(401);
  const automation = await Account.automation();
  expect((await automation.post('crmRecordSubscriptions:register', input)).status).toBe(200);
  const refused = await automation.post('crmRecordSubscriptions:register', { ...input, collection: 'users' });
  expect([refused.status, refusal(refused).code]).toEqual([403, 'BIZ_CRM_COLLECTION_UNREADABLE']);
  await automation.post('crmRecordSubscriptions:unregister', { key: input.key });
});

test.each([
  ['a private address', { url: 'http://169.254.169.254/' }, 'BIZ_CRM_TARGET_REFUSED'],
  ['a short secret', { secret: 'short' }, 'BIZ_CRM_VALUES_INVALID'],
  ['an unknown event', { events: ['exploded'] }, 'BIZ_CRM_VALUES_INVALID'],
  ['an unknown field', { fields: ['nosuch'] }, 'BIZ_CRM_VALUES_INVALID'],
  ['a filter that does not fit', { filter: { nosuch: { $eq: 1 } } }, 'BIZ_CRM_VALUES_INVALID'],
  ['its own tables', { collection: 'crmRecordDeliveries' }, 'BIZ_CRM_COLLECTION_UNREADABLE'],
])('%s is refused', async (_, more, code) => {
  const answer = await register(randomUUID(), more);
  expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(refusal(answer).code).toBe(code);
});

test('a filter that no longer fits its collection keeps nobody from writing', async () => {
  const key = randomUUID();
  await register(key, { filter: { email: { $ne: 'nobody' } } });
  await sql(`UPDATE "crmRecordSubscriptions" SET "recordFilter" = '{"gone": 1}' WHERE key = $1`, [key]);
  await until('the other filter in memory', async () => {
    const rows = await sql(
      'SELECT now() - "updatedAt" > interval \'3 seconds\' AS old FROM "crmRecordSubscriptions" WHERE key = $1',
      [key],
    );
    return rows[0]?.['old'] === true ? true : undefined;
  });
  const { leadId } = taken(await postWebhook({ email: newEmail() }));
  expect(leadId).not.toBe('');
  await admin.post('crmRecordSubscriptions:unregister', { key });
});
