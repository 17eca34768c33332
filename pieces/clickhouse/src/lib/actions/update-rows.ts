import { createAction, Property } from '@activepieces/pieces-framework';
import {
  BizError,
  conditionsProp,
  conditionsSchema,
  jsonObjectSchema,
  parseInput,
  parseJsonProp,
} from '@bizstack/piece-common';
import { clickhouseAuth } from '../auth';
import { withDatabase } from '../client';
import { whereClause } from '../conditions';
import { countRows } from '../count';
import { quoteIdentifier } from '../identifiers';
import { allRowsProp, requireConditions, tableProp } from '../props/table';
import { type Column, describeTable, type Table, writableColumn } from '../schema';
import { bindColumnValue, Parameters } from '../values';

export const updateRows = createAction({
  auth: clickhouseAuth,
  name: 'update_rows',
  displayName: 'Update Rows',
  description:
    'Changes columns of the rows that meet the conditions. The server rewrites the parts they are in.',
  audience: 'both',
  aiMetadata: {
    description:
      'Update rows of a ClickHouse table that meet conditions. Slow on large tables: prefer upsert_rows. Setting the same values twice changes nothing more.',
    idempotent: true,
  },
  props: {
    table: tableProp,
    values: Property.Json({
      displayName: 'Values',
      description: 'An object, column names as keys. Columns of the keys cannot be changed.',
      required: true,
      defaultValue: { column: 'value' },
    }),
    conditions: conditionsProp,
    allRows: allRowsProp('Must be on to change every row of the table, when there are no conditions.'),
    preview: Property.Checkbox({
      displayName: 'Preview',
      description: 'Only count the rows that would be changed.',
      required: false,
      defaultValue: false,
    }),
  },
  outputSchema: {
    fields: [
      { key: 'updated', label: 'Updated', format: 'number' },
      { key: 'matching', label: 'Rows that met the conditions', format: 'number' },
    ],
  },
  async run({ auth, propsValue }) {
    const values = parseJsonProp('Values', propsValue.values, jsonObjectSchema);
    const conditions = parseInput('Conditions', propsValue.conditions, conditionsSchema);
    if (Object.keys(values).length === 0) throw new BizError('BIZ_INPUT_INVALID', '"Values" has no columns.');
    requireConditions(conditions, propsValue.allRows);
    return withDatabase(auth.props, async (database) => {
      const table = await describeTable(database, propsValue.table);
      const parameters = new Parameters();
      const assignments = Object.entries(values).map(([name, value]) => {
        const column = changeableColumn(table, name);
        return `${quoteIdentifier(name)} = ${bindColumnValue(column, value, parameters)}`;
      });
      const matched = new Parameters();
      const matching = await countRows(database, table, whereClause(table, conditions, matched), matched);
      if (propsValue.preview === true || matching === 0) return { updated: 0, matching };
      await database.execute({
        sql: `ALTER TABLE ${table.sql} UPDATE ${assignments.join(', ')} ${whereClause(table, conditions, parameters)}`,
        params: parameters.values,
        settings: { mutations_sync: 2 },
      });
      return { updated: matching, matching };
    });
  },
});

function changeableColumn(table: Table, name: string): Column {
  const column = writableColumn(table, name);
  if (!column.inPartitionKey && !column.inSortingKey && !column.inPrimaryKey) return column;
  throw new BizError('BIZ_CLICKHOUSE_KEY_COLUMN', `Column "${name}" is part of a key of the table.`, {
    hint: 'Keys cannot be changed: insert new rows and delete the old ones.',
  });
}
