import { createAction, Property } from '@activepieces/pieces-framework';
import { ScheduleAlreadyRunning } from '@temporalio/client';
import { temporalAuth } from '../../auth';
import { withSchedule } from '../../schedules';
import { parsePolicies, parseSpec, parseState, requireTimes, scheduleSpecProps } from '../../props/schedule';
import { parseWorkflowOptions, workflowOptionProps } from '../../props/start';
import { argumentFieldsProp, argumentsProp, taskQueueProp, workflowTypeProp } from '../../props/workflow';
import { optionalText, parseArguments, requiredText } from '../../values';

export const createSchedule = createAction({
  auth: temporalAuth,
  name: 'create_schedule',
  displayName: 'Create Schedule',
  description: 'Lets Temporal start a workflow at certain times, again and again.',
  audience: 'both',
  aiMetadata: {
    description:
      'Create a Temporal schedule that starts a workflow by cron expression, interval or calendar. An existing schedule with this id is kept unless told to fail.',
    idempotent: true,
  },
  props: {
    scheduleId: Property.ShortText({
      displayName: 'Schedule ID',
      description: 'Your name for it; unique in the namespace.',
      required: true,
    }),
    workflowType: workflowTypeProp,
    taskQueue: taskQueueProp,
    arguments: argumentsProp,
    argumentFields: argumentFieldsProp,
    workflowId: Property.ShortText({
      displayName: 'Workflow ID begins with',
      description: 'The time is appended. The id of the schedule if empty.',
      required: false,
    }),
    ...scheduleSpecProps,
    paused: Property.Checkbox({
      displayName: 'Paused',
      description: 'Create it without starting anything yet.',
      required: false,
      defaultValue: false,
    }),
    triggerImmediately: Property.Checkbox({
      displayName: 'Start one at once',
      description: 'Start the workflow now as well.',
      required: false,
      defaultValue: false,
    }),
    ifExists: Property.StaticDropdown<'keep' | 'fail', false>({
      displayName: 'When a schedule has this id',
      description: 'What to do with the existing one.',
      required: false,
      defaultValue: 'keep',
      options: {
        options: [
          { label: 'Keep it as it is', value: 'keep' },
          { label: 'Fail', value: 'fail' },
        ],
      },
    }),
    ...workflowOptionProps,
  },
  outputSchema: {
    fields: [
      { key: 'scheduleId', label: 'Schedule ID' },
      { key: 'created', label: 'Created', format: 'boolean' },
    ],
  },
  async run({ auth, propsValue }) {
    const scheduleId = requiredText('Schedule ID', propsValue.scheduleId);
    const spec = requireTimes(parseSpec(propsValue));
    const workflowType = requiredText('Workflow type', propsValue.workflowType);
    const args = parseArguments('Arguments', propsValue.arguments, propsValue.argumentFields);
    const options = {
      scheduleId,
      spec,
      action: {
        type: 'startWorkflow' as const,
        workflowType,
        taskQueue: requiredText('Task queue', propsValue.taskQueue),
        args,
        workflowId: optionalText('Workflow ID begins with', propsValue.workflowId) ?? scheduleId,
        ...parseWorkflowOptions(propsValue),
      },
      policies: parsePolicies(propsValue),
      state: {
        ...parseState(propsValue),
        paused: propsValue.paused === true,
        triggerImmediately: propsValue.triggerImmediately === true,
      },
    };
    return withSchedule(auth.props, scheduleId, async (_handle, { schedule }) => {
      try {
        await schedule.create(options);
        return { scheduleId, created: true };
      } catch (error) {
        if (!(error instanceof ScheduleAlreadyRunning) || propsValue.ifExists === 'fail') throw error;
        return { scheduleId, created: false };
      }
    });
  },
});
