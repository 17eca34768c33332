import { randomUUID } from 'node:crypto';
import { type MeasuredPair, measureRates } from '@bizstack/piece-testkit';
import { startFakePayouts } from '../test/support/payouts';
import { openBed } from '../test/support/bed';
import { order } from '../test/support/orders';
import { processing, supplierInvoice } from '../test/support/supplier-invoices';
import { until } from '../test/support/until';

const STARTS = 40;
const APPROVALS = 10;

/** The typed client beside Temporal's own, and whole approvals, with the books written, through both. */
export async function bench(): Promise<MeasuredPair[]> {
  const payouts = await startFakePayouts();
  const bed = await openBed({ WORKFLOWS_STRIPE_URL: payouts.url, WORKFLOWS_STRIPE_KEY: 'sk_test_workflows' });
  const { workflows, client, taskQueue } = bed;
  const each = async (count: number, work: (workflowId: string) => Promise<unknown>): Promise<void> => {
    await Promise.all(Array.from({ length: count }, () => work(`bench-${randomUUID()}`)));
  };
  // Nobody works on this queue: only starting is measured.
  const idle = `idle-${randomUUID()}`;
  const pairs = [
    await measureRates({
      name: `start of leadToCash, ${STARTS} at once`,
      unit: 'starts',
      amount: STARTS,
      rounds: 5,
      ours: () =>
        each(STARTS, (workflowId) => workflows.startLeadToCash(order(), { workflowId, taskQueue: idle })),
      reference: () =>
        each(STARTS, (workflowId) =>
          client.workflow.start('leadToCash', { workflowId, taskQueue: idle, args: [order()] }),
        ),
    }),
    await measureRates({
      name: `invoice from start to posting, ${APPROVALS} at once`,
      unit: 'invoices',
      amount: APPROVALS,
      rounds: 3,
      ours: () =>
        each(APPROVALS, async (workflowId) => {
          const workflow = await workflows.startInvoiceProcessing(processing(supplierInvoice()), {
            workflowId,
            taskQueue,
          });
          await until('approval', async () => (await workflow.state()).stage === 'approval');
          await workflow.update('approve', { by: 'lead' });
          await workflow.result();
        }),
      reference: () =>
        each(APPROVALS, async (workflowId) => {
          const handle = await client.workflow.start('invoiceProcessing', {
            workflowId,
            taskQueue,
            args: [processing(supplierInvoice())],
          });
          await until(
            'approval',
            async () => (await handle.query<{ stage: string }>('state')).stage === 'approval',
          );
          await handle.executeUpdate('approve', { args: [{ by: 'lead' }] });
          await handle.result();
        }),
    }),
  ];
  await bed.close();
  await payouts.close();
  return pairs;
}
