import { Property } from '@activepieces/pieces-framework';
import { z } from 'zod';

export const CONDITION_OPERATORS = [
  'equals',
  'not_equals',
  'greater_than',
  'greater_or_equal',
  'less_than',
  'less_or_equal',
  'contains',
  'one_of',
  'is_null',
  'is_not_null',
] as const;

/** The values of {@link conditionsProp}: conditions of which all must hold. */
export const conditionsSchema = z
  .array(z.object({ column: z.string().min(1), operator: z.enum(CONDITION_OPERATORS), value: z.unknown() }))
  .nullish()
  .transform((conditions) => conditions ?? []);

export type Condition = z.output<typeof conditionsSchema>[number];

/** The comparisons of SQL among the operators. */
export const SQL_COMPARISONS = {
  equals: '=',
  not_equals: '<>',
  greater_than: '>',
  greater_or_equal: '>=',
  less_than: '<',
  less_or_equal: '<=',
} as const;

/** The values of a "one of" condition: a list, or text with commas. */
export function conditionList(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  return String(value)
    .split(',')
    .map((one) => one.trim());
}

/** Conditions on the columns of a table, filled in one by one. */
export const conditionsProp = Property.Array({
  displayName: 'Conditions',
  description: 'Only rows for which all of these hold.',
  required: false,
  properties: {
    column: Property.ShortText({ displayName: 'Column', description: 'Name of the column.', required: true }),
    operator: Property.StaticDropdown({
      displayName: 'Condition',
      description: 'How to compare.',
      required: true,
      options: {
        options: [
          { label: 'equals', value: 'equals' },
          { label: 'does not equal', value: 'not_equals' },
          { label: 'is greater than', value: 'greater_than' },
          { label: 'is greater than or equals', value: 'greater_or_equal' },
          { label: 'is less than', value: 'less_than' },
          { label: 'is less than or equals', value: 'less_or_equal' },
          { label: 'contains the text', value: 'contains' },
          { label: 'is one of (comma separated)', value: 'one_of' },
          { label: 'is empty', value: 'is_null' },
          { label: 'is not empty', value: 'is_not_null' },
        ],
      },
    }),
    value: Property.ShortText({
      displayName: 'Compare with',
      description: 'Not needed for "is empty".',
      required: false,
    }),
  },
});
