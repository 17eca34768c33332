import { createAction, Property } from '@activepieces/pieces-framework';
import { temporalAuth } from '../../auth';
import { withTemporal } from '../../client';
import { scheduleFields, scheduleSummary } from '../../schedules';
import { count, optionalText } from '../../values';

export const listSchedules = createAction({
  auth: temporalAuth,
  name: 'list_schedules',
  displayName: 'List Schedules',
  description: 'Gives the schedules of the namespace.',
  audience: 'both',
  aiMetadata: {
    description:
      'List the Temporal schedules of the namespace with their next times. New ones may appear some seconds late.',
    idempotent: true,
  },
  props: {
    query: Property.LongText({
      displayName: 'Visibility query',
      description: 'In the language of Temporal, such as TemporalSchedulePaused = true. All if empty.',
      required: false,
    }),
    maxResults: Property.Number({
      displayName: 'Schedules at most',
      description: '1 to 10,000.',
      required: false,
      defaultValue: 100,
    }),
  },
  outputSchema: {
    fields: [
      { key: 'schedules', label: 'Schedules', listItems: scheduleFields },
      { key: 'count', label: 'Number of schedules', format: 'number' },
      { key: 'truncated', label: 'There are more schedules', format: 'boolean' },
    ],
  },
  async run({ auth, propsValue }) {
    const limit = count('Schedules at most', propsValue.maxResults, { max: 10_000, fallback: 100 });
    const query = optionalText('Visibility query', propsValue.query);
    return withTemporal(auth.props, async ({ schedule }) => {
      const schedules: ReturnType<typeof scheduleSummary>[] = [];
      const options = { pageSize: Math.min(limit + 1, 1_000), ...(query === undefined ? {} : { query }) };
      for await (const one of schedule.list(options)) {
        if (schedules.length === limit) return { schedules, count: limit, truncated: true };
        schedules.push(scheduleSummary(one));
      }
      return { schedules, count: schedules.length, truncated: false };
    });
  },
});
