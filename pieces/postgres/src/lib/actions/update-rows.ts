import { createAction, Property } from '@activepieces/pieces-framework';
import {
  BizError,
  conditionsProp,
  conditionsSchema,
  jsonObjectSchema,
  parseInput,
  parseJsonProp,
} from '@bizstack/piece-common';
import { postgresAuth } from '../auth';
import { withTransaction } from '../client';
import { whereClause } from '../conditions';
import { quoteIdentifier } from '../identifiers';
import { MAX_RETURNED_ROWS, returnRowsProp, tableProp } from '../props/table';
import { writable } from '../rows';
import { describeTable } from '../schema';
import { toParameter } from '../values';

export const updateRows = createAction({
  auth: postgresAuth,
  name: 'update_rows',
  displayName: 'Update Rows',
  description: 'Changes columns of the rows that meet the conditions.',
  audience: 'both',
  aiMetadata: {
    description:
      'Update rows of a PostgreSQL table that meet conditions. Setting the same values twice changes nothing more.',
    idempotent: true,
  },
  props: {
    table: tableProp,
    values: Property.Json({
      displayName: 'Values',
      description: 'An object, column names as keys.',
      required: true,
      defaultValue: { column: 'value' },
    }),
    conditions: conditionsProp,
    allRows: Property.Checkbox({
      displayName: 'All rows',
      description: 'Must be on to change every row of the table, when there are no conditions.',
      required: false,
      defaultValue: false,
    }),
    returnRows: returnRowsProp,
  },
  outputSchema: {
    fields: [
      { key: 'updated', label: 'Updated', format: 'number' },
      { key: 'rows', label: 'Rows', listItems: [] },
    ],
  },
  async run({ auth, propsValue }) {
    const values = parseJsonProp('Values', propsValue.values, jsonObjectSchema);
    const conditions = parseInput('Conditions', propsValue.conditions, conditionsSchema);
    if (Object.keys(values).length === 0) throw new BizError('BIZ_INPUT_INVALID', '"Values" has no columns.');
    if (conditions.length === 0 && propsValue.allRows !== true) {
      throw new BizError('BIZ_POSTGRES_CONDITION_MISSING', 'There are no conditions.', {
        hint: 'Add conditions, or switch "All rows" on to change every row.',
      });
    }
    return withTransaction(auth.props, async (database) => {
      const table = await describeTable(database, propsValue.table);
      const parameters: unknown[] = [];
      const assignments = Object.entries(values).map(([name, value]) => {
        parameters.push(toParameter(value, writable(table, name)));
        return `${quoteIdentifier(name)} = $${parameters.length}`;
      });
      const where = whereClause(table, conditions, parameters);
      const returning = propsValue.returnRows === false ? '' : ' RETURNING *';
      const { count, rows } = await database.query(
        `UPDATE ${table.sql} SET ${assignments.join(', ')}${where}${returning}`,
        parameters,
      );
      return { updated: count, rows: rows.slice(0, MAX_RETURNED_ROWS) };
    });
  },
});
