import { createAction, Property } from '@activepieces/pieces-framework';
import type { ScheduleSpec } from '@temporalio/client';
import { temporalAuth } from '../../auth';
import { withSchedule } from '../../schedules';
import {
  hasTimes,
  parsePolicies,
  parseSpec,
  parseState,
  scheduleIdProp,
  scheduleSpecProps,
} from '../../props/schedule';
import { parseWorkflowOptions, workflowOptionProps } from '../../props/start';
import { argumentFieldsProp, argumentsProp } from '../../props/workflow';
import { optionalText, parseArguments, requiredText } from '../../values';

export const updateSchedule = createAction({
  auth: temporalAuth,
  name: 'update_schedule',
  displayName: 'Update Schedule',
  description: 'Changes a schedule; what is left empty stays as it is.',
  audience: 'both',
  aiMetadata: {
    description:
      'Change times, arguments or policies of a Temporal schedule. What is not given stays as it is. Times, when given, replace all times.',
    idempotent: true,
  },
  props: {
    scheduleId: scheduleIdProp,
    workflowType: Property.ShortText({
      displayName: 'Workflow type',
      description: 'Another workflow to start.',
      required: false,
    }),
    taskQueue: Property.ShortText({
      displayName: 'Task queue',
      description: 'Another task queue.',
      required: false,
    }),
    arguments: argumentsProp,
    argumentFields: argumentFieldsProp,
    ...scheduleSpecProps,
    ...workflowOptionProps,
  },
  outputSchema: {
    fields: [
      { key: 'scheduleId', label: 'Schedule ID' },
      { key: 'updated', label: 'Updated', format: 'boolean' },
    ],
  },
  async run({ auth, propsValue }) {
    const scheduleId = requiredText('Schedule ID', propsValue.scheduleId);
    const spec = parseSpec(propsValue);
    const args = parseArguments('Arguments', propsValue.arguments, propsValue.argumentFields);
    const workflowType = optionalText('Workflow type', propsValue.workflowType);
    const taskQueue = optionalText('Task queue', propsValue.taskQueue);
    const policies = parsePolicies(propsValue);
    const state = parseState(propsValue);
    const workflowOptions = parseWorkflowOptions(propsValue);
    await withSchedule(auth.props, scheduleId, (handle) =>
      handle.update((before) => ({
        spec: merged(before.spec, spec),
        action: {
          ...before.action,
          ...(args.length === 0 ? {} : { args }),
          ...(workflowType === undefined ? {} : { workflowType }),
          ...(taskQueue === undefined ? {} : { taskQueue }),
          ...workflowOptions,
        },
        policies: { ...before.policies, ...policies },
        state: { ...before.state, ...state },
        typedSearchAttributes: before.typedSearchAttributes,
      })),
    );
    return { scheduleId, updated: true };
  },
});

/** New times replace all old ones; everything else is changed on its own. */
function merged(before: ScheduleSpec, given: ScheduleSpec | undefined): ScheduleSpec {
  if (given === undefined) return before;
  if (!hasTimes(given)) return { ...before, ...given };
  const { calendars: _calendars, intervals: _intervals, cronExpressions: _cron, ...rest } = before;
  return { ...rest, ...given };
}
