import { createTrigger, Property, TriggerStrategy } from '@activepieces/pieces-framework';
import { postgresAuth } from '../auth';
import { columnProp, tableProp } from '../props/table';
import { parseSettings, pollRows, prepareCursor, sampleRows } from './new-row-poll';

const props = {
  table: tableProp,
  cursorColumn: columnProp(
    'Order column',
    'A column that only grows: an id from a sequence, or the time of insertion (or of the last change, to get changed rows too).',
  ),
  start: Property.StaticDropdown<'latest' | 'earliest', false>({
    displayName: 'Start at',
    description:
      'Where to begin when the flow is published for the first time. Publishing again goes on where it was.',
    required: false,
    defaultValue: 'latest',
    options: {
      options: [
        { label: 'New rows only', value: 'latest' },
        { label: 'All rows', value: 'earliest' },
      ],
    },
  }),
  maxRows: Property.Number({
    displayName: 'Rows per poll',
    description: '1 to 1,000. Each row starts a run.',
    required: false,
    defaultValue: 100,
  }),
  afterCrash: Property.StaticDropdown<'redeliver' | 'continue', false>({
    displayName: 'When the engine ended after a poll',
    description:
      'Deliver the last rows again: nothing is lost, some may come twice. Go on only where the engine starts a new process for every poll.',
    required: false,
    defaultValue: 'redeliver',
    options: {
      options: [
        { label: 'Deliver the last rows again', value: 'redeliver' },
        { label: 'Go on after them', value: 'continue' },
      ],
    },
  }),
};

export const newRow = createTrigger({
  auth: postgresAuth,
  name: 'new_row',
  displayName: 'New Row',
  description: 'Starts a run for each new row of a table.',
  aiMetadata: {
    description:
      'Fires for each new row of a PostgreSQL table, ordered by a growing column with the primary key as tie-breaker. Output: {table, row}. Delivery is at least once.',
  },
  type: TriggerStrategy.POLLING,
  props,
  sampleData: { table: 'public.people', row: { id: 1, name: 'Ada', created_at: '2026-01-01T12:00:00.000Z' } },
  outputSchema: {
    fields: [
      { key: 'table', label: 'Table' },
      { key: 'row', label: 'Row', dynamicKey: true },
    ],
  },
  async onEnable(context) {
    context.setSchedule({ cronExpression: '* * * * *', timezone: 'UTC' });
    await prepareCursor({
      auth: context.auth.props,
      store: context.store,
      settings: parseSettings(context.propsValue),
    });
  },
  async onDisable() {
    // The position stays: publishing again must go on where it was.
  },
  async run({ auth, store, propsValue }) {
    return pollRows({ auth: auth.props, store, settings: parseSettings(propsValue) });
  },
  async test({ auth, propsValue }) {
    return sampleRows(auth.props, parseSettings(propsValue));
  },
});
