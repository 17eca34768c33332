import { createAction, Property } from '@activepieces/pieces-framework';
import { jsonObjectSchema, parseJsonProp } from '@bizstack/piece-common';
import { z } from 'zod';
import { aiAgentsAuth } from '../auth';
import { languageProp } from '../props';

const TRANSACTIONS_MAX = 200_000;

/** Rows of a database: dates and amounts come in their own types. */
const rowsSchema = z.array(z.record(z.string(), z.unknown())).max(TRANSACTIONS_MAX);

const FIELDS = [
  'id',
  'date',
  'amount',
  'currency',
  'supplier',
  'category',
  'account',
  'description',
  'invoiceNumber',
];

export const detectAnomaliesAction = createAction({
  name: 'detect_anomalies',
  auth: aiAgentsAuth,
  requireAuth: false,
  displayName: 'Detect Anomalies',
  description:
    'Finds unusual payments: amounts, duplicates, split payments, new bank details, each with its reason',
  audience: 'both',
  aiMetadata: {
    description:
      'Flag unusual transactions in a list (amounts, duplicates, split payments, round amounts, new or invalid bank details, non-working days, large first payments), by statistics, with the reason and figures. Changes nothing.',
    idempotent: true,
  },
  props: {
    transactions: Property.Json({
      displayName: 'Transactions',
      description:
        'Rows with id, date, amount, currency, supplier and, where known, category, account, description, invoiceNumber. Include some months of history.',
      required: true,
    }),
    settings: Property.Json({
      displayName: 'Settings',
      description:
        'What differs from the defaults, for example {"splitPayments": {"approvalLimits": {"EUR": 10000}}}.',
      required: false,
    }),
    since: Property.ShortText({
      displayName: 'Report Since',
      description:
        'Day (YYYY-MM-DD) from which transactions are reported; older ones are only compared with.',
      required: false,
    }),
    language: languageProp,
  },
  outputSchema: {
    fields: [
      { key: 'checked', label: 'Checked', format: 'number' },
      { key: 'count', label: 'Count', format: 'number' },
      {
        key: 'flags',
        label: 'Flags',
        listItems: [
          { key: 'transactionId', label: 'Transaction ID' },
          { key: 'kind', label: 'Kind' },
          { key: 'severity', label: 'Severity', description: 'low, medium or high' },
          { key: 'text', label: 'Text' },
          { key: 'statistics', label: 'Statistics' },
          { key: 'related', label: 'Related' },
        ],
      },
    ],
  },
  async run({ propsValue }) {
    const { detectAnomalies, parseAnomalySettings, transactionSchema } =
      await import('@bizstack/agents/anomalies');
    const rows = parseJsonProp('Transactions', propsValue.transactions, rowsSchema);
    const transactions = parseJsonProp('Transactions', rows.map(toTransaction), z.array(transactionSchema));
    const settings = parseAnomalySettings(
      parseJsonProp('Settings', propsValue.settings ?? {}, jsonObjectSchema.optional()) ?? {},
    );
    const since = parseJsonProp(
      'Report Since',
      JSON.stringify(propsValue.since?.trim() || null),
      z.iso.date().nullable(),
    );
    const dates = new Map(transactions.map(({ id, date }) => [id, date]));
    const flags = detectAnomalies(transactions, settings)
      .filter(({ transactionId }) => since === null || (dates.get(transactionId) ?? '') >= since)
      .map(({ reason, ...flag }) => ({
        ...flag,
        text: propsValue.language === 'zh' ? reason.zh : reason.en,
      }));
    return { checked: transactions.length, count: flags.length, flags };
  },
});

/** A row of a query as a transaction: other columns are left out, times become days, numbers decimal text. */
function toTransaction(row: Record<string, unknown>): Record<string, unknown> {
  const kept = FIELDS.flatMap((name) => (row[name] === undefined ? [] : [[name, row[name]] as const]));
  return Object.fromEntries(
    kept.map(([name, value]) => {
      if (name === 'date' && typeof value === 'string') return [name, value.slice(0, 10)];
      if (typeof value === 'number' && name !== 'date') return [name, decimal(value)];
      return [name, value];
    }),
  );
}

/** Never 1e-7: amounts have at most six decimals. */
function decimal(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(6).replace(/0+$/, '').replace(/\.$/, '');
}
