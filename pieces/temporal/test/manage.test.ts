import { readFileSync } from 'node:fs';
import { runAction, runOptions } from '@bizstack/piece-testkit';
import type { Client } from '@temporalio/client';
import { cancelWorkflow } from '../src/lib/actions/cancel-workflow';
import { countWorkflows } from '../src/lib/actions/count-workflows';
import { describeWorkflow } from '../src/lib/actions/describe-workflow';
import { executeUpdate } from '../src/lib/actions/execute-update';
import { getHistory } from '../src/lib/actions/get-history';
import { getResult } from '../src/lib/actions/get-result';
import { listWorkflows } from '../src/lib/actions/list-workflows';
import { queryWorkflow } from '../src/lib/actions/query-workflow';
import { resetWorkflow } from '../src/lib/actions/reset-workflow';
import { signalWorkflow } from '../src/lib/actions/signal-workflow';
import { startWorkflow } from '../src/lib/actions/start-workflow';
import { terminateWorkflow } from '../src/lib/actions/terminate-workflow';
import { waitForWorkflow } from '../src/lib/actions/wait-for-workflow';
import { type TestWorker, auth, eventually, openTemporal, uniqueName } from './support/temporal';

let worker: TestWorker;
let client: Client;
let close: () => Promise<void>;

beforeAll(async () => {
  ({ worker, client, close } = await openTemporal());
});
afterAll(() => close());

async function start(workflowType: string, args: unknown[] = [], more = {}): Promise<string> {
  const workflowId = uniqueName(workflowType);
  await client.workflow.start(workflowType, { taskQueue: worker.taskQueue, workflowId, args, ...more });
  return workflowId;
}

interface Output {
  [key: string]: unknown;
}

const outputOf = async (run: Promise<{ output: unknown }>) => (await run).output as Output;

describe('get_result', () => {
  const get = (props: { workflowId: string } & Record<string, unknown>) =>
    outputOf(runAction(getResult, { auth, props }));

  it('waits for the end, looks once, or gives up in time', async () => {
    const workflowId = await start('slow', [1_500]);
    expect(await get({ workflowId, waitSeconds: 0 })).toMatchObject({ finished: false, status: 'RUNNING' });
    expect(await get({ workflowId, waitSeconds: 0.2 })).toMatchObject({ finished: false, result: null });
    expect(await get({ workflowId, waitSeconds: 20 })).toMatchObject({ finished: true, result: 'slept' });
    expect(await get({ workflowId, waitSeconds: 0 })).toMatchObject({ finished: true, result: 'slept' });
  });

  it('follows a workflow that continues as new, or stays with one run', async () => {
    const workflowId = await start('continues', [2]);
    expect(await get({ workflowId })).toMatchObject({ result: 'done' });
    const first = await eventually(async () => {
      const { workflows } = await outputOf(
        runAction(listWorkflows, {
          auth,
          props: { workflowIdPrefix: workflowId, statuses: ['CONTINUED_AS_NEW'] },
        }),
      );
      const found = (workflows as { runId: string }[]).at(-1);
      if (!found) throw new Error('not visible yet');
      return found;
    });
    await expect(get({ workflowId, runId: first.runId })).rejects.toMatchObject({
      code: 'BIZ_TEMPORAL_WORKFLOW_CONTINUED',
    });
  });

  it('gives null for a workflow without a result, and an error for an unknown one', async () => {
    expect(await get({ workflowId: await start('nothing') })).toMatchObject({ finished: true, result: null });
    await expect(get({ workflowId: uniqueName() })).rejects.toMatchObject({
      code: 'BIZ_TEMPORAL_WORKFLOW_UNKNOWN',
    });
    await expect(get({ workflowId: 'x', waitSeconds: 9_999 })).rejects.toThrow();
  });
});

describe('wait_for_workflow', () => {
  it('gives the result at once when the workflow is quick', async () => {
    const run = await runAction(waitForWorkflow, {
      auth,
      props: { workflowId: await start('echo', ['quick']) },
    });
    expect(run.paused).toBeUndefined();
    expect(run.output).toMatchObject({ finished: true, result: 'quick' });
  });

  it('pauses the run, looks again when resumed, and gives the result in the end', async () => {
    const workflowId = await start('order', ['x']);
    const before = Date.now();
    let run = await runAction(waitForWorkflow, {
      auth,
      props: { workflowId, checkEvery: '1h', timeout: '30d' },
    });
    for (let look = 0; look < 3; look += 1) {
      expect(run.paused).toMatchObject({ type: 'DELAY' });
      expect(Date.parse(run.paused?.resumeDateTime ?? '') - before).toBeGreaterThanOrEqual(3_600_000);
      run = await run.resume();
    }
    await client.workflow.getHandle(workflowId).signal('approve', 'ann');
    await client.workflow.getHandle(workflowId).result();
    run = await run.resume();
    expect(run.paused).toBeUndefined();
    expect(run.output).toMatchObject({ finished: true, result: { by: 'ann' } });
  });

  it('ends after its time, counted from the first look', async () => {
    const workflowId = await start('order', ['x']);
    const props = { workflowId, checkEvery: '1h', timeout: '6s' };
    const run = await runAction(waitForWorkflow, { auth, props });
    expect(Date.parse(run.paused?.resumeDateTime ?? '') - Date.now()).toBeLessThan(6_000);
    await eventually(async () => {
      await expect(run.resume()).rejects.toMatchObject({ code: 'BIZ_TEMPORAL_WAIT_TIMEOUT' });
    });
    const other = await runAction(waitForWorkflow, {
      auth,
      props: { ...props, timeout: '1s', onTimeout: 'continue' },
    });
    expect(other.paused).toBeUndefined();
    expect(other.output).toMatchObject({ finished: false, status: 'RUNNING' });
    await client.workflow.getHandle(workflowId).terminate();
  });

  it('fails with the workflow, or says how it ended', async () => {
    const workflowId = await start('checked', [{}]);
    await expect(runAction(waitForWorkflow, { auth, props: { workflowId } })).rejects.toMatchObject({
      code: 'BIZ_TEMPORAL_WORKFLOW_FAILED',
    });
    const { output } = await runAction(waitForWorkflow, {
      auth,
      props: { workflowId, failOnFailure: false },
    });
    expect(output).toMatchObject({ finished: true, status: 'FAILED', failure: { type: 'ValidationError' } });
  });
});

describe('cancel, terminate, describe', () => {
  it('cancels a workflow, which cleans up; a closed one is left alone', async () => {
    const workflowId = await start('stoppable');
    await eventually(async () => {
      const { historyLength } = await client.workflow.getHandle(workflowId).describe();
      if (historyLength < 4) throw new Error('not running yet');
    });
    const cancel = () => outputOf(runAction(cancelWorkflow, { auth, props: { workflowId } }));
    expect(await cancel()).toMatchObject({ requested: true });
    expect(await client.workflow.getHandle(workflowId).result()).toBe('cleaned up');
    expect(await cancel()).toMatchObject({ requested: false });
    await expect(
      runAction(cancelWorkflow, { auth, props: { workflowId: uniqueName() } }),
    ).rejects.toMatchObject({ code: 'BIZ_TEMPORAL_WORKFLOW_UNKNOWN' });
  });

  it('terminates a workflow with its reason, once', async () => {
    const workflowId = await start('order', ['x']);
    const terminate = () =>
      outputOf(runAction(terminateWorkflow, { auth, props: { workflowId, reason: 'no longer needed' } }));
    expect(await terminate()).toMatchObject({ terminated: true });
    expect(await terminate()).toMatchObject({ terminated: false });
    const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
    expect(events?.at(-1)?.workflowExecutionTerminatedEventAttributes?.reason).toBe('no longer needed');
  });

  it('describes what is pending and what the workflow is', async () => {
    const workflowId = await start('order', ['x'], {
      memo: { note: ['a', 1] },
      searchAttributes: { BizWaitingFor: ['approval'] },
      staticSummary: 'An order',
      workflowRunTimeout: '1h',
    });
    const described = await outputOf(runAction(describeWorkflow, { auth, props: { workflowId } }));
    expect(described).toMatchObject({
      workflowId,
      workflowType: 'order',
      status: 'RUNNING',
      taskQueue: worker.taskQueue,
      closeTime: null,
      memo: { note: ['a', 1] },
      searchAttributes: { BizWaitingFor: 'approval' },
      summary: 'An order',
      runTimeoutMs: 3_600_000,
      pendingActivities: [],
      pendingChildren: [],
      problem: null,
    });
    expect(JSON.parse(JSON.stringify(described))).toEqual(described);
    await client.workflow.getHandle(workflowId).terminate();
  });
});

describe('get_history', () => {
  it('gives readable events, the newest first if wanted, and says when there are more', async () => {
    const workflowId = await start('pays', [5]);
    await client.workflow.getHandle(workflowId).result();
    const history = (props: object) =>
      outputOf(runAction(getHistory, { auth, props: { workflowId, ...props } }));
    const { events, truncated } = await history({});
    const list = events as { id: number; type: string; attributes: Output }[];
    expect(truncated).toBe(false);
    expect(list.map(({ id }) => id)).toEqual(list.map((_event, index) => index + 1));
    expect(list[0]).toMatchObject({ type: 'WorkflowExecutionStarted', attributes: { input: [5] } });
    expect(list.find(({ type }) => type === 'ActivityTaskCompleted')?.attributes).toMatchObject({
      result: ['charged 5'],
    });
    const newest = await history({ newestFirst: true, maxEvents: 2 });
    expect(newest).toMatchObject({ count: 2, truncated: true });
    expect((newest['events'] as { type: string }[])[0]?.type).toBe('WorkflowExecutionCompleted');
  });

  it('writes the file that a worker replays', async () => {
    const workflowId = await start('echo', [{ a: 1 }]);
    await client.workflow.getHandle(workflowId).result();
    const { file, fileName } = await outputOf(
      runAction(getHistory, { auth, props: { workflowId, format: 'replay', asFile: true } }),
    );
    const text = await (await fetch(String(file))).text();
    expect(fileName).toBe(`${workflowId}.json`);
    const replayed = await client.workflow.getHandle(workflowId).fetchHistory();
    const { events } = JSON.parse(text) as { events: { eventType: string }[] };
    expect(events).toHaveLength(replayed.events?.length ?? -1);
    expect(events[0]?.eventType).toBe('EVENT_TYPE_WORKFLOW_EXECUTION_STARTED');
  });
});

describe('reset_workflow', () => {
  const reset = (props: { workflowId: string } & Record<string, unknown>, identity = {}) =>
    outputOf(runAction(resetWorkflow, { auth, props, identity }));

  it('goes back to the start or an event, with or without the signals, once per key', async () => {
    const workflowId = await start('order', ['x']);
    await client.workflow.getHandle(workflowId).executeUpdate('add', { args: [5] });
    await client.workflow.getHandle(workflowId).signal('approve', 'ann');
    expect(await client.workflow.getHandle(workflowId).result()).toMatchObject({ total: 5, by: 'ann' });
    const first = await reset({ workflowId, to: 'first', idempotencyKey: 'r1', reason: 'again' });
    expect(await client.workflow.getHandle(workflowId).result()).toMatchObject({ total: 5, by: 'ann' });
    expect(await reset({ workflowId, runId: '', to: 'first', idempotencyKey: 'r1' })).toMatchObject({
      runId: first['runId'],
    });
    await reset({ workflowId, to: 'event', eventId: 3, drop: ['signals', 'updates'] });
    const handle = client.workflow.getHandle(workflowId);
    expect(await eventually(() => handle.query('state'))).toMatchObject({ total: 0 });
    await handle.terminate();
    expect(await reset({ workflowId, to: 'last' })).toMatchObject({ workflowId });
    await client.workflow.getHandle(workflowId).terminate();
  });

  it('has nothing to go back to before a worker ran it', async () => {
    const workflowId = await start('order', ['x'], { taskQueue: uniqueName('nobody') });
    await expect(reset({ workflowId })).rejects.toMatchObject({ code: 'BIZ_TEMPORAL_RESET_POINT' });
    await client.workflow.getHandle(workflowId).terminate();
  });
});

describe('list_workflows and count_workflows', () => {
  it('finds by type, status, id, queue, time, search attribute and query', async () => {
    const taskQueue = uniqueName('find');
    const mark = uniqueName("it's a mark");
    const before = new Date();
    for (let index = 0; index < 5; index += 1) {
      await client.workflow.start(index < 3 ? 'finder' : 'other', {
        taskQueue,
        workflowId: `${taskQueue}-${index}`,
        searchAttributes: { BizWaitingFor: [mark], BizTestInt: [index], BizTestBool: [index === 4] },
      });
    }
    await client.workflow.getHandle(`${taskQueue}-0`).terminate();
    const ids = async (props: object) => {
      const { workflows } = await outputOf(
        runAction(listWorkflows, { auth, props: { taskQueue, ...props } }),
      );
      return (workflows as { workflowId: string }[])
        .map(({ workflowId }) => Number(workflowId.at(-1)))
        .sort();
    };
    await eventually(async () => {
      expect(await ids({})).toEqual([0, 1, 2, 3, 4]);
      expect(await ids({ statuses: ['TERMINATED'] })).toEqual([0]);
    });
    expect(await ids({ workflowTypes: ['finder'] })).toEqual([0, 1, 2]);
    expect(await ids({ workflowTypes: ['finder', 'other'], statuses: ['RUNNING', 'FAILED'] })).toEqual([
      1, 2, 3, 4,
    ]);
    expect(await ids({ workflowIdPrefix: `${taskQueue}-3` })).toEqual([3]);
    expect(await ids({ startedAfter: before.toISOString() })).toHaveLength(5);
    expect(await ids({ startedBefore: before.toISOString() })).toEqual([]);
    expect(await ids({ closedAfter: before.toISOString() })).toEqual([0]);
    expect(await ids({ closedBefore: before.toISOString() })).toEqual([]);
    const on = (attribute: string, operator: string, value?: string, type?: string) =>
      ids({ conditions: [{ attribute, operator, value, type }] });
    expect(await on('BizWaitingFor', 'equals', mark)).toHaveLength(5);
    expect(await on('BizWaitingFor', 'not_equals', mark)).toEqual([]);
    expect(await on('BizWaitingFor', 'starts_with', mark.slice(0, 12))).toHaveLength(5);
    expect(await on('BizWaitingFor', 'is_null')).toEqual([]);
    expect(await on('BizWaitingFor', 'is_not_null')).toHaveLength(5);
    expect(await on('WorkflowType', 'one_of', 'other, none')).toEqual([3, 4]);
    expect(await on('BizTestInt', 'greater_than', '2', 'number')).toEqual([3, 4]);
    expect(await on('BizTestInt', 'less_or_equal', '1', 'number')).toEqual([0, 1]);
    expect(await on('BizTestInt', 'one_of', '1, 4', 'number')).toEqual([1, 4]);
    expect(await on('BizTestBool', 'equals', 'true', 'boolean')).toEqual([4]);
    expect(await ids({ query: `BizTestInt = 1 OR BizTestInt = 2` })).toEqual([1, 2]);

    const counted = await outputOf(runAction(countWorkflows, { auth, props: { taskQueue, byStatus: true } }));
    expect(counted).toMatchObject({ count: 5 });
    expect(counted['groups']).toEqual(
      expect.arrayContaining([
        { status: 'Running', count: 4 },
        { status: 'Terminated', count: 1 },
      ]),
    );
    const part = await outputOf(runAction(listWorkflows, { auth, props: { taskQueue, maxResults: 2 } }));
    expect(part).toMatchObject({ count: 2, truncated: true });
    for (let index = 1; index < 5; index += 1)
      await client.workflow.getHandle(`${taskQueue}-${index}`).terminate();
  });

  it('refuses what is no query', async () => {
    const list = (props: object) => runAction(listWorkflows, { auth, props });
    await expect(list({ query: 'WorkflowType = order' })).rejects.toMatchObject({
      code: 'BIZ_TEMPORAL_FILTER_INVALID',
    });
    await expect(list({ query: 'NoSuchAttribute = 1' })).rejects.toMatchObject({
      code: expect.stringMatching(/BIZ_TEMPORAL_(FILTER|SEARCH_ATTRIBUTE)_INVALID/) as string,
    });
    await expect(
      list({ conditions: [{ attribute: "x' OR 1=1", operator: 'equals', value: '1' }] }),
    ).rejects.toMatchObject({ code: 'BIZ_TEMPORAL_FILTER_INVALID' });
    await expect(
      list({ conditions: [{ attribute: 'BizTestInt', operator: 'equals', value: 'x', type: 'number' }] }),
    ).rejects.toMatchObject({ code: 'BIZ_TEMPORAL_FILTER_INVALID' });
  });
});

describe('dropdowns', () => {
  const labels = async (
    owner: Parameters<typeof runOptions>[0],
    property: string,
    input = {},
    searchValue?: string,
  ) =>
    (
      await runOptions(owner, {
        auth,
        property,
        input,
        ...(searchValue === undefined ? {} : { searchValue }),
      })
    ).options.map(({ value }) => value);

  it('show types, queues and ids that the namespace has seen', async () => {
    const workflowId = await start('order', ['x']);
    await eventually(async () => {
      expect(await labels(startWorkflow, 'workflowType')).toContain('order');
      expect(await labels(startWorkflow, 'taskQueue')).toContain(worker.taskQueue);
      expect(await labels(signalWorkflow, 'workflowId', {}, workflowId.slice(0, 20))).toEqual([workflowId]);
    });
    await client.workflow.getHandle(workflowId).terminate();
  });

  it('show the signals, queries and updates of a workflow', async () => {
    const workflowId = await start('order', ['x']);
    await eventually(async () => {
      expect(await labels(signalWorkflow, 'signal', { workflowId })).toEqual(['approve', 'note']);
    });
    expect(await labels(queryWorkflow, 'query', { workflowId })).toEqual(['state']);
    expect(await labels(executeUpdate, 'update', { workflowId })).toEqual(['add']);
    await client.workflow.getHandle(workflowId).terminate();
  });

  it('say what is wrong instead of failing', async () => {
    const away = { address: '127.0.0.1:1', namespace: 'default' };
    const state = await runOptions(startWorkflow, { auth: away, property: 'workflowType' });
    expect(state).toMatchObject({ disabled: true, options: [] });
    expect(state.placeholder).toMatch(/BIZ_TEMPORAL_UNREACHABLE/);
    expect((await runOptions(signalWorkflow, { auth, property: 'signal' })).placeholder).toMatch(
      /Workflow ID/,
    );
  });
});

it('has a description of every prop in both languages', () => {
  const read = (name: string) =>
    JSON.parse(readFileSync(`${__dirname}/../src/i18n/${name}.json`, 'utf8')) as Record<string, string>;
  expect(Object.keys(read('zh'))).toEqual(Object.keys(read('translation')));
});
