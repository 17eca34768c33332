import { createTrigger, Property, TriggerStrategy } from '@activepieces/pieces-framework';
import { alertPayload, alertProps, alertSampleData, BizError, pollAlert } from '@bizstack/piece-common';
import { clickhouseAuth } from '../auth';
import { withDatabase } from '../client';
import { moreParametersProp, type ParameterInput, parametersProp, parseParameters } from '../props/sql';
import { statementOf } from '../sql/mask';

const STATE_KEY = 'clickhouse-query-alert';

export const queryAlert = createTrigger({
  auth: clickhouseAuth,
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
    moreParameters: moreParametersProp,
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
    return pollAlert({ store, key: STATE_KEY, propsValue, value });
  },
  async test({ auth, propsValue }) {
    return [alertPayload(propsValue, await currentValue(auth.props, propsValue))];
  },
});

async function currentValue(auth: unknown, input: ParameterInput): Promise<number | null> {
  const { rows, columns } = await withDatabase(auth, (database) =>
    database.read({ sql: statementOf(input.sql), params: parseParameters(input), limit: 1 }),
  );
  const value = rows[0]?.[columns[0]?.name ?? ''];
  // NaN is what avg() gives without rows.
  if (value === undefined || value === null || (typeof value === 'string' && /^[+-]?nan$/i.test(value))) {
    return null;
  }
  const number = Number(value);
  if (typeof value === 'object' || value === '' || Number.isNaN(number)) {
    throw new BizError('BIZ_CLICKHOUSE_ALERT_NOT_NUMBER', 'The first column of the query is not a number.', {
      hint: 'Select a single number, for example SELECT count() FROM ….',
    });
  }
  return number;
}
