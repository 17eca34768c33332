import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { DriverContext, ServiceDriver } from '../driver';
import { installMavenJars, JAVA, MAVEN, type MavenEntry, mavenJarsDir } from '../install/maven';
import { runCommand } from '../install/run-command';
import { createTopics, kafkaClient } from './kafka-topics';

const HEAP = '-Xmx512m';
const STOP_TIMEOUT_MS = 30_000;

/** Apache Kafka from Maven Central: broker and controller in one process (KRaft). */
export const kafkaDriver: ServiceDriver = {
  name: 'kafka',
  title: 'Kafka',
  version: '4.1.1',
  dependsOn: [],
  ports: { broker: 2, controller: 3 },
  requires: [JAVA, MAVEN],

  async install(context) {
    await installMavenJars(context, jars(context));
  },

  async start(context) {
    const logs = logsDir(context);
    const properties = join(serviceDir(context), 'server.properties');
    const classpath = ['-cp', join(mavenJarsDir(context, jars(context)), '*')];
    if (!existsSync(join(logs, 'meta.properties'))) await format(context, logs, classpath, properties);
    return [
      {
        command: 'java',
        args: [
          ...[HEAP, '-Xms128m', '-XX:+ExitOnOutOfMemoryError', '-Djava.awt.headless=true'],
          `-Dlog4j2.configurationFile=${join(serviceDir(context), 'log4j2.properties')}`,
          ...classpath,
          ...['kafka.Kafka', properties],
        ],
        cwd: context.dataDir,
        env: environment(context, logs),
        stopTimeoutMs: STOP_TIMEOUT_MS,
      },
    ];
  },

  async health(context) {
    const admin = kafkaClient(brokers(context)).admin();
    try {
      await admin.connect();
      await admin.describeCluster();
    } finally {
      await admin.disconnect();
    }
  },

  async afterStart(context) {
    await createTopics(brokers(context), join(serviceDir(context), 'topics.json'));
  },

  async reset({ dataDir }) {
    rmSync(dataDir, { recursive: true, force: true });
  },

  facts: (context) => ({
    brokers: brokers(context),
    host: context.host,
    port: Number(context.ports['broker']),
  }),
};

/** Gives the log folder its cluster id, in a folder beside that is renamed when it is whole. */
async function format(
  context: DriverContext,
  logs: string,
  classpath: readonly string[],
  properties: string,
): Promise<void> {
  const partial = `${logs}.partial`;
  rmSync(partial, { recursive: true, force: true });
  rmSync(logs, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  // May begin with a dash, so that it must not stand as an argument of its own.
  const clusterId = randomBytes(16).toString('base64url');
  await runCommand(
    'java',
    [
      '-Xmx128m',
      ...classpath,
      'kafka.tools.StorageTool',
      'format',
      `--cluster-id=${clusterId}`,
      '-c',
      properties,
    ],
    { cwd: context.dataDir, env: environment(context, partial), signal: context.signal },
  );
  renameSync(partial, logs);
}

/** What `server.properties` takes from the environment. */
function environment(context: DriverContext, logs: string): Record<string, string> {
  const { host, ports } = context;
  const plain = `PLAINTEXT://${brokers(context)}`;
  const controller = `${host}:${ports['controller']}`;
  return {
    BIZSTACK_KAFKA_QUORUM_VOTERS: `1@${controller}`,
    BIZSTACK_KAFKA_LISTENERS: `${plain},CONTROLLER://${controller}`,
    BIZSTACK_KAFKA_ADVERTISED_LISTENERS: plain,
    BIZSTACK_KAFKA_LOG_DIRS: logs,
  };
}

function brokers({ host, ports }: DriverContext): string {
  return `${host}:${ports['broker']}`;
}

function logsDir({ dataDir }: DriverContext): string {
  return join(dataDir, 'logs');
}

function serviceDir({ rootDir }: DriverContext): string {
  return join(rootDir, 'stack', 'services', 'kafka');
}

function jars(context: DriverContext): MavenEntry {
  return {
    name: 'kafka',
    pomFile: join(serviceDir(context), 'pom.xml'),
    checksumFile: join(serviceDir(context), 'jars.sha256'),
    neededMb: 60,
  };
}
