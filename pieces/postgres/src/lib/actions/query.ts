import { createAction, Property } from '@activepieces/pieces-framework';
import { parseInput } from '@bizstack/piece-common';
import { z } from 'zod';
import { postgresAuth } from '../auth';
import { withTransaction } from '../client';
import { parametersProp, parseParameters } from '../props/sql';
import { readRows } from '../query';

const maxRowsSchema = z.coerce
  .number()
  .int()
  .min(1)
  .max(10_000)
  .nullish()
  .transform((rows) => rows ?? 1_000);

export const query = createAction({
  auth: postgresAuth,
  name: 'query',
  displayName: 'Query',
  description: 'Reads rows with SQL. Changes are refused by the server.',
  audience: 'both',
  aiMetadata: {
    description:
      'Run a read-only SQL query on PostgreSQL. Use $1, $2, … with parameters for every value. Look at list_tables and describe_table first.',
    idempotent: true,
  },
  props: {
    sql: Property.LongText({
      displayName: 'SQL',
      description: 'A SELECT, with $1, $2, … where values belong.',
      required: true,
    }),
    parameters: parametersProp,
    maxRows: Property.Number({
      displayName: 'Rows at most',
      description: '1 to 10,000. For more use "Query to File".',
      required: false,
      defaultValue: 1_000,
    }),
  },
  outputSchema: {
    fields: [
      { key: 'rows', label: 'Rows', listItems: [] },
      { key: 'count', label: 'Number of rows', format: 'number' },
      { key: 'truncated', label: 'There are more rows', format: 'boolean' },
    ],
  },
  async run({ auth, propsValue }) {
    const values = parseParameters(propsValue.sql, propsValue.parameters);
    const limit = parseInput('Rows at most', propsValue.maxRows, maxRowsSchema);
    const { rows, truncated } = await withTransaction(
      auth.props,
      (database) => readRows(database, { sql: propsValue.sql, values, limit }),
      { readOnly: true },
    );
    return { rows, count: rows.length, truncated };
  },
});
