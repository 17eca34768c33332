import { createAction } from '@activepieces/pieces-framework';
import { temporalAuth } from '../../auth';
import { scheduleIdProp } from '../../props/schedule';
import { scheduleDetails, scheduleFields, withSchedule } from '../../schedules';
import { requiredText } from '../../values';

export const describeSchedule = createAction({
  auth: temporalAuth,
  name: 'describe_schedule',
  displayName: 'Describe Schedule',
  description: 'Gives times, policies, state and last starts of a schedule.',
  audience: 'both',
  aiMetadata: {
    description: 'Times, policies, state, next and last starts of a Temporal schedule.',
    idempotent: true,
  },
  props: { scheduleId: scheduleIdProp },
  outputSchema: { fields: [...scheduleFields, { key: 'spec', label: 'Times', dynamicKey: true }] },
  async run({ auth, propsValue }) {
    const scheduleId = requiredText('Schedule ID', propsValue.scheduleId);
    return withSchedule(auth.props, scheduleId, async (handle) => scheduleDetails(await handle.describe()));
  },
});
