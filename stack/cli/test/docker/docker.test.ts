import { spawnSync } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Each start is a process of its own with several children. */
jest.setTimeout(120_000);

const REPOSITORY = join(__dirname, '../../../..');

/**
 * A fake `docker`: no engine exists where these tests run. It writes down its arguments and answers from
 * FAKE_… variables; so what is tested here is order, arguments, secrets and messages, not containers.
 */
const FAKE_DOCKER = `#!${process.execPath}
const { appendFileSync } = require('node:fs');
const args = process.argv.slice(2);
appendFileSync(process.env.FAKE_LOG, args.join(' ') + '\\n');
const { FAKE_ENGINE = '28.2.2', FAKE_COMPOSE = '2.36.0', FAKE_VOLUMES = '', FAKE_FAIL = 'none' } = process.env;
if (args.includes(FAKE_FAIL)) process.exit(17);
if (args[0] === 'version') {
  if (FAKE_ENGINE === 'down') { console.error('Cannot connect to the Docker daemon'); process.exit(1); }
  console.log(FAKE_ENGINE);
} else if (args[0] === 'compose' && args[1] === 'version') {
  if (FAKE_COMPOSE === 'none') { console.error('unknown command'); process.exit(1); }
  console.log(FAKE_COMPOSE);
} else if (args[0] === 'volume') {
  console.log(FAKE_VOLUMES);
}
`;

let root: string;
let env: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bizstack-docker-'));
  env = join(root, 'stack/.env');
  await mkdir(join(root, 'scripts'));
  await mkdir(join(root, 'stack'));
  await mkdir(join(root, 'bin'));
  await copyFile(join(REPOSITORY, 'scripts/docker.mjs'), join(root, 'scripts/docker.mjs'));
  await copyFile(join(REPOSITORY, 'stack/.env.example'), join(root, 'stack/.env.example'));
  await writeFile(join(root, 'bin/docker'), FAKE_DOCKER, { mode: 0o755 });
});

afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

function start(args: string[] = [], fake: Record<string, string> = {}, path = join(root, 'bin')) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, 'scripts/docker.mjs'), '--docker', ...args],
    { encoding: 'utf8', env: { PATH: path, FAKE_LOG: join(root, 'log'), ...fake } },
  );
  return { status, stdout, stderr };
}

async function calls(): Promise<string[]> {
  const log = await readFile(join(root, 'log'), 'utf8');
  return log
    .trim()
    .split('\n')
    .map((line) => line.replaceAll(join(root, 'scripts', '..', 'stack'), 'STACK'));
}

async function values(): Promise<Map<string, string>> {
  const lines = (await readFile(env, 'utf8')).split('\n').filter((line) => line.includes('='));
  return new Map(
    lines.map((line): [string, string] => [line.split('=')[0] ?? '', line.split(/=(.*)/s)[1] ?? '']),
  );
}

test('builds, starts and waits, then loads, in this order', async () => {
  const { status, stdout } = start();
  expect(status).toBe(0);
  const compose = 'compose --project-directory STACK -f STACK/compose.yaml';
  expect(await calls()).toEqual([
    'version --format {{.Server.Version}}',
    'compose version --short',
    'volume ls --quiet --filter label=com.docker.compose.project=bizstack',
    `${compose} --profile load build`,
    `${compose} up --detach --wait --wait-timeout 1200 --remove-orphans`,
    `${compose} run --rm loader`,
  ]);
  expect(stdout).toContain('http://127.0.0.1:8080');
  expect(stdout).toContain('http://127.0.0.1:8081');
  expect(stdout).toContain('stack/.env');
});

test('the first start generates every secret, mode 0600, and prints none of them', async () => {
  const { stdout, stderr } = start();
  expect((await stat(env)).mode & 0o777).toBe(0o600);
  const written = await values();
  const example = await readFile(join(root, 'stack/.env.example'), 'utf8');
  const generated = [...example.matchAll(/^# generated: (\w+) (\d+)\n(\w+)=/gm)];
  expect(generated.length).toBeGreaterThan(15);
  for (const [, kind, length, name] of generated) {
    const value = written.get(name ?? '') ?? '';
    const expected = {
      hex: 2 * Number(length),
      password: Number(length),
      base64url: Math.ceil((Number(length) * 4) / 3),
    };
    expect({ name, length: value.length }).toEqual({ name, length: expected[kind as keyof typeof expected] });
    expect(value).toMatch(/^[A-Za-z0-9][A-Za-z0-9_-]*$/);
    expect(stdout + stderr).not.toContain(value);
  }
  expect(new Set(generated.map(([, , , name]) => written.get(name ?? ''))).size).toBe(generated.length);
});

test('a second start keeps every value, adds what is new, and closes the file again', async () => {
  start();
  const before = await values();
  await writeFile(
    env,
    (await readFile(env, 'utf8'))
      .replace(/^QDRANT_API_KEY=.*$/m, 'QDRANT_API_KEY=')
      .replace(/^REDIS_PASSWORD=.*\n/m, ''),
  );
  await chmod(env, 0o644);
  start();
  const after = await values();
  for (const [name, value] of before) {
    if (name === 'QDRANT_API_KEY' || name === 'REDIS_PASSWORD') {
      expect(after.get(name)).toMatch(/^[0-9a-f]{48}$/);
      expect(after.get(name)).not.toBe(value);
    } else {
      expect([name, after.get(name)]).toEqual([name, value]);
    }
  }
  expect((await stat(env)).mode & 0o777).toBe(0o600);
});

test('data without its passwords is never started with new ones', async () => {
  const { status, stderr } = start([], { FAKE_VOLUMES: 'bizstack_postgres-data' });
  expect(status).toBe(1);
  expect(stderr).toContain('Restore stack/.env');
  await expect(stat(env)).rejects.toThrow();
  expect((await calls()).some((call) => call.includes(' up '))).toBe(false);
});

test.each([
  ['no docker', { PATH: '/nonexistent' }, 'Docker is not installed'],
  ['an engine that is down', { FAKE_ENGINE: 'down' }, 'does not answer: Cannot connect'],
  ['an old engine', { FAKE_ENGINE: '20.10.24' }, 'Docker Engine 20.10.24 is too old'],
  ['no compose plugin', { FAKE_COMPOSE: 'none' }, 'no compose plugin'],
  ['an old compose plugin', { FAKE_COMPOSE: 'v2.17.3' }, 'Docker Compose 2.17.3 is too old: 2.24.4'],
])('%s: says so and writes nothing', async (_, fake, message) => {
  const { status, stderr } = start([], fake);
  expect(status).toBe(1);
  expect(stderr).toContain(message);
  await expect(stat(env)).rejects.toThrow();
});

test.each([
  ['build', 'Building the images', 4],
  ['up', 'docker compose logs <service>', 5],
  ['loader', 'docker compose run --rm loader', 6],
])('when %s fails, nothing after it runs and the way on is said', async (failing, message, count) => {
  const { status, stderr, stdout } = start([], { FAKE_FAIL: failing });
  expect(status).toBe(1);
  expect(stderr).toContain('docker ended with 17');
  expect(stderr).toContain(message);
  expect(stdout).not.toContain('The stack runs');
  expect(await calls()).toHaveLength(count);
});

test('--no-load leaves the load out', async () => {
  start(['--no-load']);
  expect((await calls()).some((call) => call.includes('loader'))).toBe(false);
});

test('--tls needs names, https addresses and a certificate, then adds the second file', async () => {
  expect(start(['--tls']).stderr).toContain('NOCOBASE_DOMAIN, ACTIVEPIECES_DOMAIN, TLS_CERTIFICATE_DIR');
  const set = async (changes: Record<string, string>) => {
    let text = await readFile(env, 'utf8');
    for (const [name, value] of Object.entries(changes)) {
      text = text.replace(new RegExp(`^${name}=.*$`, 'm'), `${name}=${value}`);
    }
    await writeFile(env, text);
  };
  await set({
    NOCOBASE_DOMAIN: 'crm.example.com',
    ACTIVEPIECES_DOMAIN: 'flows.example.com',
    TLS_CERTIFICATE_DIR: root,
  });
  expect(start(['--tls']).stderr).toContain('NOCOBASE_PUBLIC_URL must be https://crm.example.com');
  await set({
    NOCOBASE_PUBLIC_URL: 'https://crm.example.com',
    ACTIVEPIECES_PUBLIC_URL: 'https://flows.example.com',
  });
  expect(start(['--tls']).stderr).toContain('has no fullchain.pem and no privkey.pem');
  await writeFile(join(root, 'fullchain.pem'), '');
  await writeFile(join(root, 'privkey.pem'), '');
  await unlink(join(root, 'log'));
  const { status, stdout } = start(['--tls']);
  expect(status).toBe(0);
  expect(stdout).toContain('https://crm.example.com');
  expect((await calls()).filter((call) => call.includes('-f STACK/compose.tls.yaml'))).toHaveLength(3);
});

test('an unknown option is refused before anything is done', async () => {
  const { status, stderr } = start(['--tsl']);
  expect(status).toBe(1);
  expect(stderr).toContain("Unknown option '--tsl'");
  await expect(stat(join(root, 'log'))).rejects.toThrow();
});
