import { createAction } from '@activepieces/pieces-framework';
import { temporalAuth } from '../../auth';
import { noteProp, scheduleIdProp } from '../../props/schedule';
import { withSchedule } from '../../schedules';
import { optionalText, requiredText } from '../../values';

export const unpauseSchedule = createAction({
  auth: temporalAuth,
  name: 'unpause_schedule',
  displayName: 'Unpause Schedule',
  description: 'Lets a paused schedule go on.',
  audience: 'both',
  aiMetadata: { description: 'Let a paused Temporal schedule go on.', idempotent: true },
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
    await withSchedule(auth.props, scheduleId, (handle) => handle.unpause(note));
    return { scheduleId, paused: false };
  },
});
