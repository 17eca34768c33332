import { testFacts } from '@bizstack/native/testing';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { Pool } from 'pg';
import { join } from 'node:path';
import {
  createActivities,
  Database,
  failureInterceptor,
  readConfig,
  registerSearchAttributes,
  structuredExtractor,
} from '../../src';
import { WorkflowsClient } from '../../src/client';
import { Books } from './books';
import { newId } from './bed';
import { testServerPath } from './test-server';

/** As the build made it: what is tested is what runs. */
export const BUNDLE = join(__dirname, '..', '..', 'dist', 'bundle', 'workflows.js');

export interface SkippingBed {
  readonly env: TestWorkflowEnvironment;
  readonly workflows: WorkflowsClient;
  readonly books: Books;
  readonly taskQueue: string;
  close(): Promise<void>;
}

/** A worker in this process on a server that skips time; the database is the real one. */
export async function openSkippingBed(): Promise<SkippingBed> {
  const env = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path: await testServerPath() } },
  });
  const databaseUrl = testFacts('postgres')['database_url_business_data'] ?? '';
  await registerSearchAttributes(
    readConfig({ TEMPORAL_ADDRESS: env.address, WORKFLOWS_DATABASE_URL: databaseUrl }).settings,
  );
  const database = Database.open(
    databaseUrl,
    () => undefined,
    () => undefined,
  );
  const pays = (name: string) => ({
    name,
    pay: async () => ({ reference: `${name}-1`, status: 'settled' as const }),
  });
  const taskQueue = newId('skipping');
  const worker = await Worker.create({
    connection: env.nativeConnection,
    taskQueue,
    workflowBundle: { codePath: BUNDLE },
    activities: createActivities({
      database,
      allowsTarget: () => false,
      publishToken: undefined,
      delivery: { url: undefined, secret: undefined },
      extractors: [structuredExtractor],
      providers: { stripe: pays('stripe'), sepa: pays('sepa') },
    }),
    interceptors: { activity: [() => ({ inbound: failureInterceptor() })] },
  });
  const running = worker.run();
  const pool = new Pool({ connectionString: databaseUrl, max: 2 });
  return {
    env,
    workflows: new WorkflowsClient(env.client),
    books: new Books(pool),
    taskQueue,
    async close() {
      worker.shutdown();
      await running;
      await env.teardown();
      await database.close();
      await pool.end();
    },
  };
}
