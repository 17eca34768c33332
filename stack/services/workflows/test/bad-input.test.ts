import { WorkflowFailedError } from '@temporalio/client';
import { readConfig } from '../src/config';
import { type Bed, newId, openBed } from './support/bed';
import { failureOf } from './support/failure';
import { order } from './support/orders';
import { until } from './support/until';

let bed: Bed;

beforeAll(async () => {
  bed = await openBed();
}, 180_000);

afterAll(() => bed?.close());

it('refuses a start with wrong arguments, naming the field, before anything is sent', async () => {
  const wrong = { ...order(), currency: 'euro' };
  await expect(
    bed.workflows.startLeadToCash(wrong, { workflowId: newId('bad'), taskQueue: bed.taskQueue }),
  ).rejects.toMatchObject({
    code: 'BIZ_INPUT_INVALID',
    message: expect.stringContaining('currency') as string,
  });
});

it.each([
  [
    'leadToCash',
    { ...order(), lines: [{ description: 'x', quantity: 1, unitPrice: '1', taxRate: '0' }] },
    'lines.0.quantity',
  ],
  ['leadToCash', { ...order(), customer: { name: 'x', email: 'nobody' } }, 'customer.email'],
  ['leadToCash', undefined, 'leadToCash'],
  ['invoiceProcessing', { document: { kind: 'fax' } }, 'document'],
  ['contentPublishing', { itemId: '1' }, 'title'],
])('a %s that was started without the client fails at once and names %#', async (type, input, field) => {
  const handle = await bed.client.workflow.start(type, {
    workflowId: newId('bad'),
    taskQueue: bed.taskQueue,
    args: input === undefined ? [] : [input],
  });
  expect(await failureOf(handle.result())).toMatchObject({
    type: 'BIZ_INPUT_INVALID',
    message: expect.stringContaining(field) as string,
  });
});

it('fails quickly when nothing would be owed', async () => {
  const input = { ...order(), lines: [{ description: 'x', quantity: '1', unitPrice: '0', taxRate: '19' }] };
  const workflow = await bed.workflows.startLeadToCash(input, {
    workflowId: newId('bad'),
    taskQueue: bed.taskQueue,
  });
  await expect(workflow.result()).rejects.toBeInstanceOf(WorkflowFailedError);
});

it('refuses updates that the stage does not allow, and their wrong fields', async () => {
  const workflow = await bed.workflows.startLeadToCash(order(), {
    workflowId: newId('stage'),
    taskQueue: bed.taskQueue,
  });
  await until('the quote', async () => (await workflow.state()).stage === 'quote_sent');
  expect(await failureOf(workflow.update('recordPayment', { paymentId: 'p', amount: '1.00' }))).toMatchObject(
    {
      type: 'BIZ_STATE_REFUSED',
      message: expect.stringContaining('"quote_sent"') as string,
    },
  );
  await expect(workflow.update('recordPayment', { paymentId: 'p', amount: '1,00' })).rejects.toMatchObject({
    code: 'BIZ_INPUT_INVALID',
    message: expect.stringContaining('amount') as string,
  });
  await workflow.signal('paymentReceived', { paymentId: 'p', amount: '1.00' });
  await until('the note', async () =>
    (await workflow.timeline()).some(({ what }) => what.startsWith('signal paymentReceived refused')),
  );
  await workflow.update('acceptQuote', { by: 'buyer' });
  await until('the invoice', async () => (await workflow.state()).stage === 'awaiting_payment');
  expect(
    await failureOf(workflow.update('recordPayment', { paymentId: 'p', amount: '1.005' })),
  ).toMatchObject({
    type: 'BIZ_INPUT_INVALID',
    message: expect.stringContaining('decimal places') as string,
  });
  await workflow.update('recordPayment', { paymentId: 'p', amount: '1.00' });
  expect(await workflow.update('recordPayment', { paymentId: 'p', amount: '1.00' })).toMatchObject({
    paid: '1.00',
  });
  expect(await failureOf(workflow.update('recordPayment', { paymentId: 'p', amount: '2.00' }))).toMatchObject(
    {
      type: 'BIZ_AMOUNT_DIFFERS',
    },
  );
  await workflow.cancel();
  await expect(workflow.result()).rejects.toThrow('cancelled');
  // The invoice is credited; what was paid is owed to the customer.
  expect(await bed.books.balances(workflow.workflowId)).toEqual({ 1000: '1', 2200: '-1' });
});

it('refuses a second start of one business case, also after it ended', async () => {
  const workflowId = newId('twice');
  const options = { workflowId, taskQueue: bed.taskQueue };
  const workflow = await bed.workflows.startLeadToCash(order(), options);
  await until('the quote', async () => (await workflow.state()).stage === 'quote_sent');
  await workflow.update('declineQuote', { by: 'buyer', reason: 'too dear' });
  expect(await workflow.result()).toMatchObject({ outcome: 'declined' });
  await expect(bed.workflows.startLeadToCash(order(), options)).rejects.toThrow(/already started/i);
});

it('names every variable that is missing or wrong, and no value', () => {
  expect(() =>
    readConfig({
      WORKFLOWS_PORT: 'x-secret',
      WORKFLOWS_STRIPE_KEY: 'short',
      WORKFLOWS_DATABASE_URL: 'mysql://x',
    }),
  ).toThrow(/WORKFLOWS_PORT: .*WORKFLOWS_DATABASE_URL: .*WORKFLOWS_STRIPE_KEY: /);
  expect(() =>
    readConfig({ WORKFLOWS_DATABASE_URL: 'postgres://x', WORKFLOWS_PUBLISH_ORIGINS: 'example.com' }),
  ).toThrow('is not an origin');
});
