import { createAction } from '@activepieces/pieces-framework';
import { parseInput, parseJsonProp } from '@bizstack/piece-common';
import { z } from 'zod';
import { clickhouseAuth } from '../auth';
import { withDatabase } from '../client';
import {
  asyncInsertProp,
  badRowsOutput,
  columnsProp,
  onBadRowsProp,
  rowsProp,
  tableProp,
  tokenProp,
} from '../props/table';
import { prepareRows, rowsSchema, startRows } from '../rows';
import { isInsertable, recentTable, rememberTable, writableColumn } from '../schema';
import { BAD_ROWS, insertPrepared, insertRowsOf } from '../write';

/** Up to here asking the server about the table takes longer than the insert. */
const FEW_ROWS = 100;

export const insertOptionsSchema = z.object({
  onBadRows: z
    .enum(BAD_ROWS)
    .nullish()
    .transform((choice) => choice ?? 'fail'),
  asyncInsert: z
    .boolean()
    .nullish()
    .transform((choice) => choice ?? false),
  token: z
    .string()
    .nullish()
    .transform((token) => token?.trim() || undefined),
});

export const insertRows = createAction({
  auth: clickhouseAuth,
  name: 'insert_rows',
  displayName: 'Insert Rows',
  description: 'Inserts rows into a table, after checking each of them against its columns.',
  audience: 'both',
  aiMetadata: {
    description:
      'Insert rows into a ClickHouse table. Calling it twice inserts twice unless a deduplication token is given; use upsert_rows for tables of the ReplacingMergeTree family.',
    idempotent: false,
  },
  props: {
    table: tableProp,
    rows: rowsProp,
    columns: columnsProp(
      'Columns of lists',
      'Only for rows that are lists: which column each value belongs to. All columns of the table if empty.',
      isInsertable,
    ),
    onBadRows: onBadRowsProp,
    asyncInsert: asyncInsertProp,
    token: tokenProp,
  },
  outputSchema: {
    fields: [
      { key: 'inserted', label: 'Inserted', format: 'number' },
      { key: 'refused', label: 'Not inserted', format: 'number' },
      badRowsOutput,
      { key: 'queryId', label: 'Query id' },
    ],
  },
  async run({ auth, propsValue }) {
    const rows = parseJsonProp('Rows', propsValue.rows, rowsSchema);
    const options = parseInput('Insert Rows', propsValue, insertOptionsSchema);
    return withDatabase(auth.props, async (database) => {
      const few = rows.length <= FEW_ROWS && !propsValue.columns?.length;
      const recent = few ? recentTable(database, propsValue.table) : undefined;
      if (recent) {
        const prepared = await prepareRows(recent, rows);
        // Rows that do not fit may fit the table as it is now.
        if (prepared.bad.length === 0) return insertPrepared(database, recent, prepared, options);
      }
      const table = await rememberTable(database, propsValue.table);
      const columns = propsValue.columns?.length
        ? propsValue.columns.map((name) => writableColumn(table, name).name)
        : undefined;
      return insertRowsOf(database, table, startRows(table, rows, { columns }), options);
    });
  },
});
