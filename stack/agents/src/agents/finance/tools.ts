import { BizError } from '@bizstack/contracts';
import { z } from 'zod';
import { defineTool, type Tool, type ToolContext } from '../../tools/define-tool';
import { factSchema, type Fact } from './facts';
import { formatMoney } from './money';
import type { FinancePorts, InvoiceFacts, ReportRows } from './ports';
import { checkRefund, type RefundPolicy } from './refund-policy';

export interface FinanceSettings {
  policy: RefundPolicy;
  now: () => Date;
}

const FACT = 'fact';
const ROWS_MAX = 200;
const amount = z
  .string()
  .regex(/^\d{1,12}(\.\d{1,2})?$/)
  .describe('Decimal text, for example 120.50');

export function financeTools(ports: FinancePorts, settings: FinanceSettings): Tool[] {
  return [
    ...invoiceTools(ports),
    ...refundTools(ports, settings),
    ...reportTools(ports),
    ...transactionTools(ports),
  ];
}

/** Adds facts under a name that is new in this run, and gives back what the model is to see. */
function addFacts({ note, notes }: ToolContext, kind: string, values: Record<string, string>): Fact[] {
  const used = notes(FACT).map((one) => factSchema.parse(one).name);
  let number = 1;
  while (used.some((name) => name.startsWith(`${kind}_${number}.`))) number++;
  const facts = Object.entries(values).map(([name, text]) => ({ name: `${kind}_${number}.${name}`, text }));
  for (const fact of facts) note(FACT, fact);
  return facts;
}

function invoiceTools({ invoices }: FinancePorts): Tool[] {
  return [
    defineTool({
      name: 'get_invoice',
      description: 'Facts of an invoice by its number or id.',
      label: 'read',
      permission: 'finance:read',
      input: z.strictObject({ reference: z.string().trim().min(1).max(100) }),
      run: async ({ reference }, context) => {
        const invoice = await invoices.get(reference, context);
        return invoice ? addFacts(context, 'invoice', invoiceValues(invoice)) : 'There is no such invoice.';
      },
    }),
    defineTool({
      name: 'find_invoices',
      description: 'Facts of invoices by customer or status.',
      label: 'read',
      permission: 'finance:read',
      input: z.strictObject({
        customer: z.string().max(200).optional(),
        status: z.string().max(50).optional(),
      }),
      run: async ({ customer, status }, context) => {
        const query = { ...(customer ? { customer } : {}), ...(status ? { status } : {}), limit: 20 };
        const found = await invoices.find(query, context);
        return found.length === 0
          ? 'None.'
          : found.map((invoice) => addFacts(context, 'invoice', invoiceValues(invoice)));
      },
    }),
  ];
}

function refundTools({ invoices, refunds }: FinancePorts, { policy, now }: FinanceSettings): Tool[] {
  const check = defineTool({
    name: 'check_refund',
    description: 'What the refund policy says about refunding an amount of an invoice. Its word is final.',
    label: 'read',
    permission: 'finance:read',
    input: z.strictObject({ reference: z.string().min(1).max(100), amount }),
    run: async ({ reference, amount: wanted }, context) => {
      const invoice = await invoices.get(reference, context);
      if (!invoice) return 'There is no such invoice.';
      const verdict = checkRefund(invoice, wanted, policy, now());
      context.note('refund_check', { invoice: invoice.number, ...verdict });
      const facts = addFacts(context, 'refund', {
        asked: formatMoney(wanted, invoice.currency),
        up_to: formatMoney(verdict.upTo, invoice.currency),
        invoice: invoice.number,
        days: String(policy.withinDays),
      });
      return { allowed: verdict.allowed, reasons: verdict.reasons, facts };
    },
  });
  if (!refunds) return [check];
  const request = defineTool({
    name: 'request_refund',
    description: 'Asks for a refund that the policy allows.',
    label: 'destructive',
    permission: 'finance:refund',
    idempotent: true,
    input: z.strictObject({
      reference: z.string().min(1).max(100),
      amount,
      reason: z.string().min(1).max(500),
    }),
    summary: ({ reference, amount: wanted }) => `Refund ${wanted} of invoice ${reference}`,
    run: async ({ reference, amount: wanted, reason }, context) => {
      const invoice = await invoices.get(reference, context);
      if (!invoice) throw new BizError('BIZ_AGENTS_INVOICE_UNKNOWN', 'There is no such invoice.');
      // Checked again at the last moment, also after an approval: things change while somebody decides.
      const verdict = checkRefund(invoice, wanted, policy, now());
      if (!verdict.allowed) {
        throw new BizError(
          'BIZ_AGENTS_REFUND_REFUSED',
          `The policy does not allow it: ${verdict.reasons.join(', ')}.`,
        );
      }
      const { currency, id } = invoice;
      const refund = await refunds.request({ invoiceId: id, amount: wanted, currency, reason }, context);
      context.note('refund', { id: refund.id, invoice: invoice.number, amount: wanted, currency });
      return 'requested';
    },
  });
  return [check, request];
}

function reportTools({ reports }: FinancePorts): Tool[] {
  if (!reports) return [];
  return [
    defineTool({
      name: 'list_reports',
      description: 'Reports there are, with their parameters.',
      label: 'read',
      permission: 'finance:read',
      input: z.strictObject({}),
      run: async (_input, context) => reports.list(context),
    }),
    defineTool({
      name: 'run_report',
      description: 'Runs a report and returns its facts.',
      label: 'read',
      permission: 'finance:read',
      input: z.strictObject({
        name: z.string().min(1).max(100),
        parameters: z.record(z.string(), z.string().max(200)).default({}),
      }),
      run: async ({ name, parameters }, context) => {
        const known = await reports.list(context);
        if (!known.some((report) => report.name === name)) return 'There is no such report.';
        const result = await reports.run(name, parameters, context);
        context.note('report', { name, parameters, rows: result.rows.slice(0, ROWS_MAX) });
        return addFacts(context, 'report', reportValues(result));
      },
    }),
  ];
}

function transactionTools({ transactions }: FinancePorts): Tool[] {
  if (!transactions) return [];
  return [
    defineTool({
      name: 'explain_transaction',
      description: 'Why a transaction was flagged as unusual, found by statistics.',
      label: 'read',
      permission: 'finance:read',
      input: z.strictObject({ transactionId: z.string().min(1).max(100) }),
      run: async ({ transactionId }, context) => {
        const found = await transactions.flags(transactionId, context);
        if (!found) return 'Nothing is known about this transaction.';
        return addFacts(context, 'transaction', {
          amount: formatMoney(found.amount, found.currency),
          date: found.date,
          party: found.party,
          ...Object.fromEntries(found.reasons.map((reason, index) => [`reason_${index + 1}`, reason])),
        });
      },
    }),
  ];
}

function invoiceValues(invoice: InvoiceFacts): Record<string, string> {
  const money = (value: string) => formatMoney(value, invoice.currency);
  return {
    number: invoice.number,
    customer: invoice.customer,
    status: invoice.status,
    issued: invoice.issued,
    due: invoice.due,
    total: money(invoice.total),
    paid: money(invoice.paid),
    refunded: money(invoice.refunded),
    ...(invoice.paidAt === null ? {} : { paid_at: invoice.paidAt }),
  };
}

function reportValues({ columns, rows, currency }: ReportRows): Record<string, string> {
  const values: Record<string, string> = {};
  rows.slice(0, ROWS_MAX).forEach((row, index) => {
    for (const { name, kind } of columns) {
      const value = row[name];
      if (value === null || value === undefined) continue;
      const text = String(value);
      values[`row_${index + 1}.${name}`] =
        kind === 'money' ? formatMoney(text, currency ?? '') : kind === 'percent' ? `${text} %` : text;
    }
  });
  return values;
}
