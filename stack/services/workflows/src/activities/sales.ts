import { BizError } from '@bizstack/contracts';
import type { LeadToCashOrder, Line } from '../client';
import { ACCOUNTS, credit, debit } from '../domain/ledger';
import { formatMoney, type Minor, parseMoney, shareOf } from '../domain/money';
import { totalsOf } from '../domain/totals';
import type { Database, Step } from './database';
import { keyOf, type StepInput } from './step';

export interface CreateQuote extends StepInput {
  readonly revision: number;
  readonly leadId: string;
  readonly customer: LeadToCashOrder['customer'];
  readonly lines: readonly Line[];
  readonly currency: string;
  readonly expiresAt: string;
}

export interface QuoteCreated {
  readonly number: string;
  readonly gross: string;
}

export interface SetQuoteStatus extends StepInput {
  readonly number: string;
  readonly status: 'accepted' | 'declined' | 'expired' | 'cancelled';
  readonly by: string | null;
  readonly reason: string | null;
}

export interface ExtendQuoteStep extends StepInput {
  readonly number: string;
  readonly expiresAt: string;
}

export interface IssueInvoice extends StepInput {
  readonly quoteNumber: string;
  readonly dueAt: string;
}

export interface ExtendDueDate extends StepInput {
  readonly dueAt: string;
}

export interface ChargeLateness extends StepInput {
  readonly level: number;
  readonly fee: string;
  readonly interest: string;
}

export interface BookPayment extends StepInput {
  readonly paymentId: string;
  readonly amount: string;
  readonly method: string;
}

export interface BookRefund extends StepInput {
  readonly refundId: string;
  readonly amount: string;
  readonly by: string;
  readonly reason: string;
}

export interface CloseInvoice extends StepInput {
  readonly by: string | null;
  readonly reason: string;
}

/** Amounts of the invoice after a step, decimal text. */
export interface InvoiceAmounts {
  readonly number: string;
  readonly gross: string;
  readonly charges: string;
  readonly paid: string;
  readonly open: string;
  readonly credit: string;
  readonly refunded: string;
  readonly writtenOff: string;
}

interface InvoiceRow {
  number: string;
  quote_number: string;
  currency: string;
  net: string;
  tax: string;
  gross: string;
  charges: string;
  paid: string;
  refunded: string;
  written_off: string;
  credit: string;
}

interface Invoice {
  readonly number: string;
  readonly currency: string;
  readonly net: Minor;
  readonly tax: Minor;
  readonly gross: Minor;
  readonly charges: Minor;
  readonly paid: Minor;
  readonly refunded: Minor;
  readonly writtenOff: Minor;
  readonly credit: Minor;
  readonly open: Minor;
}

const STATUS_EVENTS = {
  accepted: 'sales.quote.accepted',
  declined: 'sales.quote.declined',
  expired: 'sales.quote.expired',
  cancelled: 'sales.quote.cancelled',
} as const;

/** Steps of quotes and customer invoices. Each is done once, however often it is called. */
export function salesActivities(database: Database) {
  const once = <T>(input: StepInput, identity: unknown, work: (step: Step) => Promise<T>): Promise<T> =>
    database.once(keyOf(input), identity, work);

  return {
    /** Makes a quote and supersedes the one before. */
    createQuote: (input: CreateQuote): Promise<QuoteCreated> =>
      once(input, [input.leadId, input.revision], async (step) => {
        const { workflowId, revision, leadId, customer, lines, currency, expiresAt, at } = input;
        const totals = totalsOf(lines, currency);
        const number = await step.number('Q', at);
        const [net, tax, gross] = [totals.net, totals.tax, totals.gross].map((amount) =>
          formatMoney(amount, currency),
        );
        await step.rows(
          `UPDATE sales.quotes SET status = 'superseded', updated_at = now() WHERE workflow_id = $1 AND status = 'sent'`,
          [workflowId],
        );
        await step.rows(
          `INSERT INTO sales.quotes (number, workflow_id, revision, lead_id, customer, lines, currency, net, tax, gross, expires_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
          [
            ...[number, workflowId, revision, leadId, JSON.stringify(customer), JSON.stringify(lines)],
            ...[currency, net, tax, gross, expiresAt],
          ],
        );
        await step.emit({
          type: 'sales.quote.sent',
          subject: `quote/${number}`,
          data: { workflowId, leadId, number, revision, amount: gross, currency, expiresAt, customer, lines },
        });
        return { number, gross: gross ?? '' };
      }),

    setQuoteStatus: (input: SetQuoteStatus): Promise<void> =>
      once(input, [input.number, input.status], async (step) => {
        const { workflowId, number, status, by, reason } = input;
        const { gross, currency, lead_id } = await step.row<{
          gross: string;
          currency: string;
          lead_id: string;
        }>(
          `quote ${number}`,
          'UPDATE sales.quotes SET status = $2, updated_at = now() WHERE number = $1 RETURNING gross, currency, lead_id',
          [number, status],
        );
        await step.emit({
          type: STATUS_EVENTS[status],
          subject: `quote/${number}`,
          data: {
            workflowId,
            leadId: lead_id,
            number,
            amount: trimmed(gross, currency),
            currency,
            by,
            reason,
          },
        });
      }),

    extendQuote: (input: ExtendQuoteStep): Promise<void> =>
      once(input, [], async (step) => {
        await step.row(
          `quote ${input.number}`,
          'UPDATE sales.quotes SET expires_at = $2, updated_at = now() WHERE number = $1 RETURNING number',
          [input.number, input.expiresAt],
        );
      }),

    /** Turns the accepted quote into an invoice and posts it. */
    issueInvoice: (input: IssueInvoice): Promise<InvoiceAmounts> =>
      once(input, [], async (step) => {
        const { workflowId, quoteNumber, dueAt, at } = input;
        const number = await step.number('INV', at);
        const row = await step.row<InvoiceRow>(
          `quote ${quoteNumber}`,
          `INSERT INTO sales.invoices (number, workflow_id, quote_number, customer, lines, currency, net, tax, gross, due_at)
           SELECT $1, workflow_id, number, customer, lines, currency, net, tax, gross, $3
             FROM sales.quotes WHERE number = $2 RETURNING *`,
          [number, quoteNumber, dueAt],
        );
        const invoice = toInvoice(row);
        await step.post({
          key: keyOf(input),
          ...{ workflowId, at, currency: invoice.currency, reference: number },
          description: `Invoice ${number}`,
          postings: [
            debit(ACCOUNTS.receivable, invoice.gross),
            credit(ACCOUNTS.revenue, invoice.net),
            credit(ACCOUNTS.outputTax, invoice.tax),
          ],
        });
        const amounts = amountsOf(invoice);
        await step.emit({
          type: 'finance.invoice.issued',
          subject: `invoice/${number}`,
          data: { workflowId, number, quoteNumber, amount: amounts.gross, currency: invoice.currency, dueAt },
        });
        return amounts;
      }),

    extendDueDate: (input: ExtendDueDate): Promise<void> =>
      once(input, [], async (step) => {
        await step.row(
          'invoice of this workflow',
          'UPDATE sales.invoices SET due_at = $2, updated_at = now() WHERE workflow_id = $1 RETURNING number',
          [input.workflowId, input.dueAt],
        );
      }),

    /** Charges the fee and the interest of a level of dunning. */
    chargeLateness: (input: ChargeLateness): Promise<InvoiceAmounts> =>
      once(input, [], async (step) => {
        const { workflowId, level, at } = input;
        const before = await lockInvoice(step, workflowId);
        const { currency, number } = before;
        const charged = parseMoney(input.fee, currency) + parseMoney(input.interest, currency);
        const after = withOpen({ ...before, charges: before.charges + charged });
        await save(step, workflowId, after, 'open');
        await step.post({
          key: keyOf(input),
          ...{ workflowId, at, currency, reference: number },
          description: `Dunning level ${level}, invoice ${number}`,
          postings: [debit(ACCOUNTS.receivable, charged), credit(ACCOUNTS.lateFees, charged)],
        });
        const amounts = amountsOf(after);
        await step.emit({
          type: 'finance.invoice.overdue',
          subject: `invoice/${number}`,
          data: {
            workflowId,
            number,
            level,
            fee: input.fee,
            interest: input.interest,
            amount: amounts.open,
            currency,
          },
        });
        return amounts;
      }),

    /** Books a payment; what is more than the open amount becomes the customer's credit. */
    bookPayment: (input: BookPayment): Promise<InvoiceAmounts> =>
      once(input, [input.amount], async (step) => {
        const { workflowId, paymentId, method, at } = input;
        const before = await lockInvoice(step, workflowId);
        const { currency, number } = before;
        const amount = parseMoney(input.amount, currency);
        const applied = amount < before.open ? amount : before.open;
        const after = withOpen({
          ...before,
          paid: before.paid + applied,
          credit: before.credit + amount - applied,
        });
        await insertPayment(
          step,
          workflowId,
          'payment',
          paymentId,
          formatMoney(amount, currency),
          currency,
          method,
        );
        await save(step, workflowId, after, after.open === 0n ? 'paid' : 'open');
        await step.post({
          key: keyOf(input),
          ...{ workflowId, at, currency, reference: number },
          description: `Payment ${paymentId}, invoice ${number}`,
          postings: [
            debit(ACCOUNTS.bank, amount),
            credit(ACCOUNTS.receivable, applied),
            credit(ACCOUNTS.customerCredit, amount - applied),
          ],
        });
        const amounts = amountsOf(after);
        const data = { workflowId, number, paymentId, amount: formatMoney(amount, currency), currency };
        await step.emit({
          type: 'finance.payment.settled',
          subject: `invoice/${number}`,
          data: { ...data, direction: 'incoming', open: amounts.open },
        });
        if (after.open === 0n) {
          await step.emit({ type: 'finance.invoice.paid', subject: `invoice/${number}`, data });
        }
        return amounts;
      }),

    /** Pays money back: first what was paid too much, then of the invoice, with its share of tax. */
    bookRefund: (input: BookRefund): Promise<InvoiceAmounts> =>
      once(input, [input.amount], async (step) => {
        const { workflowId, refundId, by, reason, at } = input;
        const before = await lockInvoice(step, workflowId);
        const { currency, number } = before;
        const amount = parseMoney(input.amount, currency);
        const refundable = before.credit + before.paid - before.refunded;
        if (amount > refundable) {
          throw new BizError(
            'BIZ_REFUND_TOO_HIGH',
            `${input.amount} ${currency} cannot be refunded: ${formatMoney(refundable, currency)} is left.`,
          );
        }
        const fromCredit = amount < before.credit ? amount : before.credit;
        const fromPaid = amount - fromCredit;
        const tax = shareOf(before.tax, before.gross + before.charges, before.refunded, fromPaid);
        const after = withOpen({
          ...before,
          credit: before.credit - fromCredit,
          refunded: before.refunded + fromPaid,
        });
        await insertPayment(
          step,
          workflowId,
          'refund',
          refundId,
          formatMoney(amount, currency),
          currency,
          reason,
        );
        await save(
          step,
          workflowId,
          after,
          after.refunded === after.paid && fromPaid > 0n ? 'refunded' : 'paid',
        );
        await step.post({
          key: keyOf(input),
          ...{ workflowId, at, currency, reference: number },
          description: `Refund ${refundId}, invoice ${number}`,
          postings: [
            debit(ACCOUNTS.customerCredit, fromCredit),
            debit(ACCOUNTS.refunds, fromPaid - tax),
            debit(ACCOUNTS.outputTax, tax),
            credit(ACCOUNTS.bank, amount),
          ],
        });
        await step.emit({
          type: 'finance.invoice.refunded',
          subject: `invoice/${number}`,
          data: { workflowId, number, refundId, amount: formatMoney(amount, currency), currency, by, reason },
        });
        return amountsOf(after);
      }),

    /** Gives up the open amount. The tax stays as posted: relief for it is claimed by rules of each country. */
    writeOffInvoice: (input: CloseInvoice): Promise<InvoiceAmounts> =>
      once(input, [], async (step) => {
        const { workflowId, by, reason, at } = input;
        const before = await lockInvoice(step, workflowId);
        const { currency, number, open } = before;
        const after = withOpen({ ...before, writtenOff: before.writtenOff + open });
        await save(step, workflowId, after, 'written_off');
        await step.post({
          key: keyOf(input),
          ...{ workflowId, at, currency, reference: number },
          description: `Write-off, invoice ${number}`,
          postings: [debit(ACCOUNTS.badDebt, open), credit(ACCOUNTS.receivable, open)],
        });
        await step.emit({
          type: 'finance.invoice.written_off',
          subject: `invoice/${number}`,
          data: { workflowId, number, amount: formatMoney(open, currency), currency, by, reason },
        });
        return amountsOf(after);
      }),

    /** Takes an invoice back: what was paid becomes the customer's credit. Does nothing without an invoice. */
    creditInvoice: (input: CloseInvoice): Promise<InvoiceAmounts | null> =>
      once(input, [], async (step) => {
        const { workflowId, by, reason, at } = input;
        const found = await step.rows('SELECT 1 FROM sales.invoices WHERE workflow_id = $1', [workflowId]);
        if (found.length === 0) return null;
        const before = await lockInvoice(step, workflowId);
        const { currency, number } = before;
        const after: Invoice = { ...before, credit: before.credit + before.paid, paid: 0n, open: 0n };
        await save(step, workflowId, after, 'credited');
        await step.post({
          key: keyOf(input),
          ...{ workflowId, at, currency, reference: number },
          description: `Credit note for invoice ${number}`,
          postings: [
            debit(ACCOUNTS.revenue, before.net),
            debit(ACCOUNTS.outputTax, before.tax),
            debit(ACCOUNTS.lateFees, before.charges),
            credit(ACCOUNTS.receivable, before.open),
            credit(ACCOUNTS.customerCredit, before.paid),
          ],
        });
        await step.emit({
          type: 'finance.invoice.credited',
          subject: `invoice/${number}`,
          data: { workflowId, number, amount: formatMoney(before.gross, currency), currency, by, reason },
        });
        return amountsOf(after);
      }),
  };
}

async function lockInvoice(step: Step, workflowId: string): Promise<Invoice> {
  return toInvoice(
    await step.row<InvoiceRow>(
      `invoice of workflow ${workflowId}`,
      'SELECT * FROM sales.invoices WHERE workflow_id = $1 FOR UPDATE',
      [workflowId],
    ),
  );
}

async function save(step: Step, workflowId: string, invoice: Invoice, status: string): Promise<void> {
  const { currency, charges, paid, refunded, writtenOff } = invoice;
  await step.rows(
    `UPDATE sales.invoices SET charges = $2, paid = $3, refunded = $4, written_off = $5, credit = $6, status = $7,
       updated_at = now() WHERE workflow_id = $1`,
    [
      workflowId,
      ...[charges, paid, refunded, writtenOff, invoice.credit].map((amount) => formatMoney(amount, currency)),
      status,
    ],
  );
}

async function insertPayment(step: Step, ...values: readonly string[]): Promise<void> {
  await step.rows(
    'INSERT INTO sales.payments (workflow_id, kind, payment_id, amount, currency, method) VALUES ($1, $2, $3, $4, $5, $6)',
    values,
  );
}

function toInvoice(row: InvoiceRow): Invoice {
  const money = (text: string): Minor => parseMoney(text, row.currency);
  return withOpen({
    number: row.number,
    currency: row.currency,
    net: money(row.net),
    tax: money(row.tax),
    gross: money(row.gross),
    charges: money(row.charges),
    paid: money(row.paid),
    refunded: money(row.refunded),
    writtenOff: money(row.written_off),
    credit: money(row.credit),
  });
}

function withOpen(invoice: Omit<Invoice, 'open'>): Invoice {
  const { gross, charges, paid, writtenOff } = invoice;
  return { ...invoice, open: gross + charges - paid - writtenOff };
}

function amountsOf(invoice: Invoice): InvoiceAmounts {
  const text = (amount: Minor): string => formatMoney(amount, invoice.currency);
  return {
    number: invoice.number,
    gross: text(invoice.gross),
    charges: text(invoice.charges),
    paid: text(invoice.paid),
    open: text(invoice.open),
    credit: text(invoice.credit),
    refunded: text(invoice.refunded),
    writtenOff: text(invoice.writtenOff),
  };
}

function trimmed(amount: string, currency: string): string {
  return formatMoney(parseMoney(amount, currency), currency);
}
