import { Property } from '@activepieces/pieces-framework';
import type { StatusName } from '../visibility';
import { taskQueueFilterProp, workflowTypesProp } from './workflow';

export const statusOptions: { label: string; value: StatusName }[] = [
  { label: 'Running', value: 'RUNNING' },
  { label: 'Completed', value: 'COMPLETED' },
  { label: 'Failed', value: 'FAILED' },
  { label: 'Cancelled', value: 'CANCELLED' },
  { label: 'Terminated', value: 'TERMINATED' },
  { label: 'Timed out', value: 'TIMED_OUT' },
  { label: 'Continued as new', value: 'CONTINUED_AS_NEW' },
];

/** A visibility query, filled in piece by piece. */
export const filterProps = {
  workflowTypes: workflowTypesProp,
  statuses: Property.StaticMultiSelectDropdown<StatusName, false>({
    displayName: 'Statuses',
    description: 'Only workflows in these. All if empty.',
    required: false,
    options: { options: statusOptions },
  }),
  workflowIdPrefix: Property.ShortText({
    displayName: 'Workflow ID begins with',
    description: 'Only workflows whose id begins so.',
    required: false,
  }),
  taskQueue: taskQueueFilterProp,
  startedAfter: Property.DateTime({
    displayName: 'Started after',
    description: 'Started then or later.',
    required: false,
  }),
  startedBefore: Property.DateTime({
    displayName: 'Started before',
    description: 'Started earlier than this.',
    required: false,
  }),
  closedAfter: Property.DateTime({
    displayName: 'Closed after',
    description: 'Closed then or later.',
    required: false,
  }),
  closedBefore: Property.DateTime({
    displayName: 'Closed before',
    description: 'Closed earlier than this.',
    required: false,
  }),
  conditions: Property.Array({
    displayName: 'Conditions',
    description: 'On search attributes, your own and built-in ones; all must hold.',
    required: false,
    properties: {
      attribute: Property.ShortText({
        displayName: 'Search attribute',
        description: 'Its name, such as BizWaitingFor or ExecutionDuration.',
        required: true,
      }),
      operator: Property.StaticDropdown({
        displayName: 'Condition',
        description: 'How to compare.',
        required: true,
        options: {
          options: [
            { label: 'equals', value: 'equals' },
            { label: 'does not equal', value: 'not_equals' },
            { label: 'is greater than', value: 'greater_than' },
            { label: 'is greater than or equals', value: 'greater_or_equal' },
            { label: 'is less than', value: 'less_than' },
            { label: 'is less than or equals', value: 'less_or_equal' },
            { label: 'begins with', value: 'starts_with' },
            { label: 'is one of (comma separated)', value: 'one_of' },
            { label: 'is empty', value: 'is_null' },
            { label: 'is not empty', value: 'is_not_null' },
          ],
        },
      }),
      value: Property.ShortText({
        displayName: 'Compare with',
        description: 'Not needed for "is empty".',
        required: false,
      }),
      type: Property.StaticDropdown({
        displayName: 'Kind of value',
        description: 'Int and Double attributes need numbers, Bool needs true or false.',
        required: false,
        defaultValue: 'auto',
        options: {
          options: [
            { label: 'Text or date', value: 'auto' },
            { label: 'Number', value: 'number' },
            { label: 'True or false', value: 'boolean' },
            { label: 'Always text', value: 'text' },
          ],
        },
      }),
    },
  }),
  query: Property.LongText({
    displayName: 'Visibility query',
    description: 'In the language of Temporal; must hold as well. Put values in single quotes.',
    required: false,
  }),
};
