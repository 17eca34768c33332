import { createTrigger, Property, TriggerStrategy } from '@activepieces/pieces-framework';
import { temporalAuth } from '../auth';
import { workflowTypesProp } from '../props/workflow';
import { parseWaitingSettings, pollWaiting, prepareWaiting, sampleWaiting } from './waiting';
import { afterCrashProp } from './workflow-closed';

export const workflowWaiting = createTrigger({
  auth: temporalAuth,
  name: 'workflow_waiting',
  displayName: 'Workflow Waiting',
  description: 'Starts a run when a workflow asks for a person, for example for an approval.',
  aiMetadata: {
    description:
      'Fires when a running Temporal workflow begins to wait for a person: its keyword search attribute BizWaitingFor is set. Once for each request. Delivery is at least once.',
  },
  type: TriggerStrategy.POLLING,
  props: {
    workflowTypes: workflowTypesProp,
    waitingFor: Property.ShortText({
      displayName: 'Waiting for',
      description: 'Only this, for example approval. Anything if empty.',
      required: false,
    }),
    detectBy: Property.StaticDropdown<'search_attribute' | 'memo' | 'query', false>({
      displayName: 'Recognised by',
      description:
        'How a workflow says that it waits. Memo and query look at every running workflow, up to 2,000.',
      required: false,
      defaultValue: 'search_attribute',
      options: {
        options: [
          { label: 'Search attribute BizWaitingFor (keyword)', value: 'search_attribute' },
          { label: 'Memo BizWaitingFor', value: 'memo' },
          { label: 'Query bizWaitingFor', value: 'query' },
        ],
      },
    }),
    name: Property.ShortText({
      displayName: 'Name',
      description: 'Another name for that search attribute, memo field or query.',
      required: false,
    }),
    withDetails: Property.StaticDropdown<'memo' | 'query' | 'none', false>({
      displayName: 'Details from',
      description: 'With a search attribute: where title, amount and the like come from.',
      required: false,
      defaultValue: 'memo',
      options: {
        options: [
          { label: 'Memo BizWaitingFor', value: 'memo' },
          { label: 'Query bizWaitingFor (needs the worker)', value: 'query' },
          { label: 'Nowhere', value: 'none' },
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
    workflowId: 'invoice-2026-0001',
    runId: '01970000-0000-7000-8000-000000000002',
    workflowType: 'invoiceProcessing',
    status: 'RUNNING',
    taskQueue: 'invoices',
    startTime: '2026-01-01T12:00:00.000Z',
    historyLength: 23,
    memo: {},
    searchAttributes: { BizWaitingFor: 'approval' },
    parent: null,
    waitingFor: 'approval',
    details: { id: 'approval-1', title: 'Approve invoice 2026-0001', amount: '1250.00' },
  },
  outputSchema: {
    fields: [
      { key: 'workflowId', label: 'Workflow ID' },
      { key: 'runId', label: 'Run ID' },
      { key: 'workflowType', label: 'Workflow type' },
      { key: 'taskQueue', label: 'Task queue' },
      { key: 'startTime', label: 'Started', format: 'datetime' },
      { key: 'waitingFor', label: 'Waiting for' },
      { key: 'details', label: 'Details', dynamicKey: true },
      { key: 'searchAttributes', label: 'Search attributes', dynamicKey: true },
    ],
  },
  async onEnable(context) {
    context.setSchedule({ cronExpression: '* * * * *', timezone: 'UTC' });
    await prepareWaiting({ auth: context.auth.props, settings: parseWaitingSettings(context.propsValue) });
  },
  async onDisable() {
    // What was delivered stays known: publishing again must not ask twice.
  },
  async run({ auth, store, propsValue }) {
    return pollWaiting({ auth: auth.props, store, settings: parseWaitingSettings(propsValue) });
  },
  async test({ auth, propsValue }) {
    return sampleWaiting(auth.props, parseWaitingSettings(propsValue));
  },
});
