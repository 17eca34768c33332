import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporal } from '@temporalio/proto';
import { Worker } from '@temporalio/worker';
import { type Bed, newId, openBed } from './support/bed';
import { order } from './support/orders';
import { type FakePayouts, startFakePayouts } from './support/payouts';
import { processing, supplierInvoice } from './support/supplier-invoices';
import { BUNDLE } from './support/time-skipping';
import { until } from './support/until';

const { History } = temporal.api.history.v1;
const HISTORIES = join(__dirname, 'histories');
const recorded = existsSync(HISTORIES) ? readdirSync(HISTORIES) : [];

let bed: Bed;
let payouts: FakePayouts;

beforeAll(async () => {
  payouts = await startFakePayouts();
  bed = await openBed({ WORKFLOWS_STRIPE_URL: payouts.url, WORKFLOWS_STRIPE_KEY: 'sk_test_workflows' });
}, 180_000);

afterAll(async () => {
  await bed?.close();
  await payouts.close();
});

/** Recorded from real runs of earlier versions: a change that would break workflows under way fails here. */
test('histories of every type were recorded', () => {
  for (const type of ['lead-to-cash', 'invoice-processing', 'content-publishing']) {
    expect(recorded.some((file) => file.startsWith(type))).toBe(true);
  }
});

test.each(recorded)('%s is replayed', async (file) => {
  await replay(JSON.parse(readFileSync(join(HISTORIES, file), 'utf8')) as Record<string, unknown>);
});

test('a history that does not fit is noticed', async () => {
  const file = recorded.find((name) => name.startsWith('content-publishing'));
  const text = readFileSync(join(HISTORIES, file ?? ''), 'utf8').replaceAll(
    '"saveContent"',
    '"otherActivity"',
  );
  await expect(replay(JSON.parse(text) as Record<string, unknown>)).rejects.toThrow();
});

test('what runs now is replayed', async () => {
  const options = (prefix: string) => ({ workflowId: newId(prefix), taskQueue: bed.taskQueue });
  const sale = await bed.workflows.startLeadToCash(order(), options('lead-to-cash'));
  await until('the quote', async () => (await sale.state()).stage === 'quote_sent');
  await sale.update('extendQuote', { by: 'seller', days: 5 });
  await sale.update('acceptQuote', { by: 'buyer' });
  await until('the invoice', async () => (await sale.state()).stage === 'awaiting_payment');
  await sale.update('recordPayment', { paymentId: 'p1', amount: '300.00' });
  await sale.update('refund', { refundId: 'r1', amount: '300.00', by: 'seller', reason: 'returned' });
  await sale.result();
  await keep('lead-to-cash', sale.workflowId);

  const bill = await bed.workflows.startInvoiceProcessing(processing(supplierInvoice()), options('invoice'));
  await until('the approval', async () => (await bill.state()).stage === 'approval');
  await bill.signal('escalate', { by: 'clerk' });
  await until('the escalation', async () => (await bill.state()).escalated);
  await bill.update('approve', { by: 'head' });
  await bill.result();
  await keep('invoice-processing', bill.workflowId);

  const item = await bed.workflows.startContentPublishing(
    {
      ...{ itemId: newId('item'), title: 'A', body: 'B', author: 'ann', reviewers: ['bob'] },
      targets: [{ name: 'blog', url: 'http://127.0.0.1:1/' }],
    },
    options('content'),
  );
  await until('the review', async () => (await item.state()).revision === 1);
  await item.update('approve', { by: 'bob' });
  await until('the decision', async () => (await item.state()).stage === 'partly_published');
  await item.update('acceptPartial', { by: 'bob' });
  await item.result();
  await keep('content-publishing', item.workflowId);
});

/** Replays the history of a workflow, and writes it down when told to: `BIZSTACK_RECORD_HISTORIES=<version>`. */
async function keep(name: string, workflowId: string): Promise<void> {
  const history = await bed.client.workflow.getHandle(workflowId).fetchHistory();
  const json = History.toObject(History.fromObject(history), { enums: String, longs: String, bytes: String });
  await replay(json);
  const version = process.env['BIZSTACK_RECORD_HISTORIES'];
  if (version === undefined) return;
  mkdirSync(HISTORIES, { recursive: true });
  // Stack traces name where the repository lay.
  const text = JSON.stringify(json).replaceAll(`${join(__dirname, '../../../..')}/`, '');
  writeFileSync(join(HISTORIES, `${name}-${version}.json`), `${text}\n`);
}

async function replay(json: Record<string, unknown>): Promise<void> {
  await Worker.runReplayHistory({ workflowBundle: { codePath: BUNDLE } }, History.fromObject(json));
}
