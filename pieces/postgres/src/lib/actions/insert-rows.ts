import { createAction, Property } from '@activepieces/pieces-framework';
import { parseJsonProp } from '@bizstack/piece-common';
import { postgresAuth } from '../auth';
import { withTransaction } from '../client';
import { returnRowsProp, rowsProp, tableProp } from '../props/table';
import { insertStatements, rowsSchema } from '../rows';
import { describeTable } from '../schema';
import { runWrites } from '../write';

export const insertRows = createAction({
  auth: postgresAuth,
  name: 'insert_rows',
  displayName: 'Insert Rows',
  description: 'Inserts rows into a table. All of them or none.',
  audience: 'both',
  aiMetadata: {
    description:
      'Insert new rows into a PostgreSQL table. Calling it twice inserts twice unless a unique key stops it; prefer upsert_rows where rows have a key.',
    idempotent: false,
  },
  props: {
    table: tableProp,
    rows: rowsProp,
    onConflict: Property.StaticDropdown<'fail' | 'skip', false>({
      displayName: 'When a row exists',
      description: 'What to do with a row whose unique key exists already.',
      required: false,
      defaultValue: 'fail',
      options: {
        options: [
          { label: 'Fail and insert nothing', value: 'fail' },
          { label: 'Skip that row', value: 'skip' },
        ],
      },
    }),
    returnRows: returnRowsProp,
  },
  outputSchema: {
    fields: [
      { key: 'inserted', label: 'Inserted', format: 'number' },
      { key: 'skipped', label: 'Skipped', format: 'number' },
      { key: 'rows', label: 'Rows', listItems: [] },
    ],
  },
  async run({ auth, propsValue }) {
    const rows = parseJsonProp('Rows', propsValue.rows, rowsSchema);
    const returnRows = propsValue.returnRows !== false;
    const written = await withTransaction(auth.props, async (database) => {
      const table = await describeTable(database, propsValue.table);
      const statements = insertStatements(table, rows, { skip: propsValue.onConflict === 'skip' });
      return runWrites(database, statements, { returnRows });
    });
    const { inserted } = written;
    return { inserted, skipped: rows.length - inserted, rows: written.rows };
  },
});
