import { createAction } from '@activepieces/pieces-framework';
import { temporalAuth } from '../../auth';
import { overlapProp, parseOverlap, scheduleIdProp } from '../../props/schedule';
import { withSchedule } from '../../schedules';
import { requiredText } from '../../values';

export const triggerSchedule = createAction({
  auth: temporalAuth,
  name: 'trigger_schedule',
  displayName: 'Trigger Schedule',
  description: 'Starts the workflow of a schedule now.',
  audience: 'both',
  aiMetadata: {
    description:
      'Make a Temporal schedule start its workflow now. Each call starts one, as far as the overlap policy lets it.',
    idempotent: false,
  },
  props: { scheduleId: scheduleIdProp, overlap: overlapProp },
  outputSchema: {
    fields: [
      { key: 'scheduleId', label: 'Schedule ID' },
      { key: 'triggered', label: 'Triggered', format: 'boolean' },
    ],
  },
  async run({ auth, propsValue }) {
    const scheduleId = requiredText('Schedule ID', propsValue.scheduleId);
    const overlap = parseOverlap(propsValue.overlap);
    await withSchedule(auth.props, scheduleId, (handle) => handle.trigger(overlap));
    return { scheduleId, triggered: true };
  },
});
