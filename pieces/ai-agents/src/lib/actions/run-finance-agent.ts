import { createAction, Property } from '@activepieces/pieces-framework';
import type { FinancePorts } from '@bizstack/agents/agents';
import { jsonObjectSchema, parseInput, parseJsonProp } from '@bizstack/piece-common';
import { type z } from 'zod';
import { agentOutputFields, agentProps, writeUrlProp } from '../agent-props';
import { aiAgentsAuth } from '../auth';
import type { flagsSchema, invoicesSchema, reportsSchema } from '../finance-input-lazy';
import { runAgentStep } from '../run-agent';
import { createdSchema, type Writer, writerTo } from '../writer';

export const runFinanceAgentAction = createAction({
  name: 'run_finance_agent',
  auth: aiAgentsAuth,
  displayName: 'Run Finance Agent',
  description:
    'Answers about invoices, refunds by policy, unusual transactions and reports; no figure comes from the model',
  audience: 'both',
  aiMetadata: {
    description:
      'Answer finance questions from the given invoices, reports and flags. Figures are put in by code; refunds are checked against the policy by code and wait for a person. Repeating the step in a run continues it.',
    idempotent: true,
  },
  props: {
    ...agentProps,
    invoices: Property.Json({
      displayName: 'Invoices',
      description:
        'Rows of a query: id, number, customer, issued, due, currency, total, paid, refunded, paidAt, status.',
      required: false,
    }),
    reports: Property.Json({
      displayName: 'Reports',
      description:
        'Results of queries: [{"name", "description", "currency", "columns": [{"name", "kind"}], "rows"}].',
      required: false,
    }),
    flags: Property.Json({
      displayName: 'Unusual Transactions',
      description: 'Flags of Detect Anomalies with amount, currency, date and party of each transaction.',
      required: false,
    }),
    refundPolicy: Property.Json({
      displayName: 'Refund Policy',
      description:
        'What differs from the defaults: {"withinDays", "maxShare", "maxAmount", "excludedStatuses"}.',
      required: false,
    }),
    writeUrl: writeUrlProp,
  },
  outputSchema: { fields: agentOutputFields },
  async run(context) {
    const { propsValue } = context;
    const schemas = await import('../finance-input-lazy.js');
    const ports = portsOf(
      {
        invoices: parseJsonProp('Invoices', propsValue.invoices ?? [], schemas.invoicesSchema),
        reports: parseJsonProp('Reports', propsValue.reports ?? [], schemas.reportsSchema),
        flags: parseJsonProp('Unusual Transactions', propsValue.flags ?? [], schemas.flagsSchema),
      },
      writerTo(propsValue.writeUrl),
    );
    const policy =
      parseJsonProp('Refund Policy', propsValue.refundPolicy ?? {}, jsonObjectSchema.nullish()) ?? {};
    return runAgentStep({
      context,
      props: propsValue,
      build: async () => {
        const { financeAgent, refundPolicySchema } = await import('@bizstack/agents/agents');
        return financeAgent({ ports, policy: parseInput('Refund Policy', policy, refundPolicySchema) });
      },
    });
  },
});

interface Known {
  invoices: z.output<typeof invoicesSchema>;
  reports: z.output<typeof reportsSchema>;
  flags: z.output<typeof flagsSchema>;
}

function portsOf({ invoices, reports, flags }: Known, write: Writer | undefined): FinancePorts {
  const same = (left: string, right: string) => left.trim().toLowerCase() === right.trim().toLowerCase();
  return {
    invoices: {
      get: async (reference) =>
        invoices.find(({ id, number }) => same(id, reference) || same(number, reference)),
      find: async ({ customer, status, limit }) =>
        invoices
          .filter(
            (invoice) =>
              customer === undefined || invoice.customer.toLowerCase().includes(customer.toLowerCase()),
          )
          .filter((invoice) => status === undefined || same(invoice.status, status))
          .slice(0, limit),
    },
    ...(reports.length > 0
      ? {
          reports: {
            list: async () => reports.map(({ name, description }) => ({ name, description, parameters: [] })),
            run: async (wanted) => {
              const { columns, rows, currency } = reports.find(({ name }) => name === wanted) ?? {
                columns: [],
                rows: [],
                currency: undefined,
              };
              return { columns, rows, ...(currency === undefined ? {} : { currency }) };
            },
          },
        }
      : {}),
    ...(flags.size > 0 ? { transactions: { flags: async (id) => flags.get(id) } } : {}),
    ...(write
      ? {
          refunds: {
            request: (refund, options) =>
              write('request_refund', refund, createdSchema(options.idempotencyKey), options),
          },
        }
      : {}),
  };
}
