import { createTrigger, Property, TriggerStrategy } from '@activepieces/pieces-framework';
import { clickhouseAuth } from '../auth';
import { columnProp, columnsProp, tableProp } from '../props/table';
import { parseSettings, pollRows, prepareCursor, sampleRows } from './new-row-poll';

export const newRow = createTrigger({
  auth: clickhouseAuth,
  name: 'new_row',
  displayName: 'New Row',
  description: 'Starts a run for each new row of a table.',
  aiMetadata: {
    description:
      'Fires for each new row of a ClickHouse table, ordered by a growing column. Output: {table, row}. Delivery is at least once.',
  },
  type: TriggerStrategy.POLLING,
  props: {
    table: tableProp,
    cursorColumn: columnProp(
      'Order column',
      'A column that only grows: the time of insertion, or a number that counts up.',
    ),
    tieBreakers: columnsProp(
      'Tie-breakers',
      'Columns that put rows with the same value in order, for example an id. Those of the sorting key are added by themselves.',
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
    lookbackSeconds: Property.Number({
      displayName: 'Late rows (seconds)',
      description:
        'Rows that come in with a time up to this much older than the last one are found as well. Only for times. 0 to 86,400.',
      required: false,
      defaultValue: 60,
    }),
    final: Property.Checkbox({
      displayName: 'Last versions only (FINAL)',
      description: 'For the ReplacingMergeTree family: rows that were replaced are left out.',
      required: false,
      defaultValue: false,
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
  },
  sampleData: { table: 'default.events', row: { id: 1, type: 'signup', at: '2026-01-01T12:00:00Z' } },
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
