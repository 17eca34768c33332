import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { DriverContext, ServiceDriver } from '../driver';
import { nodeBinary } from '../install/node-binary';
import { resolveFacts } from '../state/secrets';
import { writeFileAtomic } from '../state/state-file';
import { requireHttp } from './http-health';
import { requireBuilt } from './require-built';

/** The worker of the durable workflows, with the relay of their events. */
export const workflowsDriver: ServiceDriver = {
  name: 'workflows',
  title: 'Workflows worker',
  version: '',
  dependsOn: ['temporal', 'postgres', 'kafka'],
  ports: { http: 14, metrics: 15 },
  requires: [],
  // Nothing waits for it, and it waits for Temporal.
  background: true,

  async install(context) {
    requireBuilt(join(distDir(context), 'main.js'));
    requireBuilt(join(distDir(context), 'bundle', 'workflows.js'));
  },

  async start(context) {
    const { host, ports, dataDir, rootDir } = context;
    const postgres = resolveFacts(context.factsOf('postgres'), (name) => context.secret(name));
    const temporal = context.factsOf('temporal');
    const databaseUrl = join(dataDir, 'database-url');
    writeFileAtomic(databaseUrl, String(postgres['database_url_business_data']), 0o600);
    return [
      {
        command: nodeBinary(rootDir),
        args: [join(distDir(context), 'main.js')],
        cwd: dataDir,
        env: {
          WORKFLOWS_HOST: host,
          WORKFLOWS_PORT: String(ports['http']),
          WORKFLOWS_METRICS_PORT: String(ports['metrics']),
          WORKFLOWS_DATABASE_URL_FILE: databaseUrl,
          WORKFLOWS_SEPA_DIRECTORY: join(dataDir, 'sepa'),
          TEMPORAL_ADDRESS: String(temporal['address']),
          TEMPORAL_NAMESPACE: String(temporal['namespace']),
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

  facts: (context) => ({
    url: urlOf(context),
    metrics: `http://${context.host}:${context.ports['metrics']}/metrics`,
    task_queue: 'bizstack-workflows',
  }),
};

function urlOf({ host, ports }: DriverContext): string {
  return `http://${host}:${ports['http']}`;
}

function distDir({ rootDir }: DriverContext): string {
  return join(rootDir, 'stack', 'services', 'workflows', 'dist');
}
