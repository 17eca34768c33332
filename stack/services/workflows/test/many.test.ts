import { type Bed, newId, openBed } from './support/bed';
import { order } from './support/orders';
import { startedOnce } from './support/started-once';
import { until } from './support/until';

jest.setTimeout(1_800_000);

/** BIZSTACK_SALES=1000 for the whole measure; fewer where the machine has other tests to run. */
const SALES = Number(process.env['BIZSTACK_SALES'] ?? 100);
/** Requests under way at the same time; all workflows are open at once. */
const WIDTH = 25;
/** Seconds for which a request is repeated: the development server turns some away when it is busy. */
const PATIENCE = 120;

/** What so many sales come to, from the amount of one in cents. */
function total(cents: number): string {
  const all = BigInt(cents) * BigInt(SALES);
  const digits = String(all < 0n ? -all : all).padStart(3, '0');
  return `${all < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

let bed: Bed;

beforeAll(async () => {
  bed = await openBed();
}, 180_000);

afterAll(() => bed?.close());

async function each<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const left = items[Symbol.iterator]();
  const worker = async () => {
    for (const item of left) await until('an answer', async () => (await work(item), true), PATIENCE);
  };
  await Promise.all(Array.from({ length: WIDTH }, worker));
}

it(`takes ${SALES} sales through at once, with the books right to the cent`, async () => {
  const { workflows, taskQueue, books } = bed;
  const prefix = newId('thousand');
  const ids = Array.from({ length: SALES }, (_, n) => `${prefix}-${n}`);
  const sum = async (account: string) => {
    const [row] = await books.rows<{ balance: string }>(
      'SELECT sum(balance)::numeric(12, 2)::text AS balance FROM finance.balances WHERE workflow_id LIKE $1 AND account = $2',
      [`${prefix}-%`, account],
    );
    return row?.balance ?? null;
  };
  const events = async (type: string) => {
    const [row] = await books.rows<{ all: number; workflows: number }>(
      `SELECT count(*)::int AS all, count(DISTINCT payload->'data'->>'workflowId')::int AS workflows
       FROM outbox.events WHERE type = $1 AND payload->'data'->>'workflowId' LIKE $2`,
      [type, `${prefix}-%`],
    );
    return row;
  };
  const allHave = async (type: string) => (await events(type))?.workflows === SALES;

  await each(ids, (workflowId) =>
    startedOnce(() => workflows.startLeadToCash(order(), { workflowId, taskQueue })),
  );
  await until('all quotes', () => allHave('sales.quote.sent'), 900);
  await each(ids, (id) => workflows.leadToCash(id).update('acceptQuote', { by: 'buyer' }, 'accept'));
  await until('all invoices', () => allHave('finance.invoice.issued'), 900);
  expect(await sum('1100')).toBe(total(26_853));
  await each(ids, (id) =>
    workflows.leadToCash(id).update('recordPayment', { paymentId: 'p1', amount: '268.53' }, 'p1'),
  );
  await each(ids, async (id) => {
    const workflow = workflows.leadToCash(id);
    // The answer to an earlier attempt may have been lost, and a closed workflow takes no update.
    await workflow.update('close', { by: 'accountant' }, 'close').catch(() => undefined);
    expect(await workflow.result()).toMatchObject({ outcome: 'paid', paid: '268.53' });
  });

  expect(await sum('1000')).toBe(total(26_853));
  expect(await sum('1100')).toBe('0.00');
  expect(await sum('2100')).toBe(total(-4_187));
  expect(await sum('4000')).toBe(total(-22_666));
  for (const type of ['sales.quote.accepted', 'finance.invoice.issued', 'finance.invoice.paid']) {
    expect(await events(type)).toEqual({ all: SALES, workflows: SALES });
  }
});
