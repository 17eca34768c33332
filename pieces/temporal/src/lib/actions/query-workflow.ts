import { createAction, Property } from '@activepieces/pieces-framework';
import { parseInput } from '@bizstack/piece-common';
import { z } from 'zod';
import { temporalAuth } from '../auth';
import { withTemporal } from '../client';
import { argumentFieldsProp, argumentsProp, handlerProp, runIdProp, workflowIdProp } from '../props/workflow';
import { optionalText, parseArguments, requiredText, seconds, toJson } from '../values';

const rejectSchema = z
  .enum(['NONE', 'NOT_OPEN', 'NOT_COMPLETED_CLEANLY'])
  .nullish()
  .transform((reject) => reject ?? 'NONE');

export const queryWorkflow = createAction({
  auth: temporalAuth,
  name: 'query_workflow',
  displayName: 'Query Workflow',
  description: 'Asks a workflow for its state. Changes nothing; a worker must run.',
  audience: 'both',
  aiMetadata: {
    description: 'Read the state of a Temporal workflow through one of its queries. Needs a running worker.',
    idempotent: true,
  },
  props: {
    workflowId: workflowIdProp,
    query: handlerProp('query', 'Query'),
    arguments: argumentsProp,
    argumentFields: argumentFieldsProp,
    rejectCondition: Property.StaticDropdown<'NONE' | 'NOT_OPEN' | 'NOT_COMPLETED_CLEANLY', false>({
      displayName: 'When the workflow is closed',
      description: 'Whether a closed workflow may be asked.',
      required: false,
      defaultValue: 'NONE',
      options: {
        options: [
          { label: 'Ask it all the same', value: 'NONE' },
          { label: 'Fail', value: 'NOT_OPEN' },
          { label: 'Fail unless it completed', value: 'NOT_COMPLETED_CLEANLY' },
        ],
      },
    }),
    timeoutSeconds: Property.Number({
      displayName: 'Wait for an answer (seconds)',
      description: '1 to 60.',
      required: false,
      defaultValue: 10,
    }),
    runId: runIdProp,
  },
  outputSchema: {
    fields: [
      { key: 'workflowId', label: 'Workflow ID' },
      { key: 'answer', label: 'Answer', dynamicKey: true },
    ],
  },
  async run({ auth, propsValue }) {
    const workflowId = requiredText('Workflow ID', propsValue.workflowId);
    const query = requiredText('Query', propsValue.query);
    const args = parseArguments('Arguments', propsValue.arguments, propsValue.argumentFields);
    const rejectCondition = parseInput(
      'When the workflow is closed',
      propsValue.rejectCondition,
      rejectSchema,
    );
    const wait = seconds('Wait for an answer', propsValue.timeoutSeconds, { min: 1, max: 60, fallback: 10 });
    const answer = await withTemporal(
      auth.props,
      ({ workflow }) =>
        workflow.queryOnce({
          workflowId,
          runId: optionalText('Run ID', propsValue.runId),
          query,
          args,
          rejectCondition,
        }),
      { workflowId, needsWorker: true, deadlineMs: wait * 1_000 },
    );
    return { workflowId, answer: toJson(answer) };
  },
});
