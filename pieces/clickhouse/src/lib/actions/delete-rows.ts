import { createAction, Property } from '@activepieces/pieces-framework';
import { conditionsProp, conditionsSchema, parseInput } from '@bizstack/piece-common';
import { clickhouseAuth } from '../auth';
import { withDatabase } from '../client';
import { whereClause } from '../conditions';
import { countRows } from '../count';
import { allRowsProp, requireConditions, tableProp } from '../props/table';
import { describeTable } from '../schema';
import { Parameters } from '../values';

export const deleteRows = createAction({
  auth: clickhouseAuth,
  name: 'delete_rows',
  displayName: 'Delete Rows',
  description: 'Deletes the rows that meet the conditions. Cannot be undone.',
  audience: 'both',
  aiMetadata: {
    description:
      'Delete rows of a ClickHouse table that meet conditions. Destructive. With "preview" it only counts them; do that first.',
    idempotent: true,
  },
  props: {
    table: tableProp,
    conditions: conditionsProp,
    allRows: allRowsProp('Must be on to delete every row of the table, when there are no conditions.'),
    preview: Property.Checkbox({
      displayName: 'Preview',
      description: 'Only count the rows that would be deleted.',
      required: false,
      defaultValue: false,
    }),
    method: Property.StaticDropdown<'lightweight' | 'mutation', false>({
      displayName: 'How',
      description: 'Marking is quick; rewriting takes the data off the disk at once.',
      required: false,
      defaultValue: 'lightweight',
      options: {
        options: [
          { label: 'Mark the rows as deleted (DELETE)', value: 'lightweight' },
          { label: 'Rewrite the parts (ALTER TABLE … DELETE)', value: 'mutation' },
        ],
      },
    }),
  },
  outputSchema: {
    fields: [
      { key: 'deleted', label: 'Deleted', format: 'number' },
      { key: 'matching', label: 'Rows that met the conditions', format: 'number' },
    ],
  },
  async run({ auth, propsValue }) {
    const conditions = parseInput('Conditions', propsValue.conditions, conditionsSchema);
    requireConditions(conditions, propsValue.allRows);
    return withDatabase(auth.props, async (database) => {
      const table = await describeTable(database, propsValue.table);
      const parameters = new Parameters();
      const where = whereClause(table, conditions, parameters);
      const matching = await countRows(database, table, where, parameters);
      if (propsValue.preview === true || matching === 0) return { deleted: 0, matching };
      await database.execute({
        sql:
          propsValue.method === 'mutation'
            ? `ALTER TABLE ${table.sql} DELETE ${where}`
            : `DELETE FROM ${table.sql} ${where}`,
        params: parameters.values,
        // Answers when it is done, on every replica that is up.
        settings: { mutations_sync: 2 },
      });
      return { deleted: matching, matching };
    });
  },
});
