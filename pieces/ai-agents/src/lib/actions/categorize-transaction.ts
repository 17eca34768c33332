import { createAction, Property } from '@activepieces/pieces-framework';
import { jsonObjectSchema, parseInput, parseJsonProp } from '@bizstack/piece-common';
import { z } from 'zod';
import { aiAgentsAuth } from '../auth';
import { categoryByHistory, historySchema } from '../category-history';
import { readConnection } from '../connection';
import { ask } from '../model';
import { usageField } from '../output-fields';
import { instructionsProp } from '../props';

const categoriesSchema = z.array(z.string().trim().min(1).max(200)).min(2).max(200);

export const categorizeTransactionAction = createAction({
  name: 'categorize_transaction',
  auth: aiAgentsAuth,
  requireAuth: false,
  displayName: 'Categorize Transaction',
  description:
    'Finds the category of a payment by how the supplier was booked before, else by the language model',
  audience: 'both',
  aiMetadata: {
    description:
      'Choose the bookkeeping category of a transaction: from earlier bookings of the supplier where they agree, otherwise by the language model. Changes nothing.',
    idempotent: true,
  },
  props: {
    transaction: Property.Json({
      displayName: 'Transaction',
      description: 'Supplier, description, amount, currency and whatever else is known.',
      required: true,
    }),
    categories: Property.Array({ displayName: 'Categories', description: '2 to 200 names.', required: true }),
    history: Property.Json({
      displayName: 'History',
      description:
        'Earlier bookings: [{"supplier", "category"}]. Where they agree, no language model is asked.',
      required: false,
    }),
    instructions: instructionsProp,
  },
  outputSchema: {
    fields: [
      { key: 'category', label: 'Category', description: 'Null when none fits' },
      { key: 'confidence', label: 'Confidence', format: 'number', description: '0–1' },
      { key: 'source', label: 'Source', description: 'history or model' },
      { key: 'reason', label: 'Reason' },
      usageField,
    ],
  },
  async run({ auth, propsValue }) {
    const categories = parseInput('Categories', propsValue.categories, categoriesSchema);
    const transaction = parseJsonProp('Transaction', propsValue.transaction, jsonObjectSchema);
    const history = parseJsonProp('History', propsValue.history ?? [], historySchema);
    const known = categoryByHistory(transaction['supplier'], history, categories);
    if (known) return { ...known, source: 'history', usage: null };
    const { value, usage } = await ask(readConnection(auth), {
      task: [
        'Choose the bookkeeping category of the transaction; null only when none fits.',
        `Categories: ${JSON.stringify(categories)}`,
        propsValue.instructions ?? '',
      ].join('\n'),
      data: [{ source: 'transaction', text: JSON.stringify(transaction) }],
      schema: z.strictObject({
        category: z.enum(categories).nullable(),
        confidence: z.number().min(0).max(1),
        reason: z.string().max(1_000),
      }),
    });
    return { ...value, source: 'model', usage };
  },
});
