import { Property } from '@activepieces/pieces-framework';
import { dropdownState } from '@bizstack/piece-common';
import { postgresAuth } from '../auth';
import { withDatabase } from '../client';
import { formatTableName } from '../identifiers';
import { describeTable, listTables } from '../schema';

export const tableProp = Property.Dropdown<string, true, typeof postgresAuth>({
  auth: postgresAuth,
  displayName: 'Table',
  description: 'table, or schema.table.',
  required: true,
  refreshers: [],
  options: ({ auth }) =>
    dropdownState({
      auth,
      load: async ({ props }) =>
        (await withDatabase(props, (database) => listTables(database))).map((table) => ({
          label: formatTableName(table),
          value: formatTableName(table),
        })),
      empty: 'This user can see no tables',
      secrets: [auth?.props.password],
    }),
});

async function columnOptions(props: unknown, table: unknown, keysOnly: boolean) {
  const { columns, uniqueKeys } = await withDatabase(props, (database) =>
    describeTable(database, String(table)),
  );
  const inKey = new Set(uniqueKeys.flatMap((key) => key.columns));
  return columns
    .filter(({ name, generated }) => (keysOnly ? inKey.has(name) : !generated))
    .map(({ name, type }) => ({ label: `${name} (${type})`, value: name }));
}

export const conflictColumnsProp = Property.MultiSelectDropdown<string, false, typeof postgresAuth>({
  auth: postgresAuth,
  displayName: 'Key columns',
  description: 'The columns of a unique index that say whether the row exists. The primary key if empty.',
  required: false,
  refreshers: ['table'],
  options: ({ auth, table }) =>
    dropdownState({
      auth,
      requires: { Table: table },
      load: ({ props }) => columnOptions(props, table, true),
      empty: 'The table has no unique index',
      secrets: [auth?.props.password],
    }),
});

export const updateColumnsProp = Property.MultiSelectDropdown<string, false, typeof postgresAuth>({
  auth: postgresAuth,
  displayName: 'Columns to update',
  description: 'Columns to write when the row exists. All given ones if empty.',
  required: false,
  refreshers: ['table'],
  options: ({ auth, table }) =>
    dropdownState({
      auth,
      requires: { Table: table },
      load: ({ props }) => columnOptions(props, table, false),
      secrets: [auth?.props.password],
    }),
});

export const columnProp = (displayName: string, description: string) =>
  Property.Dropdown<string, true, typeof postgresAuth>({
    auth: postgresAuth,
    displayName,
    description,
    required: true,
    refreshers: ['table'],
    options: ({ auth, table }) =>
      dropdownState({
        auth,
        requires: { Table: table },
        load: ({ props }) => columnOptions(props, table, false),
        secrets: [auth?.props.password],
      }),
  });

export const rowsProp = Property.Json({
  displayName: 'Rows',
  description: 'A list of objects, column names as keys. A single object is one row.',
  required: true,
  defaultValue: [{ column: 'value' }],
});

export const returnRowsProp = Property.Checkbox({
  displayName: 'Return the rows',
  description: 'Give the rows as they are stored to the next steps; up to 1,000.',
  required: false,
  defaultValue: true,
});

/** Rows that a step hands on; more would only fill the log of the run. */
export const MAX_RETURNED_ROWS = 1_000;
