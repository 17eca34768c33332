import { randomUUID } from 'node:crypto';
import { type IncomingMessage, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  DELIVERY_HEADER,
  SIGNATURE_HEADER,
  TIMESTAMP_HEADER,
  parseEvent,
  verifySignature,
} from '@bizstack/contracts';
import { Account, newEmail, postWebhook, refusal, sql, taken, until } from './support';

interface Received {
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

const received: Received[] = [];
let answerWith = 200;
const receiver = createServer((request, response) => {
  let body = '';
  request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
  request.on('end', () => {
    received.push({ headers: request.headers, body });
    response.statusCode = answerWith;
    response.end();
  });
});
let admin: Account;
let address: string;
const secret = randomUUID();
const title = `receiver ${randomUUID()}`;

beforeAll(async () => {
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
  admin = await Account.admin();
  const { status } = await admin.post('crmWebhooks:create', {
    title,
    url: address,
    secret,
    eventTypes: ['crm.lead.captured'],
    enabled: true,
  });
  expect(status).toBe(200);
});

afterAll(async () => {
  await admin?.post(`crmWebhooks:destroy?filter=${encodeURIComponent(JSON.stringify({ title }))}`);
  receiver.close();
});

function receivedOf(eventId: string): Received[] {
  return received.filter(({ headers }) => headers[DELIVERY_HEADER] === eventId);
}

async function stateOf(eventId: string): Promise<Record<string, unknown> | undefined> {
  const rows = await sql(
    `SELECT d.state, d.attempts, d."responseStatus" FROM "crmWebhookDeliveries" d JOIN "crmWebhooks" w ON w.id = d."webhookId" WHERE d."eventId" = $1 AND w.title = $2`,
    [eventId, title],
  );
  return rows[0];
}

test('an event is posted once, signed with the webhook’s secret', async () => {
  answerWith = 200;
  const { leadId, eventId } = taken(await postWebhook({ email: newEmail() }));
  await until('the delivery', async () =>
    (await stateOf(eventId))?.['state'] === 'delivered' ? true : undefined,
  );
  const [delivery, ...more] = receivedOf(eventId);
  expect(more).toEqual([]);
  const header = (name: string): string | undefined => [delivery?.headers[name]].flat()[0];
  expect(() =>
    verifySignature({
      secret,
      timestamp: header(TIMESTAMP_HEADER),
      deliveryId: header(DELIVERY_HEADER),
      signature: header(SIGNATURE_HEADER),
      body: delivery?.body ?? '',
    }),
  ).not.toThrow();
  expect(parseEvent(delivery?.body)).toMatchObject({ id: eventId, subject: `lead/${leadId}` });
});

test('a receiver that fails is asked again until it takes the event', async () => {
  answerWith = 503;
  const { eventId } = taken(await postWebhook({ email: newEmail() }));
  const failed = await until('a failed attempt', async () => {
    const state = await stateOf(eventId);
    return state?.['responseStatus'] === 503 ? state : undefined;
  });
  expect(failed).toMatchObject({ state: 'pending' });
  answerWith = 204;
  const done = await until('the retry', async () => {
    const state = await stateOf(eventId);
    return state?.['state'] === 'delivered' ? state : undefined;
  });
  expect(Number(done['attempts'])).toBeGreaterThan(1);
});

test('an event that the webhook does not want makes no delivery', async () => {
  answerWith = 200;
  const { leadId, eventId } = taken(await postWebhook({ email: newEmail() }));
  const automation = await Account.automation();
  await automation.post('crmLeads:applyScore', {
    leadId,
    capturedEventId: eventId,
    score: 1,
    grade: 'D',
    reasons: [],
    model: 'm',
    scoredAt: new Date().toISOString(),
  });
  const rows = await sql(
    `SELECT "eventType" FROM "crmWebhookDeliveries" d JOIN "crmWebhooks" w ON w.id = d."webhookId" WHERE w.title = $1 AND payload->>'subject' = $2`,
    [title, `lead/${leadId}`],
  );
  expect(rows).toEqual([{ eventType: 'crm.lead.captured' }]);
});

test.each([
  'http://10.1.2.3/x',
  'http://169.254.169.254/latest/meta-data',
  'file:///etc/passwd',
  'http://[::1]:80/',
  'http://user:pw@example.com/',
  'nonsense',
])('the address %s is refused', async (wrong) => {
  const answer = await admin.post('crmWebhooks:create', { title: 'x', url: wrong });
  expect([answer.status, refusal(answer).code]).toEqual([422, 'BIZ_CRM_TARGET_REFUSED']);
});

test('the secret is kept encrypted and never read back', async () => {
  const listed = await admin.get(`crmWebhooks:list?filter=${encodeURIComponent(JSON.stringify({ title }))}`);
  expect(JSON.stringify(listed.body)).not.toMatch(/secret/i);
  const [row] = await sql('SELECT "encryptedSecret" FROM "crmWebhooks" WHERE title = $1', [title]);
  expect(row?.['encryptedSecret']).not.toContain(secret);
});
