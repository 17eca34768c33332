import type { AddressInfo } from 'node:net';
import { kafkaConfig, registerCodecs } from '@bizstack/piece-kafka/dist/lib/bridge';
import { type Admin, Kafka } from 'kafkajs';
import type { Config } from './config';
import { DeadLetterSender } from './dead-letters';
import { createHttpServer } from './http';
import type { Logger } from './log';
import { Metrics } from './metrics';
import { Registrar } from './registrar';
import { RegistrationStore } from './store';
import { Supervisor } from './supervisor';

/** The database may be away for this many looks before the replica calls itself not ready. */
const MISSED_SYNCS = 5;

export interface RunningBridge {
  readonly url: string;
  /** Finishes deliveries under way, commits them, leaves the groups. */
  stop(): Promise<void>;
}

/** Starts one replica. @throws when the database cannot be reached or migrated. */
export async function startBridge(config: Config, log: Logger): Promise<RunningBridge> {
  registerCodecs();
  const store = await RegistrationStore.open(config.database, log);
  const kafka = new Kafka(kafkaConfig(config.kafka));
  const metrics = new Metrics();
  const deadLetters = new DeadLetterSender(kafka);
  const admin = sharedAdmin(kafka);
  const supervisor = new Supervisor(store, admin.get, { config, kafka, deadLetters, metrics, log });
  const registrar = new Registrar({ config, store, admin: admin.get, log, changed: () => supervisor.sync() });
  const server = createHttpServer({
    token: config.token,
    store,
    registrar,
    supervisor,
    metrics,
    log,
    ready: async () => {
      if (supervisor.age > config.syncMs * MISSED_SYNCS + 5_000)
        throw new Error('the database was not read lately');
      await (await admin.get()).describeCluster();
    },
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(config.port, config.host, resolve);
  });
  supervisor.start();
  const { port } = server.address() as AddressInfo;
  const host = config.host.includes(':') ? `[${config.host}]` : config.host;
  return {
    url: `http://${host}:${port}`,
    stop: async () => {
      server.close();
      await supervisor.stop();
      server.closeAllConnections();
      await Promise.allSettled([deadLetters.close(), admin.close()]);
      await store.close();
    },
  };
}

/** One admin client, opened when it is first needed and again after a failure. */
function sharedAdmin(kafka: Kafka): { get: () => Promise<Admin>; close: () => Promise<void> } {
  let open: Promise<Admin> | undefined;
  return {
    get: () => {
      open ??= connect(kafka.admin()).catch((error: unknown) => {
        open = undefined;
        throw error;
      });
      return open;
    },
    close: async () => (await open)?.disconnect(),
  };
}

async function connect(admin: Admin): Promise<Admin> {
  try {
    await admin.connect();
  } catch (error) {
    await admin.disconnect().catch(() => undefined);
    throw error;
  }
  return admin;
}
