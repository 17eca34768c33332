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

export const conditionsProp = Property.Array({
  displayName: 'Conditions',
  description: 'Only rows for which all of these hold.',
  required: false,
  properties: {
    column: Property.ShortText({ displayName: 'Column', description: 'Name of the column.', required: true }),
    operator: Property.StaticDropdown({
      displayName: 'Condition',
      description: 'How to compare.',
      required: true,
      options: {
        options: [
          { label: 'equals', value: 'equals' },
          { label: 'does not equal', value: 'not_equals' },
          { label: 'is greater than', value: 'greater_than' },
          { label: 'is greater than or equals', value: 'greater_or_equal' },
          { label: 'is less than', value: 'less_than' },
          { label: 'is less than or equals', value: 'less_or_equal' },
          { label: 'contains the text', value: 'contains' },
          { label: 'is one of (comma separated)', value: 'one_of' },
          { label: 'is empty', value: 'is_null' },
          { label: 'is not empty', value: 'is_not_null' },
        ],
      },
    }),
    value: Property.ShortText({
      displayName: 'Compare with',
      description: 'Not needed for "is empty".',
      required: false,
    }),
  },
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
