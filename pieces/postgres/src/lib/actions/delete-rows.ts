import { createAction, Property } from '@activepieces/pieces-framework';
import { BizError, conditionsProp, conditionsSchema, parseInput } from '@bizstack/piece-common';
import { postgresAuth } from '../auth';
import { withTransaction } from '../client';
import { whereClause } from '../conditions';
import { tableProp } from '../props/table';
import { describeTable } from '../schema';

export const deleteRows = createAction({
  auth: postgresAuth,
  name: 'delete_rows',
  displayName: 'Delete Rows',
  description: 'Deletes the rows that meet the conditions. Cannot be undone.',
  audience: 'both',
  aiMetadata: {
    description:
      'Delete rows of a PostgreSQL table that meet conditions. Destructive. With "preview" it only counts them; do that first.',
    idempotent: true,
  },
  props: {
    table: tableProp,
    conditions: conditionsProp,
    allRows: Property.Checkbox({
      displayName: 'All rows',
      description: 'Must be on to delete every row of the table, when there are no conditions.',
      required: false,
      defaultValue: false,
    }),
    preview: Property.Checkbox({
      displayName: 'Preview',
      description: 'Only count the rows that would be deleted.',
      required: false,
      defaultValue: false,
    }),
  },
  outputSchema: {
    fields: [
      { key: 'deleted', label: 'Deleted', format: 'number' },
      { key: 'matching', label: 'Rows that meet the conditions', format: 'number' },
    ],
  },
  async run({ auth, propsValue }) {
    const conditions = parseInput('Conditions', propsValue.conditions, conditionsSchema);
    if (conditions.length === 0 && propsValue.allRows !== true) {
      throw new BizError('BIZ_POSTGRES_CONDITION_MISSING', 'There are no conditions.', {
        hint: 'Add conditions, or switch "All rows" on to delete every row.',
      });
    }
    return withTransaction(auth.props, async (database) => {
      const table = await describeTable(database, propsValue.table);
      const parameters: unknown[] = [];
      const where = whereClause(table, conditions, parameters);
      if (propsValue.preview === true) {
        const { rows } = await database.query<{ count: string }>(
          `SELECT count(*) FROM ${table.sql}${where}`,
          parameters,
        );
        return { deleted: 0, matching: Number(rows[0]?.count ?? 0) };
      }
      const { count } = await database.query(`DELETE FROM ${table.sql}${where}`, parameters);
      return { deleted: count, matching: count };
    });
  },
});
