import { rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { DriverContext, ServiceDriver } from '../driver';
import { installPythonPackages, PYTHON, type PythonEntry, pythonPackagesDir } from '../install/python';
import { resolveFacts, secretOf } from '../state/secrets';
import { writeFileAtomic } from '../state/state-file';
import { requireHttp } from './http-health';

const TOKEN = 'autogen';

/** Teams of agents on AutoGen, for `AutogenTeam` of `@bizstack/agents/teams`. */
export const autogenDriver: ServiceDriver = {
  name: 'autogen',
  title: 'AutoGen teams',
  version: '0.7.5',
  dependsOn: ['postgres'],
  ports: { http: 16 },
  requires: [PYTHON],

  async install(context) {
    await installPythonPackages(context, autogenPackages(context.rootDir));
  },

  async start(context) {
    const { host, ports, dataDir, rootDir } = context;
    const postgres = resolveFacts(context.factsOf('postgres'), (name) => context.secret(name));
    const databaseUrl = join(dataDir, 'database-url');
    writeFileAtomic(databaseUrl, String(postgres['database_url_business_data']), 0o600);
    const packages = await pythonPackagesDir(context, autogenPackages(rootDir));
    return [
      {
        command: 'python3',
        args: ['-m', 'bizstack_autogen'],
        cwd: dataDir,
        env: {
          AUTOGEN_HOST: host,
          AUTOGEN_PORT: String(ports['http']),
          AUTOGEN_TOKEN_FILE: context.secretFile(TOKEN),
          AUTOGEN_DATABASE_URL_FILE: databaseUrl,
          // Models of this machine too: Ollama, llama.cpp, …
          AUTOGEN_MODEL_ORIGINS:
            'https://api.openai.com, https://api.anthropic.com, http://127.0.0.1:*, http://localhost:*',
          PYTHONPATH: [autogenServerDir(rootDir), packages].join(delimiter),
          PYTHONUNBUFFERED: '1',
          // The packages are large: without their bytecode every start takes seconds longer.
          PYTHONPYCACHEPREFIX: join(dataDir, 'pycache'),
        },
        stopTimeoutMs: 20_000,
      },
    ];
  },

  async health(context) {
    await requireHttp(`${urlOf(context)}/healthz`);
  },

  async reset({ dataDir }) {
    rmSync(dataDir, { recursive: true, force: true });
  },

  facts: (context) => ({ url: urlOf(context), token: secretOf(TOKEN) }),
};

/** Its packages, for whoever starts the service by itself. */
export function autogenPackages(rootDir: string): PythonEntry {
  return {
    name: 'autogen',
    requirementsFile: join(autogenServerDir(rootDir), 'requirements.txt'),
    neededMb: 120,
  };
}

export function autogenServerDir(rootDir: string): string {
  return join(rootDir, 'stack', 'services', 'autogen', 'server');
}

function urlOf({ host, ports }: DriverContext): string {
  return `http://${host}:${ports['http']}`;
}
