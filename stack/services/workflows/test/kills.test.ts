import { Client, Connection } from '@temporalio/client';
import { Pool } from 'pg';
import { type LeadToCash, WorkflowsClient } from '../src/client';
import { newId } from './support/bed';
import { Books } from './support/books';
import { order } from './support/orders';
import { type OwnStack, startOwnStack } from './support/own-stack';
import { type FakePayouts, startFakePayouts } from './support/payouts';
import { startedOnce } from './support/started-once';
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

/** One thing that is asked for or waited for; it is tried until it worked. */
interface Act {
  readonly what: string;
  readonly act: () => Promise<unknown>;
}

/** A process and what is to be seen when it is over. */
interface Course {
  readonly acts: readonly Act[];
  readonly check: () => Promise<void>;
}

/**
 * Runs each course once for each of its states, all side by side; every run stops before another act. Then all
 * acts are begun, the victim is killed while they are under way, and everything goes on to its end.
 */
async function killInEveryState(victim: Victim, courses: readonly (() => Course)[]): Promise<void> {
  const runs = courses.flatMap((make) => make().acts.map((_act, stop) => ({ stop, course: make() })));
  let arrived = 0;
  let open: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (open = resolve));
  const ends = runs.map(async ({ stop, course }) => {
    for (const [index, { what, act }] of course.acts.entries()) {
      if (index === stop) {
        arrived += 1;
        await gate;
      }
      await until(what, act, 150);
    }
  });
  const all = Promise.all(ends);
  all.catch(() => undefined);
  await until('every run to reach its state', async () => arrived === runs.length, 150);
  open();
  if (victim === 'worker') await worker.kill();
  else await stack.kill(victim);
  // As a supervisor does; a worker may give up while Temporal is away.
  const restart = async () => {
    if (!worker.running) worker = await launch();
    return true;
  };
  await until('the worker', restart);
  await all;
  // What had ended before the kill is looked at when all is back.
  await until('PostgreSQL', () => books.rows('SELECT 1'));
  for (const { course } of runs) await course.check();
}

function sale(): Course {
  const workflowId = newId('killed-sale');
  const workflow: LeadToCash = workflows.leadToCash(workflowId);
  const stage = (wanted: string): Act => ({
    what: wanted,
    act: async () => (await workflow.state()).stage === wanted,
  });
  const pay = (paymentId: string, amount: string): Act => ({
    what: paymentId,
    act: () => workflow.update('recordPayment', { paymentId, amount }, paymentId),
  });
  const refund = { refundId: 'r1', amount: '268.53', by: 'accountant', reason: 'returned' };
  return {
    acts: [
      {
        what: 'the start',
        act: () => startedOnce(() => workflows.startLeadToCash(order(), { workflowId, taskQueue })),
      },
      stage('quote_sent'),
      { what: 'the acceptance', act: () => workflow.update('acceptQuote', { by: 'buyer' }, 'accept') },
      stage('awaiting_payment'),
      pay('p1', '68.53'),
      pay('p2', '200.00'),
      {
        what: 'the refund',
        // It closes the workflow, which takes no update any more then.
        act: async () => (await refunded(workflowId)) || workflow.update('refund', refund, 'r1'),
      },
      { what: 'the end', act: () => workflow.result() },
    ],
    async check() {
      expect(await workflow.result()).toMatchObject({ outcome: 'refunded', paid: '268.53' });
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
        'sales.message.requested',
        'finance.invoice.refunded',
      ]);
    },
  };
}

async function refunded(workflowId: string): Promise<boolean> {
  return (await books.events(workflowId)).includes('finance.invoice.refunded');
}

function bill(): Course {
  const workflowId = newId('killed-bill');
  const workflow = workflows.invoiceProcessing(workflowId);
  const invoice = supplierInvoice({ lines: [], net: '1000.00', tax: '190.00', gross: '1190.00' });
  const approval = (by: string): Act => ({
    what: `approval of ${by}`,
    act: () => workflow.update('approve', { by }, by),
  });
  return {
    acts: [
      {
        what: 'the start',
        act: () =>
          startedOnce(() => workflows.startInvoiceProcessing(processing(invoice), { workflowId, taskQueue })),
      },
      { what: 'the approval', act: async () => (await workflow.state()).stage === 'approval' },
      approval('lead'),
      approval('cfo'),
      approval('head'),
      { what: 'the payment', act: async () => payouts.made.has(`${workflowId}:payment:1`) },
      {
        what: 'the end',
        act: async () => {
          payouts.settle();
          return workflow.result();
        },
      },
    ],
    async check() {
      expect(await workflow.result()).toMatchObject({ outcome: 'paid' });
      const orders = [...payouts.made.keys()].filter((key) => key.startsWith(workflowId));
      expect(orders).toEqual([`${workflowId}:payment:1`]);
      expect(await books.balances(workflowId)).toEqual({ 1000: '-1190', 1200: '190', 6000: '1000' });
      expect(await books.entries(workflowId)).toHaveLength(2);
      expect(await books.events(workflowId)).toEqual([
        'finance.invoice.received',
        'finance.invoice.approved',
        'finance.payment.settled',
        'finance.invoice.posted',
      ]);
    },
  };
}

it.each(VICTIMS)(
  'every process ends once, with its books right, when the %s is killed in every state',
  async (victim) => {
    payouts.outcome = 'pending';
    await killInEveryState(victim, [sale, bill]);
  },
);
