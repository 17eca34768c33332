import { randomUUID } from 'node:crypto';
import { testFacts } from '@bizstack/native/testing';
import { type MeasuredPair, measureRates, measureTimes, runAction } from '@bizstack/piece-testkit';
import { Client, Connection } from '@temporalio/client';
import { executeUpdate } from '../src/lib/actions/execute-update';
import { getResult } from '../src/lib/actions/get-result';
import { signalWorkflow } from '../src/lib/actions/signal-workflow';
import { startWorkflow } from '../src/lib/actions/start-workflow';
import { closeConnections } from '../src/lib/client';
import { startWorker } from '../test/support/start-worker';

const STARTS = 100;
/** Whole workflows at the same time: each is seven requests. */
const WHOLE = 25;

/** The piece's steps beside the SDK's client used by hand. What the engine does with props before a step is not measured. */
export async function bench(): Promise<MeasuredPair[]> {
  const address = testFacts('temporal')['address'] ?? '';
  const auth = { address, namespace: 'default' };
  const connection = await Connection.connect({ address });
  const client = new Client({ connection, namespace: 'default' });
  const taskQueue = `bench-${randomUUID()}`;
  const worker = await startWorker({ address, taskQueue });
  const ids = (length: number): string[] => Array.from({ length }, () => `bench-${randomUUID()}`);
  const startByHand = (workflowId: string) =>
    client.workflow.start('order', { taskQueue, workflowId, args: ['x'] });
  const startByPiece = (workflowId: string) =>
    runAction(startWorkflow, {
      auth,
      processProps: false,
      props: { workflowType: 'order', taskQueue, workflowId, arguments: ['x'] },
    });
  const wholeByPiece = async (workflowId: string) => {
    await startByPiece(workflowId);
    await runAction(executeUpdate, {
      auth,
      processProps: false,
      props: { workflowId, update: 'add', arguments: [1] },
    });
    await runAction(signalWorkflow, {
      auth,
      processProps: false,
      props: { workflowId, signal: 'approve', arguments: ['ann'] },
    });
    return runAction(getResult, { auth, processProps: false, props: { workflowId } });
  };
  const wholeByHand = async (workflowId: string) => {
    const handle = await startByHand(workflowId);
    await handle.executeUpdate<number, [number]>('add', { args: [1] });
    await handle.signal('approve', 'ann');
    const result: unknown = await handle.result();
    return result;
  };
  const historyOf = async (run: (workflowId: string) => Promise<unknown>): Promise<number> => {
    const workflowId = `bench-${randomUUID()}`;
    await run(workflowId);
    return (await client.workflow.getHandle(workflowId).describe()).historyLength;
  };
  try {
    return [
      await measureRates({
        name: `start_workflow, ${STARTS} side by side`,
        unit: 'starts',
        amount: STARTS,
        rounds: 15,
        ours: () => Promise.all(ids(STARTS).map(startByPiece)),
        reference: () => Promise.all(ids(STARTS).map(startByHand)),
      }),
      await measureRates({
        name: `start, update, approve, complete, ${WHOLE} side by side`,
        unit: 'workflows',
        amount: WHOLE,
        rounds: 15,
        ours: () => Promise.all(ids(WHOLE).map(wholeByPiece)),
        reference: () => Promise.all(ids(WHOLE).map(wholeByHand)),
      }),
      ...(await measureTimes(
        {
          name: 'start, update, approve, complete',
          rounds: 100,
          warmUp: 5,
          ours: () => wholeByPiece(`bench-${randomUUID()}`),
          reference: () => wholeByHand(`bench-${randomUUID()}`),
        },
        [0.5],
      )),
      {
        name: 'history of such a workflow',
        unit: 'events',
        ours: await historyOf(wholeByPiece),
        reference: await historyOf(wholeByHand),
      },
    ];
  } finally {
    for await (const { workflowId } of client.workflow.list({
      query: `TaskQueue = '${taskQueue}' AND ExecutionStatus = 'Running'`,
    })) {
      await client.workflow
        .getHandle(workflowId)
        .terminate()
        .catch(() => undefined);
    }
    await worker.stop();
    await connection.close();
    await closeConnections();
  }
}
