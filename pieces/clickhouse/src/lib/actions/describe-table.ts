import { createAction } from '@activepieces/pieces-framework';
import { clickhouseAuth } from '../auth';
import { withDatabase } from '../client';
import { formatTableName } from '../identifiers';
import { tableProp } from '../props/table';
import { replacingOf } from '../replacing';
import { describeTable as describe } from '../schema';

export const describeTable = createAction({
  auth: clickhouseAuth,
  name: 'describe_table',
  displayName: 'Describe Table',
  description: 'Gives the columns, the engine and the keys of a table.',
  audience: 'both',
  aiMetadata: {
    description:
      'Columns (name, type, default, comment), engine, partition, sorting and primary key of a ClickHouse table.',
    idempotent: true,
  },
  props: { table: tableProp },
  outputSchema: {
    fields: [
      { key: 'name', label: 'Name' },
      { key: 'engine', label: 'Engine' },
      { key: 'sortingKey', label: 'Sorting key' },
      { key: 'partitionKey', label: 'Partition key' },
      { key: 'totalRows', label: 'Rows', format: 'number' },
      {
        key: 'columns',
        label: 'Columns',
        listItems: [
          { key: 'name', label: 'Name' },
          { key: 'type', label: 'Type' },
          { key: 'comment', label: 'Comment' },
        ],
      },
    ],
  },
  async run({ auth, propsValue }) {
    const { sql: _quoted, ...table } = await withDatabase(auth.props, (database) =>
      describe(database, propsValue.table),
    );
    return { name: formatTableName(table), ...table, replacing: replacingOf(table) ?? null };
  },
});
