import { createAction, Property, type Store } from '@activepieces/pieces-framework';
import { ExecutionType } from '@activepieces/shared';
import { BizError } from '@bizstack/piece-common';
import { z } from 'zod';
import { temporalAuth } from '../auth';
import { stableId, withTemporal } from '../client';
import { runIdProp, workflowIdProp } from '../props/workflow';
import { awaitOutcome, orFail, outcomeFields } from '../result';
import { optionalDuration, optionalText, requiredText } from '../values';
import { failOnFailureProp } from './get-result';

const DEFAULT_CHECK_MS = 60_000;
const MIN_CHECK_MS = 1_000;
/** A workflow that ends at once need not pause the run. */
const FIRST_WAIT_MS = 5_000;

const sinceSchema = z.number();

export const waitForWorkflow = createAction({
  auth: temporalAuth,
  name: 'wait_for_workflow',
  displayName: 'Wait for Workflow',
  description: 'Pauses the run until a workflow has ended, for days if need be, and gives its result.',
  audience: 'both',
  aiMetadata: {
    description:
      'Wait for the end of a Temporal workflow, however long it takes: the run pauses and looks again at intervals. Gives its result.',
    idempotent: true,
  },
  props: {
    workflowId: workflowIdProp,
    checkEvery: Property.ShortText({
      displayName: 'Look every',
      description: 'Time between two looks, like 30s, 10m, 1h.',
      required: false,
      defaultValue: '60s',
    }),
    timeout: Property.ShortText({
      displayName: 'Wait at most',
      description: 'Like 2h or 30d. Without end if empty.',
      required: false,
    }),
    onTimeout: Property.StaticDropdown<'fail' | 'continue', false>({
      displayName: 'When that time is over',
      description: 'The workflow itself goes on either way.',
      required: false,
      defaultValue: 'fail',
      options: {
        options: [
          { label: 'Fail', value: 'fail' },
          { label: 'Go on with finished = false', value: 'continue' },
        ],
      },
    }),
    failOnFailure: failOnFailureProp,
    runId: runIdProp,
  },
  outputSchema: { fields: outcomeFields },
  async run(context) {
    const { auth, propsValue, run, step, store } = context;
    const workflowId = requiredText('Workflow ID', propsValue.workflowId);
    const runId = optionalText('Run ID', propsValue.runId);
    const every = Math.max(
      MIN_CHECK_MS,
      optionalDuration('Look every', propsValue.checkEvery) ?? DEFAULT_CHECK_MS,
    );
    const limit = optionalDuration('Wait at most', propsValue.timeout);
    const key = `temporal-wait-${stableId(run.id, step.name, workflowId, runId ?? null)}`;
    const resumed = context.executionType === ExecutionType.RESUME;
    const since = await waitingSince(store, key, resumed);
    const left = limit === undefined ? undefined : since + limit - Date.now();
    const waitMs = Math.max(0, Math.min(resumed ? 0 : FIRST_WAIT_MS, left ?? Number.POSITIVE_INFINITY));
    const outcome = await withTemporal(
      auth.props,
      (temporal) => awaitOutcome(temporal, { workflowId, runId, waitMs }),
      { workflowId },
    );
    if (outcome.finished) {
      await store.delete(key);
      return propsValue.failOnFailure === false ? outcome : orFail(outcome);
    }
    const rest = limit === undefined ? undefined : since + limit - Date.now();
    if (rest !== undefined && rest <= 0) {
      await store.delete(key);
      if (propsValue.onTimeout === 'continue') return outcome;
      throw new BizError('BIZ_TEMPORAL_WAIT_TIMEOUT', `Workflow "${workflowId}" has not ended in time.`, {
        hint:
          outcome.problem === null
            ? 'It goes on; wait longer, or look what it waits for.'
            : `It does not get on: ${outcome.problem}.`,
        details: { workflowId },
      });
    }
    const waitpoint = await run.createWaitpoint({
      type: 'DELAY',
      resumeDateTime: new Date(Date.now() + Math.min(every, rest ?? every)).toISOString(),
    });
    run.waitForWaitpoint(waitpoint.id);
    return outcome;
  },
});

/** When this wait began, in ms since 1970: kept in the store, because a resumed step knows nothing of before. */
async function waitingSince(store: Store, key: string, resumed: boolean): Promise<number> {
  const known = resumed ? sinceSchema.safeParse(await store.get(key)) : undefined;
  if (known?.success) return known.data;
  const now = Date.now();
  await store.put(key, now);
  return now;
}
