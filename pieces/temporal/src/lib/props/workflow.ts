import { Property } from '@activepieces/pieces-framework';
import { temporalAuth } from '../auth';
import {
  type HandlerKind,
  handlerOptions,
  taskQueueOptions,
  workflowIdOptions,
  workflowTypeOptions,
} from '../seen';

export const workflowTypeProp = Property.Dropdown<string, true, typeof temporalAuth>({
  auth: temporalAuth,
  displayName: 'Workflow type',
  description: 'Name of the workflow function, as the worker knows it.',
  required: true,
  refreshers: [],
  options: ({ auth }) => workflowTypeOptions(auth),
});

export const workflowTypesProp = Property.MultiSelectDropdown<string, false, typeof temporalAuth>({
  auth: temporalAuth,
  displayName: 'Workflow types',
  description: 'Only workflows of these types. All if empty.',
  required: false,
  refreshers: [],
  options: ({ auth }) => workflowTypeOptions(auth),
});

export const taskQueueProp = Property.Dropdown<string, true, typeof temporalAuth>({
  auth: temporalAuth,
  displayName: 'Task queue',
  description: 'Where the worker takes its tasks from.',
  required: true,
  refreshers: [],
  options: ({ auth }) => taskQueueOptions(auth),
});

export const taskQueueFilterProp = Property.Dropdown<string, false, typeof temporalAuth>({
  auth: temporalAuth,
  displayName: 'Task queue',
  description: 'Only workflows of this task queue.',
  required: false,
  refreshers: [],
  options: ({ auth }) => taskQueueOptions(auth),
});

const workflowId = (openOnly: boolean) =>
  Property.Dropdown<string, true, typeof temporalAuth>({
    auth: temporalAuth,
    displayName: 'Workflow ID',
    description: 'Which workflow; type the beginning of its id to search.',
    required: true,
    refreshers: [],
    refreshOnSearch: true,
    options: ({ auth }, { searchValue }) => workflowIdOptions(auth, { search: searchValue, openOnly }),
  });

/** Any workflow that the server still knows. */
export const workflowIdProp = workflowId(false);

/** A workflow that runs. */
export const openWorkflowIdProp = workflowId(true);

export const runIdProp = Property.ShortText({
  displayName: 'Run ID',
  description: 'One certain run of this workflow id. The latest if empty.',
  required: false,
});

/** Name of a signal, query or update; the worker tells which there are. */
export const handlerProp = (kind: HandlerKind, displayName: string) =>
  Property.Dropdown<string, true, typeof temporalAuth>({
    auth: temporalAuth,
    displayName,
    description: 'What the workflow defines; listed while its worker runs.',
    required: true,
    refreshers: ['workflowId'],
    options: ({ auth, workflowId: id }) => handlerOptions(auth, { workflowId: id, kind }),
  });

export const argumentsProp = Property.Json({
  displayName: 'Arguments',
  description: 'A list is the list of arguments; anything else is the only argument.',
  required: false,
});

export const argumentFieldsProp = Property.Object({
  displayName: 'Arguments as fields',
  description: 'Instead of JSON: names and values of the only argument, an object.',
  required: false,
});

export const onceKeyProp = Property.ShortText({
  displayName: 'Idempotency key',
  description:
    'The same key is acted on once, for example the id of an event. If empty, the same call of this step counts once in a run; in a loop, give the id of the item.',
  required: false,
});
