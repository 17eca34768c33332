import { createAction, Property } from '@activepieces/pieces-framework';
import { parseInput } from '@bizstack/piece-common';
import { z } from 'zod';
import { clickhouseAuth } from '../auth';
import { withDatabase } from '../client';

/** Without this step's own query. */
const PROCESSES_SQL = `SELECT query_id AS queryId, user, elapsed, read_rows AS readRows, total_rows_approx AS totalRows,
  memory_usage AS memoryBytes, is_cancelled AS cancelled, query
FROM system.processes
WHERE query_id != currentQueryID() AND NOT startsWith(query, {own:String}) AND elapsed >= {seconds:Float64}
ORDER BY elapsed DESC
LIMIT 1000`;

const secondsSchema = z.coerce
  .number()
  .min(0)
  .nullish()
  .transform((seconds) => seconds ?? 0);

export const listRunningQueries = createAction({
  auth: clickhouseAuth,
  name: 'list_running_queries',
  displayName: 'List Running Queries',
  description: 'Lists the queries that run now, longest first.',
  audience: 'both',
  aiMetadata: {
    description: 'Queries that run now on ClickHouse, with id, user, seconds, rows read and memory.',
    idempotent: true,
  },
  props: {
    minSeconds: Property.Number({
      displayName: 'Running for at least (seconds)',
      description: 'All if empty.',
      required: false,
      defaultValue: 0,
    }),
  },
  outputSchema: {
    fields: [
      {
        key: 'queries',
        label: 'Queries',
        listItems: [
          { key: 'queryId', label: 'Query id' },
          { key: 'user', label: 'User' },
          { key: 'elapsed', label: 'Seconds', format: 'number' },
          { key: 'query', label: 'SQL' },
        ],
      },
    ],
  },
  async run({ auth, propsValue }) {
    const { rows } = await withDatabase(auth.props, (database) =>
      database.read({
        sql: PROCESSES_SQL,
        params: {
          seconds: parseInput('Running for at least', propsValue.minSeconds, secondsSchema),
          own: PROCESSES_SQL.slice(0, 40),
        },
      }),
    );
    return { queries: rows.map(({ cancelled, ...row }) => ({ ...row, cancelled: Number(cancelled) === 1 })) };
  },
});
