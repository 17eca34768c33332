import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { BizError } from '@bizstack/contracts';
import type { DriverContext, ServiceDriver } from '../driver';
import { nodeBinary } from '../install/node-binary';
import { resolveFacts } from '../state/secrets';
import { writeFileAtomic } from '../state/state-file';
import { requireHttp } from './http-health';
import { bundlePieces, testkitCli } from './piece-bundles';

/** Runs the exported flows of `examples/` with the repository's pieces, in place of Activepieces. */
export const flowsDriver: ServiceDriver = {
  name: 'flows',
  title: 'Flow runner',
  version: '',
  dependsOn: ['kafka', 'kafka-bridge', 'postgres', 'qdrant', 'embeddings', 'nocobase'],
  ports: { http: 12 },
  requires: [],
  lacks: [
    'Activepieces itself (editor, accounts, workers): it comes as an image only, with npm start -- --docker',
  ],

  async install(context) {
    if (!existsSync(testkitCli(context.rootDir))) {
      throw new BizError('BIZ_NATIVE_NOT_BUILT', `${testkitCli(context.rootDir)} is missing.`, {
        hint: 'Run: npm run build.',
      });
    }
    await bundlePieces(context);
  },

  async start(context) {
    const { host, ports, dataDir, rootDir } = context;
    // Again: somebody may have changed a piece since the install, while other services started.
    const pieces = await bundlePieces(context);
    const flows = flowFiles(rootDir);
    if (flows.length === 0) {
      throw new BizError('BIZ_NATIVE_NO_FLOWS', `There is no flow.json below ${join(rootDir, 'examples')}.`);
    }
    const connections = join(dataDir, 'connections.json');
    writeFileAtomic(connections, resolveConnections(context), 0o600);
    return [
      {
        command: nodeBinary(rootDir),
        args: [
          ...[testkitCli(rootDir), 'run-flows', '--flow', ...flows, '--pieces', pieces],
          ...['--connections', connections, '--state', join(dataDir, 'state')],
          ...['--host', host, '--port', String(ports['http'])],
        ],
        cwd: dataDir,
        stopTimeoutMs: 30_000,
      },
    ];
  },

  async health(context) {
    await requireHttp(`${urlOf(context)}/healthz`);
  },

  async reset({ dataDir }) {
    rmSync(dataDir, { recursive: true, force: true });
  },

  facts: (context) => ({ url: urlOf(context) }),
};

/** The exported flow of every example that has one. */
export function flowFiles(rootDir: string): string[] {
  const examples = join(rootDir, 'examples');
  return readdirSync(examples)
    .sort()
    .map((name) => join(examples, name, 'flow.json'))
    .filter((file) => existsSync(file));
}

/** Values of the placeholders that a connections file may hold. */
export function connectionValues(context: DriverContext): Record<string, string> {
  const factsOf = (service: string) => resolveFacts(context.factsOf(service), (name) => context.secret(name));
  const bridge = factsOf('kafka-bridge');
  const postgres = factsOf('postgres');
  const qdrant = factsOf('qdrant');
  const embeddings = factsOf('embeddings');
  const nocobase = factsOf('nocobase');
  const values = {
    KAFKA_BROKERS: factsOf('kafka')['brokers'],
    KAFKA_BRIDGE_URL: bridge['url'],
    KAFKA_BRIDGE_TOKEN: bridge['token'],
    POSTGRES_HOST: postgres['host'],
    POSTGRES_PORT: postgres['port'],
    POSTGRES_USER: postgres['user'],
    POSTGRES_PASSWORD: postgres['password'],
    QDRANT_URL: qdrant['url'],
    QDRANT_API_KEY: qdrant['apiKey'],
    EMBEDDINGS_URL: embeddings['url'],
    EMBEDDINGS_API_KEY: embeddings['apiKey'],
    EMBEDDINGS_MODEL: embeddings['model'],
    NOCOBASE_URL: nocobase['url'],
    NOCOBASE_ACCOUNT: nocobase['automation_account'],
    NOCOBASE_PASSWORD: nocobase['automation_password'],
  };
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));
}

/**
 * The connections of all examples as one list, every placeholder filled in.
 * @throws BizError `BIZ_NATIVE_CONNECTION_VALUE` naming the placeholder that the stack has no value for.
 */
function resolveConnections(context: DriverContext): string {
  const values = connectionValues(context);
  const all = new Map<unknown, unknown>();
  for (const flow of flowFiles(context.rootDir)) {
    const file = join(flow, '..', 'connections.json');
    if (!existsSync(file)) continue;
    // Filled in before parsing would let a value break the JSON: strings are replaced one by one.
    const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'), (_key, value: unknown) =>
      typeof value === 'string' ? fill(value, values, file) : value,
    );
    if (!Array.isArray(parsed)) throw new BizError('BIZ_NATIVE_CONNECTIONS', `${file} is not a list.`);
    for (const entry of parsed as unknown[]) all.set(idOf(entry), entry);
  }
  return JSON.stringify([...all.values()], null, 2);
}

function idOf(entry: unknown): unknown {
  return typeof entry === 'object' && entry !== null && 'externalId' in entry ? entry.externalId : entry;
}

function fill(text: string, values: Record<string, string>, file: string): string {
  return text.replace(/\$\{([A-Z][A-Z0-9_]*)\}/g, (_match, name: string) => {
    const value = values[name] ?? process.env[name];
    if (value !== undefined) return value;
    throw new BizError('BIZ_NATIVE_CONNECTION_VALUE', `${file} needs a value for ${name}.`, {
      hint: `The stack gives: ${Object.keys(values).join(', ')}. Set the others in the environment.`,
    });
  });
}

function urlOf({ host, ports }: DriverContext): string {
  return `http://${host}:${ports['http']}`;
}
