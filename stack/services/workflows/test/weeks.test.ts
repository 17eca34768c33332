import { order } from './support/orders';
import { newId } from './support/bed';
import { failureOf } from './support/failure';
import { processing, supplierInvoice } from './support/supplier-invoices';
import { openSkippingBed, type SkippingBed } from './support/time-skipping';
import { until } from './support/until';
import type { LeadToCash, LeadToCashInput } from '../src/client';

let bed: SkippingBed;

beforeAll(async () => {
  bed = await openSkippingBed();
}, 180_000);

afterAll(() => bed?.close());

async function start(terms: LeadToCashInput['terms']): Promise<LeadToCash> {
  const { workflows, taskQueue } = bed;
  const workflow = await workflows.startLeadToCash(order(terms), { workflowId: newId('weeks'), taskQueue });
  await until('the quote', async () => (await workflow.state()).stage === 'quote_sent');
  return workflow;
}

async function invoiced(terms: LeadToCashInput['terms']): Promise<LeadToCash> {
  const workflow = await start(terms);
  await workflow.update('acceptQuote', { by: 'buyer' });
  await until('the invoice', async () => (await workflow.state()).stage === 'awaiting_payment');
  return workflow;
}

const messages = async (workflowId: string) =>
  (
    await bed.books.rows<{ template: string }>(
      `SELECT payload->'data'->>'template' AS template FROM outbox.events
        WHERE type = 'sales.message.requested' AND payload->'data'->>'workflowId' = $1 ORDER BY id`,
      [workflowId],
    )
  ).map(({ template }) => template);

it('reminds of a quote twice and lets it expire after 30 days', async () => {
  const workflow = await start({});
  expect(await workflow.result()).toMatchObject({ outcome: 'expired', invoiceNumber: null });
  expect(await messages(workflow.workflowId)).toEqual(['quote', 'quote_reminder', 'quote_reminder']);
  const timeline = await workflow.timeline();
  const days = (Date.parse(timeline.at(-1)?.at ?? '') - Date.parse(timeline[0]?.at ?? '')) / 86_400_000;
  expect(Math.round(days)).toBe(30);
});

it('duns through three levels with fees and interest, and writes off by itself', async () => {
  const workflow = await invoiced({ lateInterestPercent: '9.12', autoWriteOff: true });
  expect(await workflow.result()).toMatchObject({ outcome: 'written_off', paid: '0.00' });
  // 268.53 at 9.12 % for 7, 14 and 14 days: 0.47 + 0.94 + 0.94; fees 0 + 5 + 10.
  expect(await bed.books.balances(workflow.workflowId)).toEqual({
    2100: '-41.87',
    4000: '-226.66',
    4100: '-17.35',
    6900: '285.88',
  });
  expect(await messages(workflow.workflowId)).toEqual([
    'quote',
    'invoice',
    'payment_reminder',
    'dunning',
    'dunning',
    'dunning',
  ]);
});

it('takes a late payment with its charges, and a refund within the window', async () => {
  const workflow = await invoiced({});
  await bed.env.sleep('40 days');
  await until('level 2', async () => (await workflow.state()).dunningLevel === 2);
  const { open } = await workflow.state();
  expect(open).toBe('273.53');
  const paid = await workflow.update('recordPayment', { paymentId: 'p1', amount: '300.00' });
  expect(paid).toMatchObject({ stage: 'paid', open: '0.00', credit: '26.47' });
  const refunded = await workflow.update('refund', {
    refundId: 'r1',
    amount: '126.47',
    by: 'accountant',
    reason: 'goods returned',
  });
  expect(refunded).toMatchObject({ credit: '0.00', refunded: '100.00' });
  expect(
    await failureOf(
      workflow.update('refund', { refundId: 'r2', amount: '173.54', by: 'accountant', reason: 'too much' }),
    ),
  ).toMatchObject({ type: 'BIZ_REFUND_TOO_HIGH' });
  expect(await workflow.result()).toMatchObject({ outcome: 'paid', refunded: '100.00' });
  expect(await bed.books.balances(workflow.workflowId)).toEqual({
    1000: '173.53',
    2100: '-26.56',
    4000: '-226.66',
    4100: '-5',
    4900: '84.69',
  });
});

it('asks a person about writing off, and goes on when the term is extended', async () => {
  const workflow = await invoiced({ dunning: [{ afterDays: 10, fee: '2.50' }], writeOffDecisionDays: 20 });
  await bed.env.sleep('50 days');
  await until('the question', async () => (await workflow.waitingFor())?.waitingFor === 'write_off_decision');
  await workflow.update('extendPaymentTerm', { by: 'accountant', days: 30 });
  expect(await workflow.state()).toMatchObject({ stage: 'awaiting_payment', dunningLevel: 0 });
  await bed.env.sleep('45 days');
  await until('dunning again', async () => (await workflow.state()).lateCharges === '5.00');
  await workflow.update('writeOff', { by: 'cfo', reason: 'insolvent' });
  expect(await workflow.result()).toMatchObject({ outcome: 'written_off', writtenOff: '273.53' });
});

it('stays silent while dunning is paused', async () => {
  const workflow = await invoiced({});
  await workflow.signal('pauseDunning', { by: 'accountant' });
  await bed.env.sleep('120 days');
  expect(await workflow.state()).toMatchObject({ dunningPaused: true, dunningLevel: 0, lateCharges: '0.00' });
  await workflow.update('recordPayment', { paymentId: 'p', amount: '268.53' });
  expect(await workflow.result()).toMatchObject({ outcome: 'paid' });
});

it('escalates an approval after two days, and then takes the word of who was asked too', async () => {
  const workflow = await bed.workflows.startInvoiceProcessing(processing(supplierInvoice()), {
    workflowId: newId('escalation'),
    taskQueue: bed.taskQueue,
  });
  await until('the approval', async () => (await workflow.state()).stage === 'approval');
  await bed.env.sleep('49 hours');
  await until('the escalation', async () => (await workflow.state()).escalated);
  await workflow.update('approve', { by: 'head' });
  expect(await workflow.result()).toMatchObject({ outcome: 'paid' });
  expect(await bed.books.events(workflow.workflowId)).toContain('finance.invoice.escalated');
});

it('pays an invoice shortly before it is due', async () => {
  const due = new Date((await bed.env.currentTimeMs()) + 60 * 86_400_000).toISOString().slice(0, 10);
  const workflow = await bed.workflows.startInvoiceProcessing(processing(supplierInvoice({ dueOn: due })), {
    workflowId: newId('scheduled'),
    taskQueue: bed.taskQueue,
  });
  await until('the approval', async () => (await workflow.state()).stage === 'approval');
  await workflow.update('approve', { by: 'lead' });
  expect(await workflow.result()).toMatchObject({ outcome: 'paid' });
  const [row] = await bed.books.rows<{ early: number }>(
    `SELECT $2::date - posted_on AS early FROM finance.journal_entries
      WHERE workflow_id = $1 AND description LIKE 'Payment%'`,
    [workflow.workflowId, due],
  );
  expect(row?.early).toBe(2);
});
