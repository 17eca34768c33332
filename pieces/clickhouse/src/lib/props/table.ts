import { Property } from '@activepieces/pieces-framework';
import { BizError, type Condition, dropdownState } from '@bizstack/piece-common';
import { clickhouseAuth, type ClickHouseAuth } from '../auth';
import { withDatabase } from '../client';
import { secretsOf } from '../config';
import { formatTableName } from '../identifiers';
import { type Column, describeTable, listTables } from '../schema';

const secrets = (auth: ClickHouseAuth | undefined) => (auth ? secretsOf(auth.props) : []);

export const tableProp = Property.Dropdown<string, true, typeof clickhouseAuth>({
  auth: clickhouseAuth,
  displayName: 'Table',
  description: 'table, or database.table.',
  required: true,
  refreshers: [],
  options: ({ auth }) =>
    dropdownState({
      auth,
      load: async ({ props }) =>
        (await withDatabase(props, (database) => listTables(database))).map((table) => ({
          label: `${formatTableName(table)} (${table.engine})`,
          value: formatTableName(table),
        })),
      empty: 'This user can see no tables',
      secrets: secrets(auth),
    }),
});

function columnState(
  auth: ClickHouseAuth | undefined,
  table: unknown,
  pick: (column: Column) => boolean = () => true,
) {
  return dropdownState({
    auth,
    requires: { Table: table },
    load: async ({ props }) =>
      (await withDatabase(props, (database) => describeTable(database, String(table)))).columns
        .filter(pick)
        .map(({ name, type }) => ({ label: `${name} (${type})`, value: name })),
    empty: 'The table has no such column',
    secrets: secrets(auth),
  });
}

export const columnProp = (displayName: string, description: string) =>
  Property.Dropdown<string, true, typeof clickhouseAuth>({
    auth: clickhouseAuth,
    displayName,
    description,
    required: true,
    refreshers: ['table'],
    options: ({ auth, table }) => columnState(auth, table),
  });

export const columnsProp = (displayName: string, description: string, pick?: (column: Column) => boolean) =>
  Property.MultiSelectDropdown<string, false, typeof clickhouseAuth>({
    auth: clickhouseAuth,
    displayName,
    description,
    required: false,
    refreshers: ['table'],
    options: ({ auth, table }) => columnState(auth, table, pick),
  });

export const databaseProp = Property.Dropdown<string, false, typeof clickhouseAuth>({
  auth: clickhouseAuth,
  displayName: 'Database',
  description: "Only this database. All but the system's own if empty.",
  required: false,
  refreshers: [],
  options: ({ auth }) =>
    dropdownState({
      auth,
      load: async ({ props }) => {
        const { rows } = await withDatabase(props, (database) =>
          database.read({ sql: 'SELECT name FROM system.databases ORDER BY name' }),
        );
        return rows.map(({ name }) => ({ label: String(name), value: String(name) }));
      },
      secrets: secrets(auth),
    }),
});

export const rowsProp = Property.Json({
  displayName: 'Rows',
  description:
    'A list of objects, column names as keys, or a list of lists of values. A single object is one row. Up to 1,000,000.',
  required: true,
  defaultValue: [{ column: 'value' }],
});

export const onBadRowsProp = Property.StaticDropdown<'fail' | 'refuse_all' | 'keep_good', false>({
  displayName: 'When rows are bad',
  description: 'What to do when rows do not fit the table.',
  required: false,
  defaultValue: 'fail',
  options: {
    options: [
      { label: 'Fail and insert nothing', value: 'fail' },
      { label: 'Insert nothing and return the bad rows', value: 'refuse_all' },
      { label: 'Insert the good rows and return the bad ones', value: 'keep_good' },
    ],
  },
});

export const asyncInsertProp = Property.Checkbox({
  displayName: 'Asynchronous insert',
  description:
    'The server collects small inserts of many runs and writes them together; the step waits for that. For many small inserts.',
  required: false,
  defaultValue: false,
});

export const tokenProp = Property.ShortText({
  displayName: 'Deduplication token',
  description:
    'The same token inserts once, however often the step runs; for example the id of the event. Must be new for new rows.',
  required: false,
});

export const badRowsOutput = {
  key: 'badRows',
  label: 'Bad rows',
  listItems: [
    { key: 'row', label: 'Row', format: 'number' as const },
    { key: 'column', label: 'Column' },
    { key: 'reason', label: 'Reason' },
  ],
};

export const allRowsProp = (what: string) =>
  Property.Checkbox({
    displayName: 'All rows',
    description: what,
    required: false,
    defaultValue: false,
  });

/** @throws BizError `BIZ_CLICKHOUSE_CONDITION_MISSING` */
export function requireConditions(conditions: readonly Condition[], allRows: unknown): void {
  if (conditions.length > 0 || allRows === true) return;
  throw new BizError('BIZ_CLICKHOUSE_CONDITION_MISSING', 'There are no conditions.', {
    hint: 'Add conditions, or switch "All rows" on.',
  });
}

/** Rows that a step hands on; more would only fill the log of the run. */
export const MAX_RETURNED_ROWS = 1_000;
