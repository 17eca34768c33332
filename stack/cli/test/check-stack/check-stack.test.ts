import { execFile, spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse, stringify } from 'yaml';

const REPOSITORY = join(__dirname, '../../../..');
const SCRIPT = join(REPOSITORY, 'scripts/check-stack.mjs');

jest.setTimeout(180_000);

interface Report {
  findings: { rule: string; file: string; message: string }[];
  skipped: string[];
}

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bizstack-check-stack-'));
  await writeFixture();
});

afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

const LIMITS = { resources: { limits: { cpus: '1', memory: '64m', pids: 50 } } };
const COMMON = {
  security_opt: ['no-new-privileges:true'],
  logging: { driver: 'json-file', options: { 'max-size': '10m', 'max-file': '5' } },
  deploy: LIMITS,
};

type Service = Record<string, unknown>;

/** A small definition that every rule accepts. */
function services(): Record<string, Service> {
  return {
    nginx: {
      ...COMMON,
      image: 'nginxinc/nginx-unprivileged:1.28.0',
      restart: 'unless-stopped',
      ports: ['${BIND_ADDRESS:-127.0.0.1}:8080:8080'],
      depends_on: {
        database: { condition: 'service_healthy' },
        schema: { condition: 'service_completed_successfully' },
      },
      healthcheck: { test: ['CMD', 'true'], interval: '5s', timeout: '3s', retries: 3 },
    },
    database: {
      ...COMMON,
      image: 'postgres:18.4-bookworm',
      restart: 'unless-stopped',
      environment: { POSTGRES_PASSWORD: '${POSTGRES_PASSWORD:?run the start script}' },
      env_file: ['./services/database/settings.env'],
      volumes: ['data:/var/lib/postgresql', './services/database/database.conf:/etc/database.conf:ro'],
      healthcheck: { test: ['CMD', 'pg_isready'], interval: '5s', timeout: '3s', retries: 3 },
    },
    schema: {
      ...COMMON,
      image: 'bizstack/schema:0.1.0',
      build: { context: '.', dockerfile: 'services/schema/Dockerfile' },
      restart: 'on-failure:3',
      depends_on: { database: { condition: 'service_healthy' } },
    },
  };
}

async function writeFixture(all: Record<string, Service> = services()): Promise<void> {
  await write('stack/compose.yaml', stringify({ name: 'fixture', services: all, volumes: { data: {} } }));
  await write('stack/.env.example', 'BIND_ADDRESS=127.0.0.1\n# generated: hex 24\nPOSTGRES_PASSWORD=\n');
  await write('stack/services/database/database.conf', 'port = 5432\n');
  await write('stack/services/database/settings.env', 'A=1\n');
  await write('stack/services/schema/Dockerfile', 'FROM node:22.22.0-bookworm-slim AS build\nFROM build\n');
  await write('stack/native/src/database.ts', "export const CONFIG = 'database.conf';\n");
}

async function write(path: string, content: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), content);
}

async function check(folder = root, env: NodeJS.ProcessEnv = process.env): Promise<Report> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [SCRIPT, '--root', folder, '--json'], { env }, (error, stdout, stderr) => {
      if (stdout === '') {
        reject(new Error(stderr || error?.message));
        return;
      }
      const report = JSON.parse(stdout) as Report;
      expect(error === null).toBe(report.findings.length === 0);
      resolve(report);
    });
  });
}

async function rulesBrokenBy(name: string, changes: Service): Promise<string[]> {
  const all = services();
  all[name] = { ...all[name], ...changes };
  await writeFixture(all);
  return (await check()).findings.map(({ rule }) => rule);
}

test('the stack definition of this repository is sound', async () => {
  expect((await check(REPOSITORY)).findings).toEqual([]);
});

test('the fixture that the other tests break is sound', async () => {
  expect((await check()).findings).toEqual([]);
});

describe('each rule finds what it is for', () => {
  test.each<[rule: string, what: string, service: string, changes: Service]>([
    ['image-tag', 'latest', 'database', { image: 'postgres:latest' }],
    ['image-tag', 'no tag', 'database', { image: 'localhost:5000/postgres' }],
    ['image-tag', 'a tag that moves', 'database', { image: 'postgres:18' }],
    ['image-tag', 'no image', 'database', { image: undefined }],
    ['ports', 'a database that publishes a port', 'database', { ports: ['127.0.0.1:5432:5432'] }],
    ['ports', 'nginx on every address', 'nginx', { ports: ['8080:8080'] }],
    ['host-access', 'privileged', 'database', { privileged: true }],
    ['host-access', 'the network of the host', 'database', { network_mode: 'host' }],
    [
      'host-access',
      'the socket of Docker',
      'database',
      { volumes: ['/var/run/docker.sock:/var/run/docker.sock:ro'] },
    ],
    ['health', 'no health check', 'database', { healthcheck: undefined }],
    [
      'health',
      'one without a timeout',
      'database',
      { healthcheck: { test: ['CMD', 'true'], interval: '5s', retries: 3 } },
    ],
    ['limits', 'no limits', 'database', { deploy: undefined }],
    ['restart', 'no restart policy', 'database', { restart: undefined }],
    ['logging', 'logs that grow for ever', 'database', { logging: { driver: 'json-file' } }],
    ['privileges', 'new privileges', 'database', { security_opt: [] }],
    ['dependencies', 'the short form', 'schema', { depends_on: ['database'] }],
    [
      'dependencies',
      'started instead of healthy',
      'schema',
      { depends_on: { database: { condition: 'service_started' } } },
    ],
    [
      'dependencies',
      'a service that does not exist',
      'schema',
      { depends_on: { data: { condition: 'service_healthy' } } },
    ],
    [
      'one-shot-awaited',
      'a one-shot that nothing awaits',
      'nginx',
      { depends_on: { database: { condition: 'service_healthy' } } },
    ],
    [
      'literal-secret',
      'a password in the file',
      'database',
      { environment: { POSTGRES_PASSWORD: 'hunter2' } },
    ],
    [
      'literal-secret',
      'a password in a URL',
      'database',
      { environment: { DATABASE_URL: 'postgres://app:hunter2@database/app' } },
    ],
    [
      'literal-secret',
      'a default password',
      'database',
      { environment: { POSTGRES_PASSWORD: '${POSTGRES_PASSWORD:-changeme}' } },
    ],
    [
      'variables',
      'a variable that the example lacks',
      'database',
      { environment: { MODE: '${MODE:-fast}' } },
    ],
    [
      'mounts',
      'a file that does not exist',
      'database',
      { volumes: ['./services/database/absent.conf:/x:ro'] },
    ],
    [
      'mounts',
      'a configuration that the container may write',
      'database',
      { volumes: ['./services/database/database.conf:/x'] },
    ],
    ['mounts', 'a folder outside the repository', 'database', { volumes: ['../../other:/x:ro'] }],
    ['mounts', 'an env_file that does not exist', 'database', { env_file: ['./absent.env'] }],
    [
      'builds',
      'a Dockerfile that does not exist',
      'schema',
      { build: { context: '.', dockerfile: 'absent/Dockerfile' } },
    ],
    [
      'one-config',
      'a file of native that compose does not mount',
      'database',
      { volumes: ['data:/var/lib/postgresql'] },
    ],
  ])('%s: %s', async (rule, _, service, changes) => {
    expect(await rulesBrokenBy(service, changes)).toContain(rule);
  });

  test.each([
    [
      'variables',
      'a variable that no file uses',
      'stack/.env.example',
      'BIND_ADDRESS=127.0.0.1\n# generated: hex 24\nPOSTGRES_PASSWORD=\nUNUSED=1\n',
    ],
    [
      'example-secrets',
      'a secret with a value',
      'stack/.env.example',
      'BIND_ADDRESS=127.0.0.1\n# generated: hex 24\nPOSTGRES_PASSWORD=hunter2\n',
    ],
    [
      'example-secrets',
      'a secret that is not generated',
      'stack/.env.example',
      'BIND_ADDRESS=127.0.0.1\nPOSTGRES_PASSWORD=\n',
    ],
    [
      'example-secrets',
      'an unknown kind',
      'stack/.env.example',
      'BIND_ADDRESS=127.0.0.1\n# generated: dice 6\nPOSTGRES_PASSWORD=\n',
    ],
    ['builds', 'a moving base image', 'stack/services/schema/Dockerfile', 'FROM node:22\n'],
    ['one-config', 'a second copy of a configuration', 'stack/services/other/copy.conf', 'port = 5432\n'],
    ['well-formed', 'broken XML', 'stack/services/other/a.xml', '<a><b></a>'],
    ['well-formed', 'XML with two roots', 'stack/services/other/a.xml', '<a/><b/>'],
    ['well-formed', 'broken YAML', 'stack/services/other/a.yaml', 'a: [1'],
    ['well-formed', 'broken JSON', 'stack/services/other/a.json', '{'],
    ['well-formed', 'a broken Compose file', 'stack/compose.extra.yaml', 'services: ['],
    ['shell', 'a broken script', 'stack/services/other/a.sh', 'if true; then\n'],
  ])('%s: %s', async (rule, _, path, content) => {
    await write(path, content);
    expect((await check()).findings.map((finding) => finding.rule)).toContain(rule);
  });

  test('variables: a variable that may be empty', async () => {
    const all = services();
    all['schema'] = { ...all['schema'], command: '${EXTRA}' };
    await writeFixture(all);
    await write(
      'stack/.env.example',
      'BIND_ADDRESS=127.0.0.1\n# generated: hex 24\nPOSTGRES_PASSWORD=\nEXTRA=1\n',
    );
    expect((await check()).findings.map(({ message }) => message)).toEqual([
      '${EXTRA} is empty when it is not set: use ${EXTRA:?…} or a default',
    ]);
  });

  test('well-formed XML with comments, attributes, entities and CDATA is accepted', async () => {
    await write(
      'stack/services/other/a.xml',
      '<?xml version="1.0"?>\n<!-- a < b & c -->\n<a x="1" y=\'2\'><b/>1 &lt; 2 &#38;<![CDATA[a < b]]></a>\n',
    );
    expect((await check()).findings).toEqual([]);
  });
});

describe('the Compose specification', () => {
  const hasGo = spawnSync('go', ['version']).error === undefined;

  test('a key that does not exist and a missing variable are found when Go is there, and the lack of Go is said', async () => {
    const all = services();
    all['database'] = { ...all['database'], enviroment: {} };
    await writeFixture(all);
    const { findings, skipped } = await check();
    const compose = findings.filter(({ rule }) => rule === 'compose').map(({ message }) => message);
    expect(compose.join()).toContain(hasGo ? 'enviroment' : '');
    expect(skipped.some((message) => message.includes('Go is not installed'))).toBe(!hasGo);
  });

  test('without Go the other rules run', async () => {
    await rulesBrokenBy('database', { image: 'postgres:latest' });
    const { findings, skipped } = await check(root, {
      PATH: '/nonexistent',
      HOME: root,
      XDG_CACHE_HOME: root,
    });
    expect(findings.map(({ rule }) => rule)).toContain('image-tag');
    expect(skipped.join()).toContain('Go is not installed');
  });
});

describe('nginx', () => {
  const hasNginx = spawnSync('nginx', ['-v']).error === undefined;

  test('a directive that does not exist is found when nginx is there, and its lack is said', async () => {
    await cp(join(REPOSITORY, 'stack/services/nginx'), join(root, 'stack/services/nginx'), {
      recursive: true,
    });
    const file = join(root, 'stack/services/nginx/templates/locations/nocobase.conf.template');
    await writeFile(file, `${await readFile(file, 'utf8')}\nproxy_passs http://x;\n`);
    const { findings, skipped } = await check();
    expect(
      findings
        .filter(({ rule }) => rule === 'nginx')
        .map(({ message }) => message)
        .join(),
    ).toContain(hasNginx ? 'proxy_passs' : '');
    expect(skipped.some((message) => message.includes('nginx is not installed'))).toBe(!hasNginx);
  });
});

/** What `up` starts must not wait for what only a profile starts. */
test('no service outside a profile depends on one inside', async () => {
  const { services: all } = parse(await readFile(join(REPOSITORY, 'stack/compose.yaml'), 'utf8'), {
    merge: true,
  }) as {
    services: Record<string, { profiles?: string[]; depends_on?: Record<string, unknown> }>;
  };
  const inProfiles = Object.entries(all).flatMap(([name, { profiles }]) =>
    profiles === undefined ? [] : [name],
  );
  const waiting = Object.values(all)
    .filter(({ profiles }) => profiles === undefined)
    .flatMap(({ depends_on }) => Object.keys(depends_on ?? {}));
  expect(inProfiles.sort()).toEqual(['autogen', 'loader']);
  expect(waiting.filter((name) => inProfiles.includes(name))).toEqual([]);
});
