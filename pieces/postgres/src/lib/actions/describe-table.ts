import { createAction } from '@activepieces/pieces-framework';
import { postgresAuth } from '../auth';
import { withDatabase } from '../client';
import { tableProp } from '../props/table';
import { describeTable as describe } from '../schema';

export const describeTable = createAction({
  auth: postgresAuth,
  name: 'describe_table',
  displayName: 'Describe Table',
  description: 'Gives the columns and unique keys of a table.',
  audience: 'both',
  aiMetadata: {
    description: 'Columns (name, type, nullable, default, comment) and unique keys of a PostgreSQL table.',
    idempotent: true,
  },
  props: { table: tableProp },
  outputSchema: {
    fields: [
      { key: 'schema', label: 'Schema' },
      { key: 'table', label: 'Table' },
      {
        key: 'columns',
        label: 'Columns',
        listItems: [
          { key: 'name', label: 'Name' },
          { key: 'type', label: 'Type' },
          { key: 'nullable', label: 'May be empty', format: 'boolean' },
        ],
      },
      { key: 'uniqueKeys', label: 'Unique keys', listItems: [{ key: 'name', label: 'Name' }] },
    ],
  },
  async run({ auth, propsValue }) {
    const { schema, table, columns, uniqueKeys } = await withDatabase(auth.props, (database) =>
      describe(database, propsValue.table),
    );
    return {
      schema,
      table,
      columns: columns.map(({ name, type, nullable, hasDefault, generated, comment }) => ({
        name,
        type,
        nullable,
        hasDefault,
        generated,
        comment,
      })),
      uniqueKeys,
    };
  },
});
