import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { testFacts } from '@bizstack/native/testing';
import { Client, Connection } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import { closeConnections } from '../../src/lib/client';
import { type TestWorker, startWorker as spawnWorker } from './start-worker';

// A real server and a real worker on a busy machine.
jest.setTimeout(180_000);

const facts = testFacts('temporal');

export const address = facts['address'] ?? '';
export const auth = { address, namespace: 'default' };

export function uniqueName(prefix = 'test'): string {
  return `${prefix}-${randomUUID()}`;
}

export type { TestWorker };

/** Starts a worker for a task queue of its own. */
export function startWorker(taskQueue = uniqueName('queue'), codecKeyHex?: string): Promise<TestWorker> {
  return spawnWorker({ address, taskQueue, codecKeyHex });
}

/** A client that is not the piece, to check the piece against. */
export async function rawClient(): Promise<{ client: Client; connection: Connection }> {
  const connection = await Connection.connect({ address });
  return { client: new Client({ connection, namespace: 'default' }), connection };
}

/** What most test files need: a client of its own, a worker, and the search attributes. */
export async function openTemporal(): Promise<{
  client: Client;
  worker: TestWorker;
  close: () => Promise<void>;
}> {
  const { client, connection } = await rawClient();
  await registerSearchAttributes();
  const worker = await startWorker();
  return {
    client,
    worker,
    async close() {
      await worker.stop();
      await connection.close();
      await closeConnections();
    },
  };
}

const { IndexedValueType } = temporal.api.enums.v1;

/** Registers what the tests search by, as an administrator does once per namespace. */
export async function registerSearchAttributes(): Promise<void> {
  const { client, connection } = await rawClient();
  try {
    const wanted = {
      BizWaitingFor: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
      BizTestText: IndexedValueType.INDEXED_VALUE_TYPE_TEXT,
      BizTestInt: IndexedValueType.INDEXED_VALUE_TYPE_INT,
      BizTestDouble: IndexedValueType.INDEXED_VALUE_TYPE_DOUBLE,
      BizTestBool: IndexedValueType.INDEXED_VALUE_TYPE_BOOL,
      BizTestTime: IndexedValueType.INDEXED_VALUE_TYPE_DATETIME,
      BizTestList: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD_LIST,
    };
    const { customAttributes } = await connection.operatorService.listSearchAttributes({
      namespace: 'default',
    });
    const missing = Object.entries(wanted).filter(([name]) => !(name in customAttributes));
    for (const [name, type] of missing) {
      await connection.operatorService
        .addSearchAttributes({ namespace: 'default', searchAttributes: { [name]: type } })
        // Another test file registers at the same time.
        .catch((error: unknown) => {
          if (!/already exists/i.test(String(error))) throw error;
        });
    }
    // The server takes its time until it knows them everywhere.
    await eventually(async () => {
      for (const name of Object.keys(wanted)) await client.workflow.count(`${name} IS NOT NULL`);
    });
  } finally {
    await connection.close();
  }
}

/** Repeats a check until it holds, or gives its last error. */
export async function eventually<T>(check: () => Promise<T>, deadlineMs = 60_000): Promise<T> {
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await delay(100);
    }
  }
}
