import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultCacheDir, DRIVERS, resolveFacts, Stack } from '@bizstack/native';
import { until } from './until';

const ROOT = join(__dirname, '..', '..', '..', '..', '..');

export interface OwnStack {
  readonly databaseUrl: string;
  readonly address: string;
  readonly namespace: string;
  /** kill -9 of every process of the service; the supervisor starts it again on the same data. */
  kill(service: 'postgres' | 'temporal'): Promise<void>;
  remove(): Promise<void>;
}

/** PostgreSQL and Temporal of this test alone, which it may kill. */
export async function startOwnStack(): Promise<OwnStack> {
  const stateDir = mkdtempSync(join(tmpdir(), 'workflows-stack-'));
  const services = ['postgres', 'temporal'];
  const stack = new Stack({
    rootDir: ROOT,
    stateDir,
    cacheDir: defaultCacheDir(),
    drivers: DRIVERS.filter(({ name }) => services.includes(name)),
    services,
    basePort: await freeBlock(),
    // It is killed on purpose, and often.
    restartPolicy: {
      firstDelayMs: 50,
      maxDelayMs: 50,
      stableAfterMs: 1_000,
      maxCrashes: 1_000,
      windowMs: 60_000,
    },
    report: () => undefined,
  });
  await stack.start();
  const stateOf = (service: string) => stack.status().services.find(({ name }) => name === service);
  await until('Temporal', async () => stateOf('temporal')?.state === 'running', 120);
  const postgres = resolveFacts(stack.factsOf('postgres'), (name) => stack.secrets.get(name));
  const temporal = stack.factsOf('temporal');
  return {
    databaseUrl: String(postgres['database_url_business_data']),
    address: String(temporal['address']),
    namespace: String(temporal['namespace']),
    async kill(service) {
      const pids = (stateOf(service)?.processes ?? []).flatMap(({ pid }) => (pid === undefined ? [] : [pid]));
      if (pids.length === 0) throw new Error(`${service} does not run.`);
      for (const pid of pids) process.kill(pid, 'SIGKILL');
      await until(`${service} to be back`, async () => {
        const now = stateOf(service);
        return (
          now?.state === 'running' &&
          now.processes.every(({ pid }) => pid !== undefined && !pids.includes(pid))
        );
      });
    },
    async remove() {
      await stack.stop();
      await stack.reset();
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}

/** The first of a block of ports that nobody uses; far from the ports of the shared test servers. */
async function freeBlock(): Promise<number> {
  for (let base = 42_000; base < 60_000; base += 40) {
    if (await isFree(base)) return base;
  }
  throw new Error('No free ports.');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
      .once('error', () => resolve(false))
      .listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
