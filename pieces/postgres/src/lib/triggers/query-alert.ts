import { createTrigger, Property, TriggerStrategy } from '@activepieces/pieces-framework';
import { BizError, createPollCursor, parseInput } from '@bizstack/piece-common';
import { z } from 'zod';
import { postgresAuth } from '../auth';
import { withTransaction } from '../client';
import { parametersProp, parseParameters } from '../props/sql';
import { readRows } from '../query';

const CURSOR_KEY = 'postgres-query-alert';

const stateSchema = z.object({ active: z.boolean() });

const settingsSchema = z.object({
  sql: z.string().trim().min(1),
  condition: z.enum(['above', 'below']),
  threshold: z.coerce.number(),
  rearmAt: z.coerce.number().nullish(),
});

type Settings = z.output<typeof settingsSchema>;

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
    condition: Property.StaticDropdown<'above' | 'below', true>({
      displayName: 'Fires when the value is',
      description: 'Which side of the threshold is the alarm.',
      required: true,
      defaultValue: 'above',
      options: {
        options: [
          { label: 'above the threshold', value: 'above' },
          { label: 'below the threshold', value: 'below' },
        ],
      },
    }),
    threshold: Property.Number({
      displayName: 'Threshold',
      description: 'The value to compare with.',
      required: true,
    }),
    rearmAt: Property.Number({
      displayName: 'Armed again at',
      description:
        'The value must come back to here first, so that it does not fire at every wobble. The threshold if empty.',
      required: false,
    }),
  },
  sampleData: { value: 120, threshold: 100, condition: 'above', at: '2026-01-01T12:00:00.000Z' },
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
    const settings = parseInput('Query Alert', propsValue, settingsSchema);
    const value = await currentValue(auth.props, propsValue);
    const cursor = createPollCursor({ store, key: CURSOR_KEY, schema: stateSchema });
    const { committed, promoted } = await cursor.begin();
    const before = promoted ?? committed ?? { active: false };
    const active = isActive(value, settings, before.active);
    if (!active || before.active) {
      await cursor.commit({ active });
      return [];
    }
    await cursor.stage({ from: before, to: { active } });
    return [payload(value, settings)];
  },
  async test({ auth, propsValue }) {
    const settings = parseInput('Query Alert', propsValue, settingsSchema);
    return [payload(await currentValue(auth.props, propsValue), settings)];
  },
});

function isActive(
  value: number | null,
  { condition, threshold, rearmAt }: Settings,
  before: boolean,
): boolean {
  // No rows, no value: neither an alarm nor the end of one.
  if (value === null) return before;
  const limit = before ? (rearmAt ?? threshold) : threshold;
  return condition === 'above' ? value > limit : value < limit;
}

function payload(value: number | null, { threshold, condition }: Settings) {
  return { value, threshold, condition, at: new Date().toISOString() };
}

async function currentValue(
  auth: unknown,
  propsValue: { sql: string; parameters?: unknown },
): Promise<number | null> {
  const { rows } = await withTransaction(
    auth,
    (database) =>
      readRows(database, { sql: propsValue.sql, values: parseParameters(propsValue.parameters), limit: 1 }),
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
