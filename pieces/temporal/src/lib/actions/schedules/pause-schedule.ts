import { createAction } from '@activepieces/pieces-framework';
import { temporalAuth } from '../../auth';
import { noteProp, scheduleIdProp } from '../../props/schedule';
import { withSchedule } from '../../schedules';
import { optionalText, requiredText } from '../../values';

export const pauseSchedule = createAction({
  auth: temporalAuth,
  name: 'pause_schedule',
  displayName: 'Pause Schedule',
  description: 'Lets a schedule start nothing until it is unpaused.',
  audience: 'both',
  aiMetadata: { description: 'Pause a Temporal schedule.', idempotent: true },
  props: { scheduleId: scheduleIdProp, note: noteProp },
  outputSchema: {
    fields: [
      { key: 'scheduleId', label: 'Schedule ID' },
      { key: 'paused', label: 'Paused', format: 'boolean' },
    ],
  },
  async run({ auth, propsValue }) {
    const scheduleId = requiredText('Schedule ID', propsValue.scheduleId);
    const note = optionalText('Note', propsValue.note);
    await withSchedule(auth.props, scheduleId, (handle) => handle.pause(note));
    return { scheduleId, paused: true };
  },
});
