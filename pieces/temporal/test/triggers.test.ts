import { createTriggerHarness, MemoryStoreBackend, type PropsInput } from '@bizstack/piece-testkit';
import type { Client } from '@temporalio/client';
import { workflowClosed } from '../src/lib/triggers/workflow-closed';
import { workflowWaiting } from '../src/lib/triggers/workflow-waiting';
import { WAITING_NAME } from '../src/lib/triggers/waiting';
import { type TestWorker, auth, eventually, openTemporal, uniqueName } from './support/temporal';

let worker: TestWorker;
let client: Client;
let close: () => Promise<void>;

beforeAll(async () => {
  ({ worker, client, close } = await openTemporal());
});
afterAll(() => close());

interface Payload {
  workflowId: string;
  runId: string;
  status: string;
  closeTime: string;
  result: unknown;
  failure: { type?: string } | null;
  waitingFor: string;
  details: Record<string, unknown>;
}

async function start(
  workflowType: string,
  args: unknown[],
  workflowId = uniqueName(workflowType),
): Promise<string> {
  await client.workflow.start(workflowType, { taskQueue: worker.taskQueue, workflowId, args });
  return workflowId;
}

/** Makes the process that staged the last batch look dead. */
function kill(store: MemoryStoreBackend): void {
  for (const [key, text] of store.entries) store.entries.set(key, text.replace(/"pid":\d+/, '"pid":4194305'));
}

/** Polls until so many came. */
async function collect(run: () => Promise<Payload[]>, count: number): Promise<Payload[]> {
  const seen: Payload[] = [];
  const deadline = Date.now() + 60_000;
  while (seen.length < count && Date.now() < deadline) seen.push(...(await run()));
  return seen;
}

describe('workflow_closed', () => {
  function open(props: PropsInput<(typeof workflowClosed)['props']> = {}, store = new MemoryStoreBackend()) {
    const harness = createTriggerHarness(workflowClosed, {
      auth,
      props: { query: `TaskQueue = '${worker.taskQueue}'`, ...props },
      store,
    });
    return { harness, store, run: async () => (await harness.run()) as Payload[] };
  }

  it('gives every workflow once, with its result or failure', async () => {
    const { harness, run } = open();
    const before = await start('echo', ['before']);
    await client.workflow.getHandle(before).result();
    await eventually(async () => {
      const { count } = await client.workflow.count(
        `WorkflowId = '${before}' AND ExecutionStatus = 'Completed'`,
      );
      expect(count).toBe(1);
    });
    await harness.enable();
    const done = await start('echo', [{ n: 1 }]);
    const failed = await start('checked', [{}]);
    const stopped = await start('order', ['x']);
    await client.workflow.getHandle(stopped).terminate();
    const found = new Map((await collect(run, 3)).map((one) => [one.workflowId, one]));
    expect([...found.keys()].sort()).toEqual([done, failed, stopped].sort());
    expect(found.get(done)).toMatchObject({ status: 'COMPLETED', result: { n: 1 }, failure: null });
    expect(found.get(failed)).toMatchObject({ status: 'FAILED', failure: { type: 'ValidationError' } });
    expect(found.get(stopped)).toMatchObject({ status: 'TERMINATED' });
    expect(await run()).toEqual([]);
  });

  it('filters by type and status, and leaves results out', async () => {
    const { harness, run } = open({ workflowTypes: ['checked'], statuses: ['FAILED'], withResult: false });
    await harness.enable();
    await start('echo', [1]);
    await start('checked', [{ amount: 1 }]);
    const failed = await start('checked', [{}]);
    const [one] = await collect(run, 1);
    expect(one?.workflowId).toBe(failed);
    expect(one).not.toHaveProperty('result');
  });

  it('loses none of 200 that close at once, gives none twice, and keeps their order', async () => {
    const { harness, run } = open({ maxWorkflows: 30, workflowTypes: ['echo'] });
    await harness.enable();
    const prefix = uniqueName('burst');
    const ids = Array.from({ length: 200 }, (_, index) => `${prefix}-${index}`);
    const seen: Payload[] = [];
    const poll = async () => {
      const batch = await run();
      expect(batch.map(({ closeTime }) => closeTime)).toEqual(batch.map(({ closeTime }) => closeTime).sort());
      seen.push(...batch);
    };
    const started = Promise.all(ids.map((id, index) => start('echo', [index], id)));
    const deadline = Date.now() + 90_000;
    while (seen.length < 200 && Date.now() < deadline) await poll();
    await started;
    await poll();
    expect(seen.map(({ workflowId }) => workflowId).sort()).toEqual([...ids].sort());
    expect(seen.every(({ workflowId, result }) => workflowId === `${prefix}-${Number(result)}`)).toBe(true);
  });

  it('goes on where it was when published again, and delivers again when the engine died', async () => {
    const { harness, run, store } = open();
    await harness.enable();
    const first = await start('echo', [1]);
    expect((await collect(run, 1)).map(({ workflowId }) => workflowId)).toEqual([first]);
    kill(store);
    expect((await collect(run, 1)).map(({ workflowId }) => workflowId)).toEqual([first]);
    await harness.disable();
    const second = await start('echo', [2]);
    await harness.enable();
    expect((await collect(run, 1)).map(({ workflowId }) => workflowId)).toEqual([second]);
    expect(await run()).toEqual([]);
  });

  it('begins with the oldest that is known, if wanted', async () => {
    const { harness, run } = open({ start: 'earliest', maxWorkflows: 3, withResult: false });
    await harness.enable();
    const all = await collect(run, 6);
    expect(all.map(({ closeTime }) => closeTime)).toEqual(all.map(({ closeTime }) => closeTime).sort());
    expect(new Set(all.map(({ runId }) => runId)).size).toBe(all.length);
    expect(((await harness.test()) as Payload[]).length).toBeGreaterThan(0);
  });
});

describe('workflow_waiting', () => {
  function open(props: PropsInput<(typeof workflowWaiting)['props']> = {}, store = new MemoryStoreBackend()) {
    const harness = createTriggerHarness(workflowWaiting, { auth, props, store });
    return { harness, store, run: async () => (await harness.run()) as Payload[] };
  }

  it('fires once for each request, with its details', async () => {
    const what = uniqueName('approval');
    const { harness, run } = open({ waitingFor: what });
    await harness.enable();
    const workflowId = await start('asks', [{ what, rounds: 2 }]);
    const [first] = await collect(run, 1);
    expect(first).toMatchObject({
      workflowId,
      waitingFor: what,
      details: { id: `${what}-1`, title: 'Round 1' },
      status: 'RUNNING',
    });
    expect(await run()).toEqual([]);
    await client.workflow.getHandle(workflowId).signal('decide', 'yes');
    const [second] = await collect(run, 1);
    expect(second).toMatchObject({ workflowId, details: { id: `${what}-2` } });
    await client.workflow.getHandle(workflowId).signal('decide', 'no');
    expect(await client.workflow.getHandle(workflowId).result()).toEqual(['yes', 'no']);
    expect(await run()).toEqual([]);
  });

  it('fires again when a workflow without request ids waits again, and after the engine died', async () => {
    const what = uniqueName('approval');
    const { harness, run, store } = open({ waitingFor: what, withDetails: 'none' });
    await harness.enable();
    const workflowId = await start('asks', [{ what, rounds: 2, withId: false }]);
    const handle = client.workflow.getHandle(workflowId);
    expect(await collect(run, 1)).toMatchObject([{ workflowId, details: {} }]);
    kill(store);
    expect(await collect(run, 1)).toMatchObject([{ workflowId }]);
    await handle.signal('decide', 'yes');
    await eventually(async () => {
      const { count } = await client.workflow.count(
        `${WAITING_NAME} = '${what}' AND ExecutionStatus = 'Running'`,
      );
      expect(count).toBe(0);
    });
    expect(await run()).toEqual([]);
    await handle.signal('decide', 'again 1');
    expect(await collect(run, 1)).toMatchObject([{ workflowId }]);
    await handle.terminate();
  });

  it.each(['memo', 'query'] as const)('recognises a workflow by its %s', async (how) => {
    const what = uniqueName('approval');
    const { harness, run } = open({ detectBy: how, waitingFor: what, workflowTypes: ['asks'] });
    await harness.enable();
    const workflowId = await start('asks', [{ what, rounds: 1, how }]);
    expect(await collect(run, 1)).toMatchObject([
      { workflowId, waitingFor: what, details: { title: 'Round 1' } },
    ]);
    await client.workflow.getHandle(workflowId).signal('decide', 'yes');
    await client.workflow.getHandle(workflowId).result();
  });

  it('takes many in parts, the oldest first, and shows some as a test', async () => {
    const what = uniqueName('approval');
    const { harness, run } = open({ waitingFor: what, maxWorkflows: 4, withDetails: 'query' });
    await harness.enable();
    const ids: string[] = [];
    for (let index = 0; index < 10; index += 1) ids.push(await start('asks', [{ what, rounds: 1 }]));
    await eventually(async () => {
      const { count } = await client.workflow.count(`${WAITING_NAME} = '${what}'`);
      expect(count).toBe(10);
    });
    const parts = [await run(), await run(), await run(), await run()];
    expect(parts.map((part) => part.length)).toEqual([4, 4, 2, 0]);
    expect(parts.flat().map(({ workflowId }) => workflowId)).toEqual(ids);
    expect(parts[0]?.[0]?.details).toMatchObject({ title: 'Round 1' });
    expect(await harness.test()).toHaveLength(5);
    for (const id of ids) await client.workflow.getHandle(id).terminate();
  });

  it('says which search attribute is missing when it is published', async () => {
    await expect(open({ name: 'NeverRegistered' }).harness.enable()).rejects.toMatchObject({
      code: 'BIZ_TEMPORAL_SEARCH_ATTRIBUTE_UNKNOWN',
      message: expect.stringContaining('temporal operator search-attribute create') as string,
    });
  });
});
