import { createTrigger, Property, TriggerStrategy } from '@activepieces/pieces-framework';
import { temporalAuth } from '../auth';
import { statusOptions } from '../props/filter';
import { workflowTypesProp } from '../props/workflow';
import { executionFields, type StatusName } from '../visibility';
import { parseClosedSettings, pollClosed, prepareClosed, sampleClosed } from './closed-poll';

export const afterCrashProp = Property.StaticDropdown<'redeliver' | 'continue', false>({
  displayName: 'When the engine ended after a poll',
  description:
    'Deliver the last ones again: nothing is lost, some may come twice. Go on only where the engine starts a new process for every poll.',
  required: false,
  defaultValue: 'redeliver',
  options: {
    options: [
      { label: 'Deliver the last ones again', value: 'redeliver' },
      { label: 'Go on after them', value: 'continue' },
    ],
  },
});

export const workflowClosed = createTrigger({
  auth: temporalAuth,
  name: 'workflow_closed',
  displayName: 'Workflow Closed',
  description: 'Starts a run for each workflow that has ended, with its result.',
  aiMetadata: {
    description:
      'Fires for each Temporal workflow that completed, failed, timed out, or was cancelled or terminated, in the order of closing. Delivery is at least once.',
  },
  type: TriggerStrategy.POLLING,
  props: {
    workflowTypes: workflowTypesProp,
    statuses: Property.StaticMultiSelectDropdown<StatusName, false>({
      displayName: 'How it ended',
      description: 'Only these. All but "Continued as new" if empty.',
      required: false,
      options: { options: statusOptions.filter(({ value }) => value !== 'RUNNING') },
    }),
    withResult: Property.Checkbox({
      displayName: 'With result or failure',
      description: 'Fetch what each workflow returned, or why it failed.',
      required: false,
      defaultValue: true,
    }),
    query: Property.LongText({
      displayName: 'Visibility query',
      description: 'In the language of Temporal; must hold as well. Put values in single quotes.',
      required: false,
    }),
    start: Property.StaticDropdown<'latest' | 'earliest', false>({
      displayName: 'Start at',
      description:
        'Where to begin when the flow is published for the first time. Publishing again goes on where it was.',
      required: false,
      defaultValue: 'latest',
      options: {
        options: [
          { label: 'Workflows that close from now on', value: 'latest' },
          { label: 'All that the server still knows', value: 'earliest' },
        ],
      },
    }),
    maxWorkflows: Property.Number({
      displayName: 'Workflows per poll',
      description: '1 to 1,000. Each starts a run.',
      required: false,
      defaultValue: 100,
    }),
    afterCrash: afterCrashProp,
  },
  sampleData: {
    workflowId: 'order-1001',
    runId: '01970000-0000-7000-8000-000000000001',
    workflowType: 'order',
    status: 'COMPLETED',
    taskQueue: 'orders',
    startTime: '2026-01-01T12:00:00.000Z',
    closeTime: '2026-01-03T09:30:00.000Z',
    durationMs: 163_800_000,
    historyLength: 42,
    memo: {},
    searchAttributes: {},
    parent: null,
    result: { paid: true },
    failure: null,
  },
  outputSchema: {
    fields: [
      ...executionFields,
      { key: 'memo', label: 'Memo', dynamicKey: true },
      { key: 'searchAttributes', label: 'Search attributes', dynamicKey: true },
      { key: 'result', label: 'Result', dynamicKey: true },
      { key: 'failure', label: 'Failure' },
    ],
  },
  async onEnable(context) {
    context.setSchedule({ cronExpression: '* * * * *', timezone: 'UTC' });
    await prepareClosed({
      auth: context.auth.props,
      store: context.store,
      settings: parseClosedSettings(context.propsValue),
    });
  },
  async onDisable() {
    // The position stays: publishing again must go on where it was.
  },
  async run({ auth, store, propsValue }) {
    return pollClosed({ auth: auth.props, store, settings: parseClosedSettings(propsValue) });
  },
  async test({ auth, propsValue }) {
    return sampleClosed(auth.props, parseClosedSettings(propsValue));
  },
});
