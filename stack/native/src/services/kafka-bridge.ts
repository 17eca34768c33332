import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { DriverContext, ServiceDriver } from '../driver';
import { nodeBinary } from '../install/node-binary';
import { resolveFacts, secretOf } from '../state/secrets';
import { writeFileAtomic } from '../state/state-file';
import { requireHttp } from './http-health';
import { requireBuilt } from './require-built';

const TOKEN = 'kafka-bridge';
const SIGNING_KEY = 'kafka-bridge-signing';

/** Posts Kafka messages to webhooks of flows, for the instant trigger of the Kafka piece. */
export const kafkaBridgeDriver: ServiceDriver = {
  name: 'kafka-bridge',
  title: 'Kafka bridge',
  version: '',
  dependsOn: ['kafka', 'postgres'],
  ports: { http: 13 },
  requires: [],

  async install(context) {
    requireBuilt(main(context));
  },

  async start(context) {
    const { host, ports, dataDir, rootDir } = context;
    const postgres = resolveFacts(context.factsOf('postgres'), (name) => context.secret(name));
    const databaseUrl = join(dataDir, 'database-url');
    writeFileAtomic(databaseUrl, String(postgres['database_url_business_data']), 0o600);
    return [
      {
        command: nodeBinary(rootDir),
        args: [main(context)],
        cwd: dataDir,
        env: {
          BRIDGE_HOST: host,
          BRIDGE_PORT: String(ports['http']),
          BRIDGE_TOKEN_FILE: context.secretFile(TOKEN),
          BRIDGE_SIGNING_KEY_FILE: context.secretFile(SIGNING_KEY),
          BRIDGE_DATABASE_URL_FILE: databaseUrl,
          // The flow runner of this clone listens on one of its ports.
          BRIDGE_WEBHOOK_ORIGINS: `http://${host}:*`,
          KAFKA_BROKERS: String(context.factsOf('kafka')['brokers']),
        },
        stopTimeoutMs: 40_000,
      },
    ];
  },

  async health(context) {
    await requireHttp(`${urlOf(context)}/readyz`);
  },

  async reset({ dataDir }) {
    rmSync(dataDir, { recursive: true, force: true });
  },

  facts: (context) => ({ url: urlOf(context), token: secretOf(TOKEN) }),
};

function urlOf({ host, ports }: DriverContext): string {
  return `http://${host}:${ports['http']}`;
}

function main({ rootDir }: DriverContext): string {
  return join(rootDir, 'stack', 'services', 'kafka-bridge', 'dist', 'main.js');
}
