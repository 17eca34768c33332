import { createAction, Property } from '@activepieces/pieces-framework';
import { clickhouseAuth } from '../auth';
import { withDatabase } from '../client';

export const cancelQuery = createAction({
  auth: clickhouseAuth,
  name: 'cancel_query',
  displayName: 'Cancel Query',
  description: 'Ends a running query.',
  audience: 'both',
  aiMetadata: {
    description:
      'Cancel a running ClickHouse query by its id; see list_running_queries. Destructive for its caller.',
    idempotent: true,
  },
  props: {
    queryId: Property.ShortText({
      displayName: 'Query id',
      description: 'As "List Running Queries" gives it.',
      required: true,
    }),
    wait: Property.Checkbox({
      displayName: 'Wait until it has ended',
      description: 'Otherwise the server ends it in the background.',
      required: false,
      defaultValue: true,
    }),
  },
  outputSchema: {
    fields: [
      { key: 'cancelled', label: 'It ran and was cancelled', format: 'boolean' },
      { key: 'status', label: 'Status' },
    ],
  },
  async run({ auth, propsValue }) {
    const { rows } = await withDatabase(auth.props, (database) =>
      database.executeRows({
        sql: `KILL QUERY WHERE query_id = {id:String} ${propsValue.wait === false ? 'ASYNC' : 'SYNC'}`,
        params: { id: propsValue.queryId },
      }),
    );
    const status = rows[0]?.['kill_status'];
    return { cancelled: rows.length > 0, status: typeof status === 'string' ? status : 'not_running' };
  },
});
