import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DriverContext, DRIVERS, defaultCacheDir, type ServiceDriver } from '@bizstack/native';
import { Kafka, logLevel } from 'kafkajs';
import { until } from './kafka';

const ROOT = join(__dirname, '..', '..', '..', '..', '..');

export interface Broker {
  readonly address: string;
  readonly kafka: Kafka;
  /** kill -9 */
  kill(): Promise<void>;
  /** Starts it again on the same data and port. */
  restart(): Promise<void>;
  remove(): Promise<void>;
}

/** A broker of this test alone, which it may kill. */
export async function startOwnBroker(): Promise<Broker> {
  const driver = DRIVERS.find(({ name }) => name === 'kafka');
  if (!driver) throw new Error('There is no driver of Kafka.');
  const dataDir = mkdtempSync(join(tmpdir(), 'bridge-broker-'));
  const context = contextOf(dataDir, { broker: await freePort(), controller: await freePort() });
  await driver.install(context);
  let child = await launch(driver, context);
  const address = String(driver.facts(context)['brokers']);
  return {
    address,
    kafka: new Kafka({
      brokers: [address],
      logLevel: logLevel.NOTHING,
      retry: { retries: 30, maxRetryTime: 2_000 },
    }),
    kill: () => end(child),
    restart: async () => {
      child = await launch(driver, context);
    },
    remove: async () => {
      await end(child);
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

async function launch(driver: ServiceDriver, context: DriverContext): Promise<ChildProcess> {
  const [spec] = await driver.start(context);
  if (!spec) throw new Error('The driver starts nothing.');
  const child = spawn(spec.command, spec.args, {
    cwd: spec.cwd,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...spec.env },
    stdio: 'ignore',
  });
  await until(
    () =>
      driver.health(context).then(
        () => true,
        () => false,
      ),
    'the broker',
    90_000,
  );
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

function contextOf(dataDir: string, ports: Record<string, number>): DriverContext {
  const nothing = () => undefined;
  const none = () => {
    throw new Error('A broker has no secrets and needs no other service.');
  };
  return {
    host: '127.0.0.1',
    ports,
    dataDir,
    cacheDir: defaultCacheDir(),
    rootDir: ROOT,
    log: { info: nothing, warn: nothing, error: nothing },
    signal: new AbortController().signal,
    secret: none,
    secretFile: none,
    factsOf: none,
    progress: nothing,
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
