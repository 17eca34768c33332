import { createAction, Property } from '@activepieces/pieces-framework';
import { parseInput } from '@bizstack/piece-common';
import { z } from 'zod';
import { clickhouseAuth } from '../auth';
import { withDatabase } from '../client';
import { timeLimitProp, timeLimitSchema } from '../props/limits';
import {
  moreParametersProp,
  parametersProp,
  parseParameters,
  parseSettings,
  settingsProp,
} from '../props/sql';
import { statementOf } from '../sql/mask';

const maxRowsSchema = z.coerce
  .number()
  .int()
  .min(1)
  .max(10_000)
  .nullish()
  .transform((rows) => rows ?? 1_000);

export const query = createAction({
  auth: clickhouseAuth,
  name: 'query',
  displayName: 'Query',
  description: 'Reads rows with SQL. Changes are refused by the server.',
  audience: 'both',
  aiMetadata: {
    description:
      'Run a read-only SQL query on ClickHouse. Write {name:Type} for every value and give it in moreParameters. Look at list_tables and describe_table first.',
    idempotent: true,
  },
  props: {
    sql: Property.LongText({
      displayName: 'SQL',
      description: 'A SELECT, with {name:Type} where values belong. Without FORMAT.',
      required: true,
    }),
    parameters: parametersProp,
    moreParameters: moreParametersProp,
    maxRows: Property.Number({
      displayName: 'Rows at most',
      description: '1 to 10,000. For more use "Query to File".',
      required: false,
      defaultValue: 1_000,
    }),
    timeLimit: timeLimitProp,
    settings: settingsProp,
  },
  outputSchema: {
    fields: [
      { key: 'rows', label: 'Rows', listItems: [] },
      { key: 'count', label: 'Number of rows', format: 'number' },
      { key: 'truncated', label: 'There are more rows', format: 'boolean' },
      {
        key: 'columns',
        label: 'Columns',
        listItems: [
          { key: 'name', label: 'Name' },
          { key: 'type', label: 'Type' },
        ],
      },
      { key: 'queryId', label: 'Query id' },
    ],
  },
  async run({ auth, propsValue }) {
    const { rows, columns, truncated, queryId } = await withDatabase(auth.props, (database) =>
      database.read({
        sql: statementOf(propsValue.sql),
        params: parseParameters(propsValue),
        limit: parseInput('Rows at most', propsValue.maxRows, maxRowsSchema),
        settings: parseSettings(propsValue.settings),
        ...parseInput('Time limit', propsValue.timeLimit, timeLimitSchema),
      }),
    );
    return { rows, count: rows.length, truncated, columns, queryId };
  },
});
