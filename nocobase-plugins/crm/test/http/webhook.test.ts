import { randomUUID } from 'node:crypto';
import { parseEvent } from '@bizstack/contracts';
import { testFacts } from '@bizstack/native/testing';
import { Kafka, logLevel } from 'kafkajs';
import { Account, eventsOf, newEmail, postWebhook, refusal, sql, taken, until } from './support';

const NASTY = `<script>alert(1)</script>'; DROP TABLE "crmLeads"; --`;

test('a signed lead is stored, normalised and announced', async () => {
  const email = newEmail();
  const answer = await postWebhook({
    name: '  Ada   Lovelace ',
    email: email.toUpperCase(),
    phone: '030 12345678',
    country: 'Germany',
    company: 'Engines Ltd',
    attributes: { 'Total Visits': 4, vip: true },
  });
  expect(answer.status).toBe(201);
  const { leadId, eventId } = taken(answer);
  const [lead] = await sql('SELECT * FROM "crmLeads" WHERE id = $1', [leadId]);
  expect(lead).toMatchObject({
    name: 'Ada Lovelace',
    email,
    phone: '+493012345678',
    source: 'webhook',
    form: 'default',
    status: 'new',
    attributes: { 'Total Visits': 4, vip: true },
    capturedEventId: eventId,
  });
  const [row] = await sql('SELECT * FROM "bizstackOutbox" WHERE id = $1', [eventId]);
  expect(row).toMatchObject({
    topic: 'bizstack.crm',
    aggregatetype: 'crm',
    aggregateid: `lead/${leadId}`,
    type: 'crm.lead.captured',
  });
  expect(parseEvent(row?.['payload']).data).toMatchObject({ leadId, email, phone: '+493012345678' });
  expect(answer.headers.get('access-control-allow-origin')).toBeNull();
});

test('the event reaches Kafka under the subject as key', async () => {
  const { leadId, eventId } = taken(await postWebhook({ email: newEmail() }));
  const kafka = new Kafka({
    brokers: (testFacts('kafka')['brokers'] ?? '').split(','),
    logLevel: logLevel.NOTHING,
  });
  const consumer = kafka.consumer({ groupId: `crm-test-${randomUUID()}` });
  const found = new Map<string, string | undefined>();
  await consumer.connect();
  try {
    await consumer.subscribe({ topic: 'bizstack.crm', fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ message }) => {
        found.set(parseEvent(message.value?.toString()).id, message.key?.toString());
      },
    });
    expect(await until('the event in Kafka', async () => found.get(eventId))).toBe(`lead/${leadId}`);
  } finally {
    await consumer.disconnect();
  }
  await until(
    'the mark',
    async () =>
      (await sql('SELECT 1 FROM "bizstackOutbox" WHERE id = $1 AND "publishedAt" IS NOT NULL', [eventId]))[0],
  );
});

test('the same delivery again gives the first result; with another body it is refused', async () => {
  const deliveryId = randomUUID();
  const body = { email: newEmail(), name: 'Same' };
  const first = taken(await postWebhook(body, { deliveryId }));
  const again = await postWebhook(body, { deliveryId });
  expect(again.status).toBe(200);
  expect(taken(again)).toEqual(first);
  const other = await postWebhook({ ...body, name: 'Other' }, { deliveryId });
  expect(other.status).toBe(409);
  expect(refusal(other).code).toBe('BIZ_CRM_DELIVERY_REUSED');
  expect(await eventsOf(first.leadId, 'crm.lead.captured')).toBe(1);
});

test('an external id seen before gives the first lead and no new event', async () => {
  const externalId = randomUUID();
  const first = taken(await postWebhook({ email: newEmail(), externalId }));
  expect(taken(await postWebhook({ email: newEmail(), externalId })).leadId).toBe(first.leadId);
  expect(await eventsOf(first.leadId, 'crm.lead.captured')).toBe(1);
});

test('a further enquiry of a person with an open lead becomes a touch and fills blanks', async () => {
  const email = newEmail();
  const first = taken(await postWebhook({ email, message: 'first' }));
  const second = await postWebhook({ email, company: 'Later Ltd', message: 'second' });
  expect(second.status).toBe(200);
  expect(taken(second)).toEqual({ ...first, duplicateOf: first.leadId });
  const [lead] = await sql('SELECT company, message, "touchCount" FROM "crmLeads" WHERE id = $1', [
    first.leadId,
  ]);
  expect(lead).toEqual({ company: 'Later Ltd', message: 'first', touchCount: 2 });
  const touches = await sql(
    'SELECT message, "matchedBy" FROM "crmLeadTouches" WHERE "leadId" = $1 ORDER BY id',
    [first.leadId],
  );
  expect(touches).toEqual([
    { message: 'first', matchedBy: null },
    { message: 'second', matchedBy: 'email' },
  ]);
  expect(await eventsOf(first.leadId, 'crm.lead.captured')).toBe(1);
});

test('after the lead was closed a further enquiry makes a new one that names it', async () => {
  const email = newEmail();
  const first = taken(await postWebhook({ email }));
  await sql(`UPDATE "crmLeads" SET status = 'converted' WHERE id = $1`, [first.leadId]);
  const second = await postWebhook({ email });
  expect(second.status).toBe(201);
  expect(taken(second)).toMatchObject({ duplicateOf: first.leadId });
  const third = taken(await postWebhook({ email }));
  expect(third.leadId).toBe(taken(second).leadId);
});

test('colleagues with one switchboard are two leads', async () => {
  const phone = `+4930${String(Date.now()).slice(-8)}`;
  const first = taken(await postWebhook({ email: newEmail(), phone }));
  const second = taken(await postWebhook({ email: newEmail(), phone }));
  expect(second.leadId).not.toBe(first.leadId);
});

test('twenty at once of one person make one lead and one event', async () => {
  const email = newEmail();
  const answers = await Promise.all(Array.from({ length: 20 }, () => postWebhook({ email })));
  const leads = new Set(answers.map((answer) => taken(answer).leadId));
  expect(leads.size).toBe(1);
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
  expect(await eventsOf([...leads][0] ?? '', 'crm.lead.captured')).toBe(1);
});

test('markup and SQL are kept as the text they are', async () => {
  const { leadId } = taken(
    await postWebhook({
      email: newEmail(),
      name: NASTY,
      company: NASTY,
      message: NASTY,
      attributes: { note: NASTY },
    }),
  );
  const [lead] = await sql('SELECT name, company, message, attributes FROM "crmLeads" WHERE id = $1', [
    leadId,
  ]);
  expect(lead).toEqual({ name: NASTY, company: NASTY, message: NASTY, attributes: { note: NASTY } });
});

test.each([
  ['neither e-mail nor phone', { name: 'Nobody' }, ['email', 'phone']],
  ['an unknown field', { email: 'a@example.com', isAdmin: true }, ['isAdmin']],
  ['a field that the plugin sets', { email: 'a@example.com', score: 100 }, ['score']],
  ['a wrong e-mail address', { email: 'not an address' }, ['email']],
  ['a note over the limit', { email: 'a@example.com', message: 'x'.repeat(20_001) }, ['message']],
  ['a nested attribute', { email: 'a@example.com', attributes: { deep: { er: 1 } } }, ['attributes.deep']],
])('%s is refused by name and nothing is stored', async (_what, body, fields) => {
  const marker = randomUUID();
  const answer = await postWebhook({ ...body, company: marker });
  expect(answer.status).toBe(422);
  expect(refusal(answer)).toEqual({ code: 'BIZ_CRM_LEAD_INVALID', fields });
  expect(await sql('SELECT 1 FROM "crmLeads" WHERE company = $1', [marker])).toEqual([]);
});

test('a body of a megabyte is refused', async () => {
  const answer = await postWebhook({ email: newEmail(), message: 'x'.repeat(1_000_000) });
  expect(answer.status).toBe(413);
  expect(refusal(answer).code).toBe('BIZ_CRM_BODY_TOO_LARGE');
});

test.each([
  ['a wrong secret', { secret: 'not-the-secret' }, 'BIZ_SIGNATURE_WRONG'],
  ['an old timestamp', { timestamp: Math.floor(Date.now() / 1000) - 600 }, 'BIZ_SIGNATURE_EXPIRED'],
  ['a timestamp of the future', { timestamp: Math.floor(Date.now() / 1000) + 600 }, 'BIZ_SIGNATURE_EXPIRED'],
])('%s is refused', async (_what, options, code) => {
  const answer = await postWebhook({ email: newEmail() }, options);
  expect(answer.status).toBe(401);
  expect(refusal(answer).code).toBe(code);
});

test('an unsigned request and an unknown form are refused', async () => {
  const unsigned = await Account.nobody.post('crmLeads:webhook/default', { email: newEmail() });
  expect([unsigned.status, refusal(unsigned).code]).toEqual([401, 'BIZ_SIGNATURE_MISSING']);
  const unknown = await postWebhook({ email: newEmail() }, { form: 'no-such-form' });
  expect([unknown.status, refusal(unknown).code]).toEqual([404, 'BIZ_CRM_FORM_UNKNOWN']);
});
