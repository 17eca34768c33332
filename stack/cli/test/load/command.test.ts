import { Command } from 'commander';
import { join } from 'node:path';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { loadCommand } from '../../src/load';
import { loadFolder, newFolder, removeFolders } from './fixtures';
import { ScriptedActivepieces } from './scripted-activepieces';
import { ScriptedNocobase } from './scripted-nocobase';

jest.setTimeout(120_000);

const SECRETS = ['activepieces-secret-1', 'nocobase-secret', 'kafka-secret-7f3a'];
let root: string;
const activepieces = new ScriptedActivepieces();
const nocobase = new ScriptedNocobase();

beforeAll(async () => {
  await activepieces.start();
  await nocobase.start();
  const files = await loadFolder();
  root = await newFolder();
  await rename(files.artifacts, join(root, 'artifacts'));
  await mkdir(join(root, 'examples/lead-capture'), { recursive: true });
  await rename(files.connections, join(root, 'examples/lead-capture/connections.json'));
  await rename(files.flow, join(root, 'examples/lead-capture/flow.json'));
  await writeFile(
    join(root, 'load.env'),
    [
      'ACTIVEPIECES_EMAIL=admin@example.com',
      `ACTIVEPIECES_PASSWORD=${SECRETS[0]}`,
      `NOCOBASE_ADMIN_EMAIL=admin@example.com`,
      `NOCOBASE_ADMIN_PASSWORD=${SECRETS[1]}`,
      'KAFKA_BROKERS=kafka:9092',
      `KAFKA_PASSWORD=${SECRETS[2]}`,
    ].join('\n'),
  );
});

afterAll(async () => {
  await activepieces.stop();
  await nocobase.stop();
  await removeFolders();
});

async function run(...args: string[]): Promise<{ status: unknown; stdout: string; stderr: string }> {
  const output = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((stream) =>
    jest.spyOn(process[stream], 'write').mockImplementation((chunk) => {
      output[stream] += String(chunk);
      return true;
    }),
  );
  const before = process.exitCode;
  try {
    await new Command('bizstack')
      .addCommand(loadCommand(root))
      .parseAsync(['load', ...args], { from: 'user' });
    return { status: process.exitCode, ...output };
  } finally {
    process.exitCode = before;
    spies.forEach((spy) => spy.mockRestore());
  }
}

test('loads both servers from the defaults and reports as JSON; no secret is printed', async () => {
  const { status, stdout, stderr } = await run(
    ...['--activepieces-url', activepieces.url, '--nocobase-url', nocobase.url],
    ...['--env-file', join(root, 'load.env'), '--json'],
  );
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    ok: true,
    error: null,
    reports: [{ target: 'nocobase' }, { target: 'activepieces', serverVersion: '0.83.0' }],
  });
  expect(activepieces.state()).toMatchObject({
    flows: [{ status: 'ENABLED', record: { flow: 'lead-capture' } }],
  });
  for (const secret of SECRETS) {
    expect(stdout + stderr).not.toContain(secret);
  }
});

test('a failure has a code, exit status 1, and is in the JSON', async () => {
  activepieces.version = '0.50.0';
  const { status, stdout, stderr } = await run(
    ...['--activepieces-url', activepieces.url, '--env-file', join(root, 'load.env'), '--json'],
  );
  expect(status).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({ ok: false, error: { code: 'BIZ_LOAD_SERVER_VERSION' } });
  expect(stderr).toContain('BIZ_LOAD_SERVER_VERSION');
});

test.each([
  ['nothing to load into', []],
  ['a URL that is none', ['--activepieces-url', 'ftp://example.com']],
  ['no credentials', ['--activepieces-url', 'http://127.0.0.1:9']],
])('%s is a wrong argument: exit status 2', async (_, args) => {
  const { status, stderr } = await run(...args);
  expect(status).toBe(2);
  expect(stderr).not.toBe('');
});
