import { type Bed, newId, openBed } from './support/bed';
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
