import { Client, Connection } from '@temporalio/client';
import { Pool } from 'pg';
import { type LeadToCash, WorkflowsClient } from '../src/client';
import { newId } from './support/bed';
import { Books } from './support/books';
import { order } from './support/orders';
import { type OwnStack, startOwnStack } from './support/own-stack';
import { type FakePayouts, startFakePayouts } from './support/payouts';
import { processing, supplierInvoice } from './support/supplier-invoices';
import { until } from './support/until';
import { startWorker, type WorkerProcess } from './support/worker';

jest.setTimeout(240_000);

const VICTIMS = ['worker', 'postgres', 'temporal'] as const;
type Victim = (typeof VICTIMS)[number];

let stack: OwnStack;
let payouts: FakePayouts;
let worker: WorkerProcess;
let connection: Connection;
let books: Books;
let workflows: WorkflowsClient;
const taskQueue = newId('kills');

beforeAll(async () => {
  payouts = await startFakePayouts();
  stack = await startOwnStack();
  worker = await launch();
  connection = await Connection.connect({ address: stack.address });
  workflows = new WorkflowsClient(new Client({ connection, namespace: stack.namespace }));
  const pool = new Pool({ connectionString: stack.databaseUrl, max: 2 });
  pool.on('error', () => undefined);
  books = new Books(pool);
});

afterAll(async () => {
  if (worker?.running) await worker.kill();
  await connection?.close();
  await books?.pool.end();
  await stack?.remove();
  await payouts?.close();
});

function launch(): Promise<WorkerProcess> {
  return startWorker({
    TEMPORAL_ADDRESS: stack.address,
    TEMPORAL_NAMESPACE: stack.namespace,
    WORKFLOWS_DATABASE_URL: stack.databaseUrl,
    WORKFLOWS_TASK_QUEUE: taskQueue,
    WORKFLOWS_STRIPE_URL: payouts.url,
    WORKFLOWS_STRIPE_KEY: 'sk_test_workflows',
  });
}

/** Ends a part with SIGKILL while `work` is under way, and brings it back as a supervisor does. */
async function killDuring<T>(victim: Victim, what: string, work: () => Promise<T>): Promise<T> {
  const done = until(what, work, 90);
  done.catch(() => undefined);
  if (victim === 'worker') await worker.kill();
  else await stack.kill(victim);
  if (!worker.running) worker = await until('the worker', launch);
  return done;
}

const stageIs = (workflow: LeadToCash, stage: string) => async () => (await workflow.state()).stage === stage;

it.each(VICTIMS)('leadToCash ends once when the %s is killed in every state', async (victim) => {
  const workflowId = newId('killed');
  const workflow = workflows.leadToCash(workflowId);
  await killDuring(victim, 'the start', async () => {
    try {
      await workflows.startLeadToCash(order(), { workflowId, taskQueue });
    } catch (error) {
      // The answer to an earlier attempt was lost.
      if (!(error instanceof Error && error.name === 'WorkflowExecutionAlreadyStartedError')) throw error;
    }
    return true;
  });
  await killDuring(victim, 'the quote', stageIs(workflow, 'quote_sent'));
  await killDuring(victim, 'the acceptance', () => workflow.update('acceptQuote', { by: 'buyer' }, 'accept'));
  await killDuring(victim, 'the invoice', stageIs(workflow, 'awaiting_payment'));
  const pay = (paymentId: string, amount: string) => () =>
    workflow.update('recordPayment', { paymentId, amount }, paymentId);
  await killDuring(victim, 'a part', pay('p1', '68.53'));
  await killDuring(victim, 'the rest', pay('p2', '200.00'));
  const refund = { refundId: 'r1', amount: '268.53', by: 'accountant', reason: 'returned' };
  await killDuring(victim, 'the refund', async () => {
    if ((await books.events(workflowId)).includes('finance.invoice.refunded')) return true;
    return workflow.update('refund', refund, 'r1');
  });
  expect(await until('the end', () => workflow.result())).toMatchObject({ outcome: 'refunded', paid: '268.53' });
  expect(await books.balances(workflowId)).toEqual({ 4000: '-226.66', 4900: '226.66' });
  expect(await books.entries(workflowId)).toHaveLength(4);
  expect(await books.events(workflowId)).toEqual([
    'sales.quote.sent',
    'sales.message.requested',
    'sales.quote.accepted',
    'finance.invoice.issued',
    'sales.message.requested',
    'finance.payment.settled',
    'finance.payment.settled',
    'finance.invoice.paid',
    'finance.invoice.refunded',
  ]);
});

it.each(VICTIMS)('invoiceProcessing pays once when the %s is killed in every state', async (victim) => {
  const workflowId = newId('killed');
  const workflow = workflows.invoiceProcessing(workflowId);
  const gross = { lines: [], net: '1000.00', tax: '190.00', gross: '1190.00' };
  await killDuring(victim, 'the start', async () => {
    try {
      await workflows.startInvoiceProcessing(processing(supplierInvoice(gross)), { workflowId, taskQueue });
    } catch (error) {
      if (!(error instanceof Error && error.name === 'WorkflowExecutionAlreadyStartedError')) throw error;
    }
    return true;
  });
  await killDuring(victim, 'the approval', async () => (await workflow.state()).stage === 'approval');
  payouts.outcome = 'pending';
  for (const by of ['lead', 'cfo', 'head']) {
    await killDuring(victim, `approval of ${by}`, () => workflow.update('approve', { by }, by));
  }
  await until('the payment', async () => payouts.made.has(`${workflowId}:payment:1`));
  await killDuring(victim, 'the payment under way', async () => (await workflow.state()).stage === 'paying');
  payouts.settle();
  payouts.outcome = 'paid';
  expect(await killDuring(victim, 'the end', () => workflow.result())).toMatchObject({ outcome: 'paid' });
  expect([...payouts.made.keys()].filter((key) => key.startsWith(workflowId))).toEqual([`${workflowId}:payment:1`]);
  expect(await books.balances(workflowId)).toEqual({ 1000: '-1190', 1200: '190', 6000: '1000' });
  expect(await books.entries(workflowId)).toHaveLength(2);
  expect(await books.events(workflowId)).toEqual([
    'finance.invoice.received',
    'finance.invoice.approved',
    'finance.payment.settled',
    'finance.invoice.posted',
  ]);
});
