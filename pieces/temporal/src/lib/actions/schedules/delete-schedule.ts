import { createAction } from '@activepieces/pieces-framework';
import { isBizError } from '@bizstack/piece-common';
import { temporalAuth } from '../../auth';
import { scheduleIdProp } from '../../props/schedule';
import { withSchedule } from '../../schedules';
import { requiredText } from '../../values';

export const deleteSchedule = createAction({
  auth: temporalAuth,
  name: 'delete_schedule',
  displayName: 'Delete Schedule',
  description: 'Deletes a schedule; workflows that it started go on.',
  audience: 'both',
  aiMetadata: {
    description: 'Delete a Temporal schedule. Workflows that it started go on.',
    idempotent: true,
  },
  props: { scheduleId: scheduleIdProp },
  outputSchema: {
    fields: [
      { key: 'scheduleId', label: 'Schedule ID' },
      { key: 'deleted', label: 'Deleted', format: 'boolean' },
    ],
  },
  async run({ auth, propsValue }) {
    const scheduleId = requiredText('Schedule ID', propsValue.scheduleId);
    try {
      await withSchedule(auth.props, scheduleId, (handle) => handle.delete());
      return { scheduleId, deleted: true };
    } catch (error) {
      if (!isBizError(error, 'BIZ_TEMPORAL_SCHEDULE_UNKNOWN')) throw error;
      return { scheduleId, deleted: false };
    }
  },
});
