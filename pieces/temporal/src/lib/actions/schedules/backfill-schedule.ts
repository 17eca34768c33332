import { createAction, Property } from '@activepieces/pieces-framework';
import { BizError } from '@bizstack/piece-common';
import { temporalAuth } from '../../auth';
import { overlapProp, parseOverlap, scheduleIdProp } from '../../props/schedule';
import { withSchedule } from '../../schedules';
import { optionalDate, requiredText } from '../../values';

export const backfillSchedule = createAction({
  auth: temporalAuth,
  name: 'backfill_schedule',
  displayName: 'Backfill Schedule',
  description: 'Makes up for the starts of a past span of time.',
  audience: 'both',
  aiMetadata: {
    description:
      'Start what a Temporal schedule would have started in a past span of time. The workflow ids hold the times, so a repeated backfill does not start a time again while its workflow is running or kept with the same id.',
    idempotent: false,
  },
  props: {
    scheduleId: scheduleIdProp,
    start: Property.DateTime({ displayName: 'From', description: 'Begin of the span.', required: true }),
    end: Property.DateTime({ displayName: 'To', description: 'End of the span.', required: true }),
    overlap: overlapProp,
  },
  outputSchema: {
    fields: [
      { key: 'scheduleId', label: 'Schedule ID' },
      { key: 'start', label: 'From', format: 'datetime' },
      { key: 'end', label: 'To', format: 'datetime' },
    ],
  },
  async run({ auth, propsValue }) {
    const scheduleId = requiredText('Schedule ID', propsValue.scheduleId);
    const start = optionalDate('From', propsValue.start);
    const end = optionalDate('To', propsValue.end);
    const overlap = parseOverlap(propsValue.overlap);
    if (start === undefined || end === undefined || start >= end) {
      throw new BizError('BIZ_TEMPORAL_SPAN_INVALID', 'The span to backfill has no length.', {
        hint: '"From" must be before "To".',
      });
    }
    await withSchedule(auth.props, scheduleId, (handle) =>
      handle.backfill({ start, end, ...(overlap === undefined ? {} : { overlap }) }),
    );
    return { scheduleId, start: start.toISOString(), end: end.toISOString() };
  },
});
