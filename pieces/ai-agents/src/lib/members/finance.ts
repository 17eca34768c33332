import type { FinancePorts } from '@bizstack/agents/agents';
import { jsonObjectSchema, parseInput, parseJsonProp } from '@bizstack/piece-common';
import { type z } from 'zod';
import type { flagsSchema, invoicesSchema, reportsSchema } from '../finance-input-lazy';
import { createdSchema, type Writer, writerTo } from '../writer';

/** Props of the step, as the engine gives them. */
export interface FinanceValues {
  invoices?: unknown;
  reports?: unknown;
  flags?: unknown;
  refundPolicy?: unknown;
  writeUrl?: string | undefined;
}

/** Reads the props at once. @throws BizError `BIZ_INPUT_INVALID` */
export async function financeMember(values: FinanceValues) {
  const schemas = await import('../finance-input-lazy.js');
  const ports = portsOf(
    {
      invoices: parseJsonProp('Invoices', values.invoices ?? [], schemas.invoicesSchema),
      reports: parseJsonProp('Reports', values.reports ?? [], schemas.reportsSchema),
      flags: parseJsonProp('Unusual Transactions', values.flags ?? [], schemas.flagsSchema),
    },
    writerTo(values.writeUrl),
  );
  const policy = parseJsonProp('Refund Policy', values.refundPolicy ?? {}, jsonObjectSchema.nullish()) ?? {};
  return async () => {
    const { financeAgent, refundPolicySchema } = await import('@bizstack/agents/agents');
    return financeAgent({ ports, policy: parseInput('Refund Policy', policy, refundPolicySchema) });
  };
}

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
