import { type PropsInput, runAction } from '@bizstack/piece-testkit';
import type { Client } from '@temporalio/client';
import { executeUpdate } from '../src/lib/actions/execute-update';
import { getResult } from '../src/lib/actions/get-result';
import { queryWorkflow } from '../src/lib/actions/query-workflow';
import { signalWithStart } from '../src/lib/actions/signal-with-start';
import { signalWorkflow } from '../src/lib/actions/signal-workflow';
import { startWorkflow } from '../src/lib/actions/start-workflow';
import { updateWithStart } from '../src/lib/actions/update-with-start';
import { type TestWorker, auth, eventually, openTemporal, uniqueName } from './support/temporal';

let worker: TestWorker;
let client: Client;
let close: () => Promise<void>;

beforeAll(async () => {
  ({ worker, client, close } = await openTemporal());
});
afterAll(() => close());

type StartProps = PropsInput<(typeof startWorkflow)['props']>;

interface Started {
  workflowId: string;
  runId: string;
  started: boolean;
  status: string;
}

async function start(props: Partial<StartProps>, identity = {}): Promise<Started> {
  const { output } = await runAction(startWorkflow, {
    auth,
    props: { workflowType: 'echo', taskQueue: worker.taskQueue, ...props },
    identity,
  });
  return output as Started;
}

const resultOf = async (workflowId: string, props = {}) => {
  const { output } = await runAction(getResult, { auth, props: { workflowId, waitSeconds: 30, ...props } });
  return output as {
    finished: boolean;
    status: string;
    result: unknown;
    failure: unknown;
    problem: string | null;
  };
};

describe('start_workflow', () => {
  it('starts once per idempotency key, also when the workflow has ended', async () => {
    const idempotencyKey = uniqueName('key');
    const first = await start({ idempotencyKey, arguments: [{ n: 1 }] });
    expect(first).toMatchObject({ started: true, workflowId: `echo-${idempotencyKey}`, status: 'RUNNING' });
    expect(await start({ idempotencyKey, arguments: [{ n: 2 }] })).toMatchObject({
      started: false,
      runId: first.runId,
    });
    expect(await resultOf(first.workflowId)).toMatchObject({
      finished: true,
      status: 'COMPLETED',
      result: { n: 1 },
    });
    expect(await start({ idempotencyKey, arguments: [{ n: 3 }] })).toMatchObject({
      started: false,
      runId: first.runId,
      status: 'COMPLETED',
    });
  });

  it('takes the same call of the same step in a run for a retry, and another argument for another workflow', async () => {
    const identity = { runId: uniqueName('run') };
    const first = await start({ arguments: ['a'] }, identity);
    expect(await start({ arguments: ['a'] }, identity)).toMatchObject({
      started: false,
      workflowId: first.workflowId,
    });
    expect((await start({ arguments: ['b'] }, identity)).started).toBe(true);
    expect((await start({ arguments: ['a'] }, { runId: uniqueName('run') })).started).toBe(true);
  });

  it('starts one workflow when twenty runs try at once', async () => {
    const idempotencyKey = uniqueName('key');
    const all = await Promise.all(
      Array.from({ length: 20 }, () => start({ workflowType: 'order', arguments: ['x'], idempotencyKey })),
    );
    expect(new Set(all.map(({ runId }) => runId)).size).toBe(1);
    expect(all.filter(({ started }) => started)).toHaveLength(1);
  });

  it('follows the policies for ids that are in use or were', async () => {
    const workflowId = uniqueName('order');
    const running = await start({ workflowType: 'order', arguments: ['x'], workflowId });
    await expect(start({ workflowId, idConflictPolicy: 'FAIL' })).rejects.toMatchObject({
      code: 'BIZ_TEMPORAL_WORKFLOW_EXISTS',
    });
    const again = await start({ workflowId, idConflictPolicy: 'TERMINATE_EXISTING', arguments: ['new'] });
    expect(again.runId).not.toBe(running.runId);
    expect(await resultOf(workflowId, { runId: running.runId, failOnFailure: false })).toMatchObject({
      status: 'TERMINATED',
      failure: { kind: 'TerminatedFailure' },
    });
    expect(await resultOf(workflowId)).toMatchObject({ result: 'new' });
    await expect(start({ workflowId, idReusePolicy: 'REJECT_DUPLICATE' })).rejects.toMatchObject({
      code: 'BIZ_TEMPORAL_WORKFLOW_EXISTS',
    });
    expect((await start({ workflowId, idReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY' })).started).toBe(false);
    expect(
      (await start({ workflowId, idReusePolicy: 'ALLOW_DUPLICATE', arguments: ['third'] })).started,
    ).toBe(true);
    expect(await resultOf(workflowId)).toMatchObject({ result: 'third' });
    const failed = uniqueName('checked');
    await start({ workflowType: 'checked', workflowId: failed, arguments: [{}] });
    await resultOf(failed, { failOnFailure: false });
    expect(
      (
        await start({
          workflowType: 'checked',
          workflowId: failed,
          idReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
          arguments: [{ amount: 4 }],
        })
      ).started,
    ).toBe(true);
    expect(await resultOf(failed)).toMatchObject({ result: 4 });
  });

  it('passes every option on', async () => {
    const { workflowId } = await start({
      workflowType: 'order',
      arguments: ['x'],
      workflowId: uniqueName('order'),
      executionTimeout: '2h',
      runTimeout: '90m',
      taskTimeout: '20',
      startDelay: '1s',
      priority: 2,
      retryMaximumAttempts: 3,
      retryInitialInterval: '5s',
      retryMaximumInterval: '1m',
      retryBackoff: 1.5,
      retryNonRetryable: ['ValidationError'],
      memo: { why: 'test', n: 1 },
      searchAttributes: [
        { name: 'BizWaitingFor', type: 'KEYWORD', value: "it's" },
        { name: 'BizTestText', type: 'TEXT', value: 'some words' },
        { name: 'BizTestInt', type: 'INT', value: '42' },
        { name: 'BizTestDouble', type: 'DOUBLE', value: '1.5' },
        { name: 'BizTestBool', type: 'BOOL', value: 'true' },
        { name: 'BizTestTime', type: 'DATETIME', value: '2026-01-31T10:00:00Z' },
        { name: 'BizTestList', type: 'KEYWORD_LIST', value: 'a, b' },
        { name: 'BizTestText', type: 'TEXT', value: '' },
      ],
      summary: 'A *summary*',
      details: 'Some details',
    });
    const info = await client.workflow.getHandle(workflowId).describe();
    expect(info.memo).toEqual({ why: 'test', n: 1 });
    expect(
      Object.fromEntries(info.typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value])),
    ).toMatchObject({
      BizWaitingFor: "it's",
      BizTestText: 'some words',
      BizTestInt: 42,
      BizTestDouble: 1.5,
      BizTestBool: true,
      BizTestTime: new Date('2026-01-31T10:00:00Z'),
      BizTestList: ['a', 'b'],
    });
    expect(await info.staticSummary()).toBe('A *summary*');
    expect(await info.staticDetails()).toBe('Some details');
    expect(info.priority?.priorityKey).toBe(2);
    const history = await client.workflow.getHandle(workflowId).fetchHistory();
    const started = history.events?.[0]?.workflowExecutionStartedEventAttributes;
    expect(Number(started?.workflowExecutionTimeout?.seconds)).toBe(7200);
    expect(Number(started?.workflowRunTimeout?.seconds)).toBe(5400);
    expect(Number(started?.workflowTaskTimeout?.seconds)).toBe(20);
    expect(Number(started?.firstWorkflowTaskBackoff?.seconds)).toBe(1);
    expect(started?.retryPolicy).toMatchObject({
      maximumAttempts: 3,
      backoffCoefficient: 1.5,
      nonRetryableErrorTypes: ['ValidationError'],
    });
    await client.workflow.getHandle(workflowId).terminate();
  });

  it.each([
    ['a list', { arguments: ['only', 'this'] }, 'only'],
    ['an object', { arguments: { a: [1, null] } }, { a: [1, null] }],
    ['fields', { argumentFields: { a: 'x' } }, { a: 'x' }],
    ['nothing', {}, null],
  ])('takes %s as arguments', async (_what, props, expected) => {
    const { workflowId } = await start({ ...props, workflowId: uniqueName('echo') });
    expect(await resultOf(workflowId)).toMatchObject({ result: expected });
  });

  it('refuses bad input with an error that names it', async () => {
    await expect(start({ taskQueue: '' })).rejects.toMatchObject({
      code: expect.stringMatching(/^BIZ_/) as string,
    });
    await expect(start({ executionTimeout: 'soon' })).rejects.toMatchObject({
      code: 'BIZ_TEMPORAL_DURATION_INVALID',
    });
    await expect(start({ arguments: ['a'], argumentFields: { b: 'c' } })).rejects.toThrow(/given twice/);
    await expect(
      start({ searchAttributes: [{ name: 'NeverRegistered', type: 'KEYWORD', value: 'x' }] }),
    ).rejects.toMatchObject({ code: 'BIZ_TEMPORAL_SEARCH_ATTRIBUTE_INVALID' });
    await expect(start({ arguments: ['x'.repeat(2_100_000)] })).rejects.toMatchObject({
      code: 'BIZ_TEMPORAL_PAYLOAD_TOO_LARGE',
    });
    await expect(start({ arguments: ['x'.repeat(5_000_000)] })).rejects.toMatchObject({
      code: 'BIZ_TEMPORAL_PAYLOAD_TOO_LARGE',
    });
  });

  it('says why a workflow of an unknown type does not get on', async () => {
    const { workflowId } = await start({ workflowType: 'noSuchType', workflowId: uniqueName('none') });
    const outcome = await eventually(async () => {
      const found = await resultOf(workflowId, { waitSeconds: 1, failOnFailure: false });
      if (found.problem === null && found.failure === null) throw new Error('nothing yet');
      return found;
    });
    expect(JSON.stringify(outcome)).toMatch(/noSuchType/);
    await client.workflow
      .getHandle(workflowId)
      .terminate()
      .catch(() => undefined);
  });

  it('gives the words of a workflow that refuses its arguments', async () => {
    const { workflowId } = await start({
      workflowType: 'checked',
      arguments: { amount: 'much' },
      workflowId: uniqueName(),
    });
    await expect(resultOf(workflowId)).rejects.toMatchObject({
      code: 'BIZ_TEMPORAL_WORKFLOW_FAILED',
      message: expect.stringContaining('amount: expected a number') as string,
      details: { failure: { type: 'ValidationError', nonRetryable: true, details: [{ field: 'amount' }] } },
    });
    expect(await resultOf(workflowId, { failOnFailure: false })).toMatchObject({
      finished: true,
      status: 'FAILED',
    });
  });

  it('gives the cause of a failed activity', async () => {
    const { workflowId } = await start({ workflowType: 'pays', arguments: [0], workflowId: uniqueName() });
    expect(await resultOf(workflowId, { failOnFailure: false })).toMatchObject({
      failure: {
        kind: 'ActivityFailure',
        activityType: 'charge',
        cause: { type: 'PaymentError', message: 'card declined', details: [{ amount: 0 }] },
      },
    });
  });
});

describe('signal_workflow', () => {
  const signal = (props: object, identity = {}) =>
    runAction(signalWorkflow, { auth, props: { workflowId: '', signal: '', ...props }, identity });

  it('signals once per key, and once per step and run without one', async () => {
    const { workflowId } = await start({
      workflowType: 'order',
      arguments: ['x'],
      workflowId: uniqueName('order'),
    });
    const note = { workflowId, signal: 'note' };
    for (let again = 0; again < 3; again += 1)
      await signal({ ...note, arguments: ['once'], idempotencyKey: 'k1' });
    await signal({ ...note, arguments: ['once more'], idempotencyKey: 'k2' });
    const identity = { runId: uniqueName('run') };
    for (let again = 0; again < 3; again += 1) await signal({ ...note, arguments: ['retried'] }, identity);
    await signal({ ...note, arguments: ['other argument'] }, identity);
    await signal({ ...note, arguments: ['retried'] }, { runId: uniqueName('run') });
    await signal({ workflowId, signal: 'approve', arguments: ['ann'] });
    expect(await resultOf(workflowId)).toMatchObject({
      result: { by: 'ann', notes: ['once', 'once more', 'retried', 'other argument', 'retried'] },
    });
  });

  it('tells a closed workflow from an unknown one', async () => {
    const { workflowId } = await start({ workflowId: uniqueName() });
    await resultOf(workflowId);
    await expect(signal({ workflowId, signal: 'approve' })).rejects.toMatchObject({
      code: 'BIZ_TEMPORAL_WORKFLOW_CLOSED',
    });
    await expect(signal({ workflowId: uniqueName(), signal: 'approve' })).rejects.toMatchObject({
      code: 'BIZ_TEMPORAL_WORKFLOW_UNKNOWN',
    });
  });
});

describe('signal_with_start', () => {
  const call = async (props: object) => {
    const { output } = await runAction(signalWithStart, {
      auth,
      props: {
        workflowType: 'order',
        taskQueue: worker.taskQueue,
        arguments: ['x'],
        signal: 'note',
        ...props,
      },
    });
    return output as { workflowId: string; runId: string; started: boolean };
  };

  it('starts the workflow, then only signals it, once per key', async () => {
    const workflowId = uniqueName('order');
    const first = await call({ workflowId, signalArguments: ['one'], signalKey: 's1' });
    expect(first.started).toBe(true);
    expect(await call({ workflowId, signalArguments: ['one'], signalKey: 's1' })).toMatchObject({
      started: false,
      runId: first.runId,
    });
    await call({ workflowId, signalArgumentFields: { two: '2' }, signalKey: 's2' });
    await call({ workflowId, signal: 'approve', signalArguments: ['bob'] });
    expect(await resultOf(workflowId)).toMatchObject({ result: { notes: ['one', { two: '2' }], by: 'bob' } });
  });

  it('does not start a closed workflow again unless told to', async () => {
    const workflowId = uniqueName('order');
    await call({ workflowId, signal: 'approve', signalArguments: ['ann'] });
    await resultOf(workflowId);
    await expect(call({ workflowId, signalArguments: ['late'] })).rejects.toMatchObject({
      code: 'BIZ_TEMPORAL_WORKFLOW_EXISTS',
    });
    expect(
      (await call({ workflowId, signalArguments: ['new'], idReusePolicy: 'ALLOW_DUPLICATE' })).started,
    ).toBe(true);
    await client.workflow.getHandle(workflowId).terminate();
  });
});

describe('query_workflow', () => {
  const query = async (props: object) => {
    const { output } = await runAction(queryWorkflow, {
      auth,
      props: { workflowId: '', query: 'state', ...props },
    });
    return (output as { answer: unknown }).answer;
  };

  it('asks with arguments, also a closed workflow unless that is refused', async () => {
    const { workflowId } = await start({
      workflowType: 'order',
      arguments: ['q'],
      workflowId: uniqueName('order'),
    });
    expect(await query({ workflowId })).toMatchObject({ name: 'q', total: 0 });
    expect(await query({ workflowId, arguments: ['total'] })).toBe(0);
    expect(await query({ workflowId, rejectCondition: 'NOT_OPEN' })).toMatchObject({ name: 'q' });
    await client.workflow.getHandle(workflowId).signal('approve', 'ann');
    await resultOf(workflowId);
    expect(await query({ workflowId })).toMatchObject({ by: 'ann' });
    expect(await query({ workflowId, rejectCondition: 'NOT_COMPLETED_CLEANLY' })).toMatchObject({
      by: 'ann',
    });
    await expect(query({ workflowId, rejectCondition: 'NOT_OPEN' })).rejects.toMatchObject({
      code: 'BIZ_TEMPORAL_QUERY_REJECTED',
    });
    await expect(query({ workflowId, query: 'nope' })).rejects.toMatchObject({
      code: 'BIZ_TEMPORAL_QUERY_UNKNOWN',
    });
    await expect(query({ workflowId: uniqueName() })).rejects.toMatchObject({
      code: 'BIZ_TEMPORAL_WORKFLOW_UNKNOWN',
    });
  });

  it('says that the worker is away', async () => {
    const { workflowId } = await start({
      workflowType: 'order',
      taskQueue: uniqueName('nobody'),
      workflowId: uniqueName(),
    });
    await expect(query({ workflowId, timeoutSeconds: 2 })).rejects.toMatchObject({
      code: 'BIZ_TEMPORAL_WORKER_AWAY',
    });
    await expect(
      runAction(executeUpdate, {
        auth,
        props: { workflowId, update: 'add', arguments: [1], timeoutSeconds: 1 },
      }),
    ).rejects.toMatchObject({ code: 'BIZ_TEMPORAL_WORKER_AWAY' });
    await client.workflow.getHandle(workflowId).terminate();
  });
});

describe('execute_update', () => {
  const update = async (props: object) => {
    const { output } = await runAction(executeUpdate, {
      auth,
      props: { workflowId: '', update: 'add', ...props },
    });
    return output as { updateId: string; completed: boolean; result: unknown };
  };

  it('updates once per key and gives the same result again', async () => {
    const { workflowId } = await start({
      workflowType: 'order',
      arguments: ['u'],
      workflowId: uniqueName('order'),
    });
    expect(await update({ workflowId, arguments: [5], idempotencyKey: 'u1' })).toMatchObject({
      completed: true,
      result: 5,
    });
    expect(await update({ workflowId, arguments: [5], idempotencyKey: 'u1' })).toMatchObject({ result: 5 });
    expect(await update({ workflowId, arguments: [2], idempotencyKey: 'u2' })).toMatchObject({ result: 7 });
    expect(await update({ workflowId, arguments: [1], waitFor: 'ACCEPTED' })).toMatchObject({
      completed: false,
      result: null,
    });
    await expect(update({ workflowId, arguments: ['much'] })).rejects.toMatchObject({
      code: 'BIZ_TEMPORAL_UPDATE_FAILED',
      message: expect.stringContaining('amount must be a number') as string,
    });
    await expect(update({ workflowId, update: 'nope' })).rejects.toMatchObject({
      code: 'BIZ_TEMPORAL_UPDATE_FAILED',
    });
    await client.workflow.getHandle(workflowId).signal('approve', 'ann');
    expect(await resultOf(workflowId)).toMatchObject({ result: { total: 8 } });
    await expect(update({ workflowId, arguments: [1] })).rejects.toMatchObject({
      code: 'BIZ_TEMPORAL_WORKFLOW_CLOSED',
    });
    await expect(update({ workflowId: uniqueName() })).rejects.toMatchObject({
      code: 'BIZ_TEMPORAL_WORKFLOW_UNKNOWN',
    });
  });
});

describe('update_with_start', () => {
  it('starts the workflow, then only updates it, once per key', async () => {
    const workflowId = uniqueName('order');
    const call = async (props: object) => {
      const { output } = await runAction(updateWithStart, {
        auth,
        props: {
          workflowType: 'order',
          taskQueue: worker.taskQueue,
          arguments: ['x'],
          workflowId,
          update: 'add',
          ...props,
        },
      });
      return output as { runId: string; result: unknown; completed: boolean };
    };
    const first = await call({ updateArguments: [3], updateKey: 'a' });
    expect(first).toMatchObject({ result: 3, completed: true });
    expect(await call({ updateArguments: [3], updateKey: 'a' })).toMatchObject({
      result: 3,
      runId: first.runId,
    });
    expect(await call({ updateArguments: [4], updateKey: 'b' })).toMatchObject({
      result: 7,
      runId: first.runId,
    });
    expect(await call({ updateArguments: [1], waitFor: 'ACCEPTED' })).toMatchObject({
      completed: false,
      result: null,
    });
    await expect(call({ updateArguments: ['much'] })).rejects.toMatchObject({
      code: 'BIZ_TEMPORAL_UPDATE_FAILED',
    });
    await client.workflow.getHandle(workflowId).terminate();
  });
});
