import { createAction, Property } from '@activepieces/pieces-framework';
import { postgresAuth } from '../auth';
import { withDatabase } from '../client';
import { parametersProp, parseParameters } from '../props/sql';
import { MAX_RETURNED_ROWS } from '../props/table';

export const executeStatement = createAction({
  auth: postgresAuth,
  name: 'execute_statement',
  displayName: 'Execute Statement',
  description: 'Runs any one SQL statement, also one that changes or deletes data or tables.',
  audience: 'human',
  aiMetadata: {
    description:
      'Run any SQL statement on PostgreSQL. Destructive: it can change or delete anything the user may.',
    idempotent: false,
  },
  props: {
    sql: Property.LongText({
      displayName: 'SQL',
      description: 'One statement, with $1, $2, … where values belong.',
      required: true,
    }),
    parameters: parametersProp,
  },
  outputSchema: {
    fields: [
      { key: 'command', label: 'Command' },
      { key: 'count', label: 'Rows changed', format: 'number' },
      { key: 'rows', label: 'Rows', listItems: [] },
    ],
  },
  async run({ auth, propsValue }) {
    const values = parseParameters(propsValue.sql, propsValue.parameters);
    const { command, count, rows } = await withDatabase(auth.props, (database) =>
      database.query(propsValue.sql, values),
    );
    return { command, count, rows: rows.slice(0, MAX_RETURNED_ROWS) };
  },
});
