import { createAction } from '@activepieces/pieces-framework';
import { clickhouseAuth } from '../auth';
import { withDatabase } from '../client';

export const listDatabases = createAction({
  auth: clickhouseAuth,
  name: 'list_databases',
  displayName: 'List Databases',
  description: 'Lists the databases that the user may see.',
  audience: 'both',
  aiMetadata: { description: 'List the databases of the ClickHouse server.', idempotent: true },
  props: {},
  outputSchema: {
    fields: [
      {
        key: 'databases',
        label: 'Databases',
        listItems: [
          { key: 'name', label: 'Name' },
          { key: 'engine', label: 'Engine' },
          { key: 'comment', label: 'Comment' },
        ],
      },
    ],
  },
  async run({ auth }) {
    const { rows } = await withDatabase(auth.props, (database) =>
      database.read({ sql: 'SELECT name, engine, comment FROM system.databases ORDER BY name' }),
    );
    return { databases: rows };
  },
});
