import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { BizError } from '@bizstack/contracts';
import type { DriverContext, ServiceDriver } from '../driver';
import { nodeBinary } from '../install/node-binary';
import { secretOf } from '../state/secrets';
import { requireHttp } from './http-health';

const USER = 'bizstack';
const SECRET = 'clickhouse';

/** ClickHouse's engine behind the repository's own HTTP server. */
export const clickhouseDriver: ServiceDriver = {
  name: 'clickhouse',
  title: 'ClickHouse',
  version: '26.7',
  // Its Kafka tables read from the broker.
  dependsOn: ['kafka'],
  ports: { http: 4 },
  requires: [],
  lacks: [
    'users, roles and quotas: one account',
    'system.query_log and replicated tables',
    'the native protocol (port 9000): HTTP only',
  ],

  /** npm brought the engine together with the repository's packages. */
  async install(context) {
    if (existsSync(main(context))) return;
    throw new BizError('BIZ_NATIVE_NOT_BUILT', `${main(context)} is missing.`, {
      hint: 'Run: npm run build.',
    });
  },

  async start(context) {
    const { host, ports, dataDir } = context;
    return [
      {
        command: nodeBinary(context.rootDir),
        args: [
          ...[main(context), '--host', host, '--port', String(ports['http'])],
          ...[
            '--data-dir',
            join(dataDir, 'store'),
            '--user',
            USER,
            '--password-file',
            context.secretFile(SECRET),
          ],
        ],
        cwd: dataDir,
        stopTimeoutMs: 30_000,
      },
    ];
  },

  async health(context) {
    await requireHttp(`${urlOf(context)}/ping`);
  },

  async afterStart(context) {
    const { brokers } = context.factsOf('kafka');
    const dir = join(serviceDir(context), 'init');
    if (!existsSync(dir)) return;
    const files = readdirSync(dir).filter((name) => name.endsWith('.sql'));
    for (const file of files.sort()) {
      const sql = readFileSync(join(dir, file), 'utf8').replaceAll('${KAFKA_BROKERS}', String(brokers));
      for (const statement of splitStatements(sql)) await execute(context, statement, file);
    }
  },

  async reset({ dataDir }) {
    rmSync(dataDir, { recursive: true, force: true });
  },

  facts: (context) => ({ url: urlOf(context), user: USER, password: secretOf(SECRET) }),
};

/** Statements end with a semicolon at the end of a line; comments of whole lines are left out. */
export function splitStatements(sql: string): string[] {
  return sql
    .split('\n')
    .filter((line) => !line.trimStart().startsWith('--'))
    .join('\n')
    .split(/;[ \t]*(?:\n|$)/)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
}

async function execute(context: DriverContext, statement: string, file: string): Promise<void> {
  const response = await fetch(urlOf(context), {
    method: 'POST',
    headers: { 'X-ClickHouse-User': USER, 'X-ClickHouse-Key': context.secret(SECRET) },
    body: statement,
    signal: AbortSignal.timeout(60_000),
  });
  const text = await response.text();
  if (response.ok) return;
  throw new BizError(
    'BIZ_NATIVE_CLICKHOUSE_INIT',
    `${file}: ${text.slice(0, 500)} (${statement.slice(0, 80)}…)`,
  );
}

function urlOf({ host, ports }: DriverContext): string {
  return `http://${host}:${ports['http']}`;
}

function serviceDir({ rootDir }: DriverContext): string {
  return join(rootDir, 'stack', 'services', 'clickhouse');
}

function main(context: DriverContext): string {
  return join(serviceDir(context), 'dist', 'main.js');
}
