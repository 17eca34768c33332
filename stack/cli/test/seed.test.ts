import { createServer, type Server } from 'node:http';
import { verifySignature } from '@bizstack/contracts';
import { DEMO_LEADS, demoLeads } from '../src/seed/demo-leads';
import { seed } from '../src/seed/seed';

let server: Server;
let crmUrl: string;
const received: { deliveryId: string; email: string }[] = [];
const SECRET = 'a secret of this test';

/** A scripted webhook: it checks the signature as the CRM does. */
beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const header = (name: string) => String(request.headers[name] ?? '');
      verifySignature({
        secret: SECRET,
        timestamp: header('x-bizstack-timestamp'),
        deliveryId: header('x-bizstack-delivery'),
        signature: header('x-bizstack-signature'),
        body,
      });
      const lead = JSON.parse(body.toString()) as { email: string };
      received.push({ deliveryId: header('x-bizstack-delivery'), email: lead.email });
      response.writeHead(201, { 'content-type': 'application/json' });
      response.end(
        JSON.stringify({
          data: { leadId: received.length, eventId: '018f0000-0000-7000-8000-000000000000' },
        }),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  crmUrl = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
});

afterAll(() => new Promise((resolve) => server.close(resolve)));

test('demo leads are many, distinct, in two languages, and the same every time', () => {
  const leads = demoLeads();
  expect(leads).toHaveLength(DEMO_LEADS);
  expect(new Set(leads.map(({ email }) => email)).size).toBe(DEMO_LEADS);
  expect(new Set(leads.map(({ name, company }) => `${company} ${name}`)).size).toBe(DEMO_LEADS);
  expect(leads.filter(({ message }) => /\p{Script=Han}/u.test(message)).length).toBeGreaterThan(8);
  expect(demoLeads()).toEqual(leads);
});

test('seeding twice sends the same deliveries', async () => {
  await seed({ crmUrl, webhookSecret: SECRET });
  const first = received.splice(0);
  await seed({ crmUrl, webhookSecret: SECRET });
  expect(first).toHaveLength(DEMO_LEADS);
  expect(received).toEqual(first);
});

test('a refusal is told with what the CRM said', async () => {
  const refusing = createServer((_request, response) => response.writeHead(503).end('in maintenance'));
  await new Promise<void>((resolve) => refusing.listen(0, '127.0.0.1', resolve));
  const address = refusing.address();
  const url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  await expect(seed({ crmUrl: url, webhookSecret: SECRET })).rejects.toMatchObject({
    code: 'BIZ_CLI_LEAD_REFUSED',
    message: "The CRM's webhook answered 503: in maintenance",
  });
  await new Promise((resolve) => refusing.close(resolve));
});
