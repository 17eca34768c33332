import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { verifySignature } from '@bizstack/contracts';
import { testFacts } from '@bizstack/native/testing';
import { Client } from 'pg';
import { type Bed, newId, openBed } from './support/bed';
import { failureOf } from './support/failure';
import { order } from './support/orders';
import { until } from './support/until';

let bed: Bed;

beforeAll(async () => {
  bed = await openBed();
}, 180_000);

afterAll(() => bed?.close());

/** A workflow whose invoice is out. */
async function invoiced(terms = {}) {
  const { workflows, taskQueue } = bed;
  const workflow = await workflows.startLeadToCash(order(terms), { workflowId: newId('l2c'), taskQueue });
  await until('the quote', async () => (await workflow.state()).stage === 'quote_sent');
  await workflow.update('acceptQuote', { by: 'buyer' });
  await until('the invoice', async () => (await workflow.state()).stage === 'awaiting_payment');
  return workflow;
}

it('goes from the quote to the money, with the books right to the cent', async () => {
  const workflow = await invoiced();
  expect((await workflow.state()).invoice).toMatchObject({ gross: '268.53' });
  expect(await bed.books.balances(workflow.workflowId)).toEqual({
    1100: '268.53',
    2100: '-41.87',
    4000: '-226.66',
  });
  const partly = await workflow.update('recordPayment', { paymentId: 'p1', amount: '100.00' });
  expect(partly).toMatchObject({ stage: 'awaiting_payment', paid: '100.00', open: '168.53' });
  expect(await workflow.update('recordPayment', { paymentId: 'p2', amount: '168.53' })).toMatchObject({
    stage: 'paid',
    open: '0.00',
  });
  await workflow.update('close', { by: 'accountant' });
  expect(await workflow.result()).toMatchObject({ outcome: 'paid', paid: '268.53' });
  expect(await bed.books.balances(workflow.workflowId)).toEqual({
    1000: '268.53',
    2100: '-41.87',
    4000: '-226.66',
  });
});

it('goes on in a new run with a short history, and forgets nothing', async () => {
  const workflow = await invoiced();
  await workflow.update('recordPayment', { paymentId: 'p1', amount: '100.00' });
  const before = await workflow.state();
  const { runId } = await bed.client.workflow.getHandle(workflow.workflowId).describe();
  await workflow.signal('compact', {});
  const now = await until('another run', async () => {
    const described = await bed.client.workflow.getHandle(workflow.workflowId).describe();
    return described.runId !== runId && described;
  });
  expect(now.historyLength).toBeLessThan(15);
  expect(await until('its state', () => workflow.state())).toEqual(before);
  expect(await workflow.update('recordPayment', { paymentId: 'p1', amount: '100.00' })).toMatchObject({
    paid: '100.00',
  });
  await workflow.update('recordPayment', { paymentId: 'p2', amount: '168.53' });
  await workflow.update('close', { by: 'accountant' });
  expect(await workflow.result()).toMatchObject({ outcome: 'paid' });
  expect(await bed.books.entries(workflow.workflowId)).toHaveLength(3);
});

it('takes everything back when the books are closed, and fails with the code', async () => {
  const { admin_url: adminUrl } = testFacts('postgres');
  const admin = new Client({ connectionString: (adminUrl ?? '').replace(/\/[^/]*$/, '/business_data') });
  await admin.connect();
  const workflow = await bed.workflows.startLeadToCash(order(), {
    workflowId: newId('closed'),
    taskQueue: bed.taskQueue,
  });
  await until('the quote', async () => (await workflow.state()).stage === 'quote_sent');
  try {
    await admin.query(
      `INSERT INTO finance.closed_periods (month) VALUES (date_trunc('month', now() AT TIME ZONE 'UTC'))`,
    );
    await workflow.update('acceptQuote', { by: 'buyer' });
    expect(await failureOf(workflow.result())).toMatchObject({ type: 'BIZ_PERIOD_CLOSED' });
  } finally {
    await admin.query('DELETE FROM finance.closed_periods');
    await admin.end();
  }
  expect(await bed.books.entries(workflow.workflowId)).toEqual([]);
  expect((await bed.books.events(workflow.workflowId)).at(-1)).toBe('sales.quote.cancelled');
});

it('credits the invoice when nobody takes it', async () => {
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const body = Buffer.concat(parts).toString();
      const header = (name: string) => String(request.headers[name]);
      verifySignature({
        secret: 'secret-of-the-delivery',
        timestamp: header('x-bizstack-timestamp'),
        deliveryId: header('x-bizstack-delivery'),
        signature: header('x-bizstack-signature'),
        body,
      });
      response.writeHead(body.includes('"template":"invoice"') ? 410 : 204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const own = await openBed({
    WORKFLOWS_DELIVERY_URL: `http://127.0.0.1:${port}/send`,
    WORKFLOWS_DELIVERY_SECRET: 'secret-of-the-delivery',
  });
  try {
    const workflow = await own.workflows.startLeadToCash(order(), {
      workflowId: newId('undelivered'),
      taskQueue: own.taskQueue,
    });
    await until('the quote', async () => (await workflow.state()).stage === 'quote_sent');
    await workflow.update('acceptQuote', { by: 'buyer' });
    expect(await failureOf(workflow.result())).toMatchObject({ type: 'BIZ_DELIVERY_REFUSED' });
    expect(await own.books.balances(workflow.workflowId)).toEqual({});
    expect((await own.books.events(workflow.workflowId)).slice(-2)).toEqual([
      'finance.invoice.credited',
      'sales.quote.cancelled',
    ]);
  } finally {
    await own.close();
    server.closeAllConnections();
    server.close();
  }
});
