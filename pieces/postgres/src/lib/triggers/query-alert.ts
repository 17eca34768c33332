import { createTrigger, Property, TriggerStrategy } from '@activepieces/pieces-framework';
import { alertPayload, alertProps, alertSampleData, BizError, pollAlert } from '@bizstack/piece-common';
import { postgresAuth } from '../auth';
import { withTransaction } from '../client';
import { parametersProp, parseParameters } from '../props/sql';
import { readRows } from '../query';

const CURSOR_KEY = 'postgres-query-alert';

export const queryAlert = createTrigger({
  auth: postgresAuth,
  name: 'query_alert',
  displayName: 'Query Alert',
  description:
    'Starts a run when the value of a query crosses a threshold. Once: it is armed again when the value is back.',
  aiMetadata: {
    description:
      'Fires once when the first column of the first row of a SQL query goes above or below a threshold.',
  },
  type: TriggerStrategy.POLLING,
  props: {
    sql: Property.LongText({
      displayName: 'SQL',
      description: 'A SELECT whose first column in the first row is a number.',
      required: true,
    }),
    parameters: parametersProp,
    ...alertProps,
  },
  sampleData: alertSampleData,
  outputSchema: {
    fields: [
      { key: 'value', label: 'Value', format: 'number' },
      { key: 'threshold', label: 'Threshold', format: 'number' },
      { key: 'condition', label: 'Condition' },
      { key: 'at', label: 'Time', format: 'datetime' },
    ],
  },
  async onEnable(context) {
    context.setSchedule({ cronExpression: '* * * * *', timezone: 'UTC' });
    // A query that cannot run is reported now and not a minute later.
    await currentValue(context.auth.props, context.propsValue);
  },
  async onDisable() {
    // The state stays: publishing again must not repeat an alarm that was given.
  },
  async run({ auth, store, propsValue }) {
    const value = await currentValue(auth.props, propsValue);
    return pollAlert({ store, key: CURSOR_KEY, propsValue, value });
  },
  async test({ auth, propsValue }) {
    return [alertPayload(propsValue, await currentValue(auth.props, propsValue))];
  },
});

async function currentValue(
  auth: unknown,
  propsValue: { sql: string; parameters?: unknown },
): Promise<number | null> {
  const { rows } = await withTransaction(
    auth,
    (database) =>
      readRows(database, {
        sql: propsValue.sql,
        values: parseParameters(propsValue.sql, propsValue.parameters),
        limit: 1,
      }),
    { readOnly: true },
  );
  const [value] = Object.values(rows[0] ?? {});
  if (value === undefined || value === null) return null;
  const number = Number(value);
  if (typeof value === 'object' || Number.isNaN(number)) {
    throw new BizError('BIZ_POSTGRES_ALERT_NOT_NUMBER', 'The first column of the query is not a number.', {
      hint: 'Select a single number, for example SELECT count(*) FROM ….',
    });
  }
  return number;
}
