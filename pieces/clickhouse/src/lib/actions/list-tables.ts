import { createAction } from '@activepieces/pieces-framework';
import { clickhouseAuth } from '../auth';
import { withDatabase } from '../client';
import { formatTableName } from '../identifiers';
import { databaseProp } from '../props/table';
import { listTables as tablesOf } from '../schema';

export const listTables = createAction({
  auth: clickhouseAuth,
  name: 'list_tables',
  displayName: 'List Tables',
  description: 'Lists the tables and views that the user may see.',
  audience: 'both',
  aiMetadata: {
    description: 'List tables and views of ClickHouse with engine, rows and bytes.',
    idempotent: true,
  },
  props: { database: databaseProp },
  outputSchema: {
    fields: [
      {
        key: 'tables',
        label: 'Tables',
        listItems: [
          { key: 'name', label: 'Name' },
          { key: 'database', label: 'Database' },
          { key: 'engine', label: 'Engine' },
          { key: 'totalRows', label: 'Rows', format: 'number' },
          { key: 'totalBytes', label: 'Size', format: 'filesize' },
        ],
      },
    ],
  },
  async run({ auth, propsValue }) {
    const tables = await withDatabase(auth.props, (database) =>
      tablesOf(database, propsValue.database || undefined),
    );
    return { tables: tables.map((table) => ({ name: formatTableName(table), ...table })) };
  },
});
