import { createAction, Property } from '@activepieces/pieces-framework';
import { parseInput, parseJsonProp } from '@bizstack/piece-common';
import { clickhouseAuth } from '../auth';
import { withDatabase } from '../client';
import { badRowsOutput, columnsProp, onBadRowsProp, rowsProp, tableProp } from '../props/table';
import { prepareRows, rowsSchema } from '../rows';
import { describeTable } from '../schema';
import { deleteKeys, planUpsert } from '../upsert';
import { insertPrepared, tryRows } from '../write';
import { insertOptionsSchema } from './insert-rows';

export const upsertRows = createAction({
  auth: clickhouseAuth,
  name: 'upsert_rows',
  displayName: 'Upsert Rows',
  description: 'Inserts rows that replace those with the same key.',
  audience: 'both',
  aiMetadata: {
    description:
      'Insert rows into a ClickHouse table so that they replace rows with the same key: through ReplacingMergeTree where the table is one, otherwise by deleting the keys first. Rows must be complete: columns that are left out get their default. Calling it twice with the same rows leaves one of each.',
    idempotent: true,
  },
  props: {
    table: tableProp,
    rows: rowsProp,
    keyColumns: columnsProp(
      'Key columns',
      'Which columns say whether a row exists. Must be empty for the ReplacingMergeTree family, which goes by its sorting key; needed for other engines.',
    ),
    onBadRows: onBadRowsProp,
    mergeNow: Property.Checkbox({
      displayName: 'Merge now',
      description:
        'Has the server remove the replaced rows before the step ends (OPTIMIZE … FINAL). Expensive on large tables; reading with FINAL does without.',
      required: false,
      defaultValue: false,
    }),
  },
  outputSchema: {
    fields: [
      { key: 'written', label: 'Written', format: 'number' },
      { key: 'refused', label: 'Not written', format: 'number' },
      badRowsOutput,
      { key: 'method', label: 'Method' },
      { key: 'readWithFinal', label: 'Read with FINAL to see only the last version', format: 'boolean' },
    ],
  },
  async run({ auth, propsValue }) {
    const rows = parseJsonProp('Rows', propsValue.rows, rowsSchema);
    const { onBadRows } = parseInput('Upsert Rows', propsValue, insertOptionsSchema);
    return withDatabase(auth.props, async (database) => {
      const table = await describeTable(database, propsValue.table);
      const plan = planUpsert(table, propsValue.keyColumns ?? []);
      const prepared = await prepareRows(table, rows, { finish: plan.finish });
      const unique = plan.lastOfEachKey(prepared);
      const refusesAll = prepared.bad.length > 0 && onBadRows !== 'keep_good';
      if (plan.method === 'delete_insert' && !refusesAll) {
        // What the server would refuse must not have cost the old rows.
        await tryRows(database, table, unique);
        await deleteKeys(database, table, plan, unique.lines);
      }
      const { inserted, refused, badRows } = await insertPrepared(database, table, unique, {
        onBadRows,
        asyncInsert: false,
      });
      if (propsValue.mergeNow === true && plan.method === 'replacing' && inserted > 0) {
        await database.execute({ sql: `OPTIMIZE TABLE ${table.sql} FINAL` });
      }
      return {
        written: inserted,
        refused,
        badRows,
        method: plan.method,
        readWithFinal: plan.method === 'replacing' && propsValue.mergeNow !== true,
      };
    });
  },
});
