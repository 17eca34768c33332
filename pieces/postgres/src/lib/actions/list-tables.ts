import { createAction, Property } from '@activepieces/pieces-framework';
import { postgresAuth } from '../auth';
import { withDatabase } from '../client';
import { formatTableName } from '../identifiers';
import { listTables as tablesOf } from '../schema';

export const listTables = createAction({
  auth: postgresAuth,
  name: 'list_tables',
  displayName: 'List Tables',
  description: 'Lists the tables and views that the user may use.',
  audience: 'both',
  aiMetadata: {
    description: 'List tables and views of the PostgreSQL database, with estimated rows.',
    idempotent: true,
  },
  props: {
    schema: Property.ShortText({
      displayName: 'Schema',
      description: 'Only this schema. All if empty.',
      required: false,
    }),
  },
  outputSchema: {
    fields: [
      {
        key: 'tables',
        label: 'Tables',
        listItems: [
          { key: 'name', label: 'Name' },
          { key: 'schema', label: 'Schema' },
          { key: 'kind', label: 'Kind' },
          { key: 'estimatedRows', label: 'Rows (estimate)', format: 'number' },
        ],
      },
    ],
  },
  async run({ auth, propsValue }) {
    const tables = await withDatabase(auth.props, (database) =>
      tablesOf(database, propsValue.schema || undefined),
    );
    return { tables: tables.map((table) => ({ name: formatTableName(table), ...table })) };
  },
});
