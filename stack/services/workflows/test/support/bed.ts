import { randomUUID } from 'node:crypto';
import { testFacts } from '@bizstack/native/testing';
import { Client, Connection } from '@temporalio/client';
import { Pool } from 'pg';
import { WorkflowsClient } from '../../src/client';
import { Books } from './books';
import { until } from './until';
import { startWorker, type WorkerProcess } from './worker';

export interface Bed {
  readonly workflows: WorkflowsClient;
  readonly client: Client;
  readonly books: Books;
  readonly taskQueue: string;
  readonly worker: WorkerProcess;
  close(): Promise<void>;
}

/** A worker of its own on the shared servers, with a task queue that nobody else has. */
export async function openBed(env: Readonly<Record<string, string>> = {}): Promise<Bed> {
  const { address, namespace } = testFacts('temporal');
  // Temporal starts in the background of a test run.
  const connection = await until('Temporal', () => Connection.connect({ address: address ?? '' }), 120);
  const client = new Client({ connection, namespace: namespace ?? '' });
  const databaseUrl = testFacts('postgres')['database_url_business_data'] ?? '';
  const taskQueue = `workflows-${randomUUID()}`;
  const worker = await startWorker({
    TEMPORAL_ADDRESS: address ?? '',
    TEMPORAL_NAMESPACE: namespace ?? '',
    WORKFLOWS_DATABASE_URL: databaseUrl,
    WORKFLOWS_TASK_QUEUE: taskQueue,
    ...env,
  });
  const pool = new Pool({ connectionString: databaseUrl, max: 2 });
  return {
    workflows: new WorkflowsClient(client),
    client,
    books: new Books(pool),
    taskQueue,
    worker,
    async close() {
      if (worker.running) await worker.stop();
      await pool.end();
      await connection.close();
    },
  };
}

export function newId(prefix: string): string {
  return `${prefix}-${randomUUID()}`;
}
