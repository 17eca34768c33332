import { rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { DriverContext, ServiceDriver } from '../driver';
import { installPythonPackages, PYTHON, type PythonEntry, pythonPackagesDir } from '../install/python';
import { secretOf } from '../state/secrets';
import { requireHttp } from './http-health';

const SECRET = 'qdrant';

/** Qdrant's engine behind the repository's own REST server. */
export const qdrantDriver: ServiceDriver = {
  name: 'qdrant',
  title: 'Qdrant',
  version: '',
  dependsOn: [],
  ports: { http: 5 },
  requires: [PYTHON],
  lacks: ['gRPC', 'cluster, shards and replicas'],

  async install(context) {
    await installPythonPackages(context, packages(context));
  },

  async start(context) {
    const { host, ports, dataDir } = context;
    return [
      {
        command: 'python3',
        args: [
          ...['-m', 'bizstack_qdrant', '--host', host, '--port', String(ports['http'])],
          ...['--storage', join(dataDir, 'storage'), '--api-key-file', context.secretFile(SECRET)],
        ],
        cwd: dataDir,
        env: {
          PYTHONPATH: [serverDir(context), await pythonPackagesDir(context, packages(context))].join(
            delimiter,
          ),
          PYTHONUNBUFFERED: '1',
          PYTHONDONTWRITEBYTECODE: '1',
        },
        stopTimeoutMs: 30_000,
      },
    ];
  },

  async health(context) {
    await requireHttp(`${urlOf(context)}/readyz`);
  },

  async reset({ dataDir }) {
    rmSync(dataDir, { recursive: true, force: true });
  },

  facts: (context) => ({ url: urlOf(context), apiKey: secretOf(SECRET) }),
};

function urlOf({ host, ports }: DriverContext): string {
  return `http://${host}:${ports['http']}`;
}

function serverDir({ rootDir }: DriverContext): string {
  return join(rootDir, 'stack', 'services', 'qdrant', 'server');
}

function packages(context: DriverContext): PythonEntry {
  return { name: 'qdrant', requirementsFile: join(serverDir(context), 'requirements.txt'), neededMb: 120 };
}
