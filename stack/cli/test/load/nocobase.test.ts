import { isBizError, messageOf } from '@bizstack/contracts';
import { type LoadIntoNocobaseOptions, loadIntoNocobase } from '../../src/load';
import { loadFolder, removeFolders, writePlugin } from './fixtures';
import { ScriptedNocobase } from './scripted-nocobase';

jest.setTimeout(120_000);

let server: ScriptedNocobase;
let artifacts: string;

beforeEach(async () => {
  server = new ScriptedNocobase();
  await server.start();
  artifacts = (await loadFolder()).artifacts;
});

afterEach(async () => {
  await server.stop();
  await removeFolders();
});

function load(changes: Partial<LoadIntoNocobaseOptions> = {}) {
  return loadIntoNocobase({
    url: server.url,
    credentials: server.account,
    artifacts,
    retry: { attempts: 3, baseDelayMs: 1, maxDelayMs: 5 },
    pollMs: 1,
    ...changes,
  });
}

async function failureOf(promise: Promise<unknown>): Promise<{ code: string; message: string }> {
  try {
    await promise;
  } catch (error) {
    return { code: isBizError(error) ? error.code : '', message: messageOf(error) };
  }
  throw new Error('the load succeeded');
}

const CRM = '@bizstack/plugin-crm';
const stateOf = (name: string) => server.plugins.find(({ packageName }) => packageName === name);

test('plugins are added and enabled; a second run changes nothing', async () => {
  server.slowAdding = 3;
  const report = await load();
  expect(stateOf(CRM)).toEqual({ packageName: CRM, version: '0.1.0', enabled: true });
  expect(report.steps.map(({ name, action }) => `${name} ${action}`)).toEqual([
    `${CRM} installed`,
    `${CRM} enabled`,
  ]);

  server.requests.length = 0;
  const again = await load();
  expect(again.changed).toBe(0);
  expect(server.requests.filter((request) => request.startsWith('POST'))).toEqual(['POST /api/auth:signIn']);
});

test('a plugin that a killed load added is only enabled', async () => {
  server.plugins.push({ packageName: CRM, version: '0.1.0', enabled: false });
  await load();
  expect(stateOf(CRM)?.enabled).toBe(true);
  expect(server.requests).not.toContain('POST /api/pm:add');
});

test('a lost answer of pm:add and of pm:enable, and a server that reloads', async () => {
  server.fail({ path: /pm:add$/, answer: 'drop', takesEffect: true });
  server.fail({ path: /pm:enable$/, answer: { status: 503, body: {} }, takesEffect: true });
  await load();
  expect(stateOf(CRM)?.enabled).toBe(true);
  expect(server.plugins).toHaveLength(2);
});

test('a dry run changes nothing', async () => {
  const report = await load({ dryRun: true });
  expect(report.steps).toEqual([{ kind: 'plugin', name: CRM, version: '0.1.0', action: 'planned' }]);
  expect(server.plugins).toHaveLength(1);
});

test('another version that is there needs the upgrade of NocoBase itself', async () => {
  await writePlugin(artifacts, '@bizstack/plugin-ai', '0.3.0');
  server.plugins.push({ packageName: '@bizstack/plugin-ai', version: '0.2.0', enabled: true });
  const failure = await failureOf(load());
  expect(failure.code).toBe('BIZ_LOAD_PLUGIN_VERSION');
  expect(failure.message).toContain('there: 0.2.0, to load: 0.3.0');
  expect(failure.message).toContain('upgrade --skip-code-update');
  expect(stateOf(CRM)).toBeUndefined();
});

test('a refused enabling gives the reason of the server', async () => {
  server.incompatible.add(CRM);
  const failure = await failureOf(load());
  expect(failure.code).toBe('BIZ_LOAD_PLUGIN_ENABLE');
  expect(failure.message).toContain('Plugin dependencies check failed');
});

test('a plugin that never appears is given up with the place of the cause', async () => {
  server.slowAdding = Number.POSITIVE_INFINITY;
  const failure = await failureOf(load({ timeoutMs: 20 }));
  expect(failure.code).toBe('BIZ_LOAD_PLUGIN_TIMEOUT');
  expect(failure.message).toContain(CRM);
});

test("the flows' account gets its password once", async () => {
  const flowAccount = { username: 'bizstack-automation', password: 'automation-secret-5' };
  const report = await load({ flowAccount });
  expect(server.users[0]?.password).toBe('automation-secret-5');
  expect(report.steps.at(-1)).toMatchObject({ kind: 'account', action: 'updated' });

  server.requests.length = 0;
  expect((await load({ flowAccount })).changed).toBe(0);
  expect(server.requests).not.toContain('POST /api/users:update');

  const failure = await failureOf(
    load({ flowAccount: { username: 'nobody', password: 'automation-secret-6' } }),
  );
  expect(failure.code).toBe('BIZ_LOAD_ACCOUNT');
  expect(failure.message).not.toContain('automation-secret-6');
});

test('a wrong password, and a server of another major version', async () => {
  const credentials = { account: 'admin@example.com', password: 'not-the-secret-1' };
  const wrong = await failureOf(load({ credentials }));
  expect(wrong.code).toBe('BIZ_LOAD_CREDENTIALS');
  expect(wrong.message).not.toContain('not-the-secret-1');

  server.version = '1.9.0';
  expect((await failureOf(load())).code).toBe('BIZ_LOAD_SERVER_VERSION');
});
