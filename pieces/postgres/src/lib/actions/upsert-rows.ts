import { createAction } from '@activepieces/pieces-framework';
import { parseJsonProp } from '@bizstack/piece-common';
import { postgresAuth } from '../auth';
import { withTransaction } from '../client';
import { conflictColumnsProp, returnRowsProp, rowsProp, tableProp, updateColumnsProp } from '../props/table';
import { conflictKey, rowsSchema, upsertStatements } from '../rows';
import { describeTable } from '../schema';
import { runWrites } from '../write';

export const upsertRows = createAction({
  auth: postgresAuth,
  name: 'upsert_rows',
  displayName: 'Upsert Rows',
  description: 'Inserts rows, or updates those whose key exists. All of them or none.',
  audience: 'both',
  aiMetadata: {
    description:
      'Insert rows into a PostgreSQL table, updating rows whose unique key exists already. Columns that are not given keep their value. Calling it twice with the same rows leaves one copy.',
    idempotent: true,
  },
  props: {
    table: tableProp,
    rows: rowsProp,
    conflictColumns: conflictColumnsProp,
    updateColumns: updateColumnsProp,
    returnRows: returnRowsProp,
  },
  outputSchema: {
    fields: [
      { key: 'inserted', label: 'Inserted', format: 'number' },
      { key: 'updated', label: 'Updated', format: 'number' },
      { key: 'rows', label: 'Rows', listItems: [] },
    ],
  },
  async run({ auth, propsValue }) {
    const rows = parseJsonProp('Rows', propsValue.rows, rowsSchema);
    const written = await withTransaction(auth.props, async (database) => {
      const table = await describeTable(database, propsValue.table);
      const conflictColumns = conflictKey(table, propsValue.conflictColumns ?? []);
      const updateColumns = propsValue.updateColumns?.length ? propsValue.updateColumns : undefined;
      const statements = upsertStatements(table, rows, { conflictColumns, updateColumns });
      return runWrites(database, statements, { returnRows: propsValue.returnRows !== false });
    });
    return written;
  },
});
