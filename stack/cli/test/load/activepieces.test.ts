import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isBizError, messageOf } from '@bizstack/contracts';
import { type LoadIntoActivepiecesOptions, loadIntoActivepieces } from '../../src/load';
import { CONNECTIONS, flowTemplate, loadFolder, removeFolders, writePackage, writePiece } from './fixtures';
import { ScriptedActivepieces } from './scripted-activepieces';

jest.setTimeout(120_000);

const SECRET = 'kafka-secret-7f3a';
const ADMIN = { email: 'admin@example.com', password: 'a-long-password-91' };
const FAST = { attempts: 4, baseDelayMs: 1, maxDelayMs: 5 };

let server: ScriptedActivepieces;
let files: Awaited<ReturnType<typeof loadFolder>>;

beforeEach(async () => {
  server = new ScriptedActivepieces();
  await server.start();
  files = await loadFolder();
});

afterEach(async () => {
  await server.stop();
  await removeFolders();
});

function load(changes: Partial<LoadIntoActivepiecesOptions> = {}) {
  return loadIntoActivepieces({
    url: server.url,
    credentials: ADMIN,
    artifacts: files.artifacts,
    connections: files.connections,
    flows: [files.flow],
    variables: { KAFKA_BROKERS: 'kafka:9092', KAFKA_PASSWORD: SECRET },
    retry: FAST,
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

const writes = () =>
  server.requests.filter((request) => request.startsWith('POST') && !request.includes('/authentication/'));

test('a fresh instance gets its administrator, pieces, connections and an enabled flow', async () => {
  const report = await load();

  expect(server.state()).toMatchObject({
    user: { email: ADMIN.email, platform: true },
    pieces: [
      ['@activepieces/piece-webhook@0.1.29', { source: 'REGISTRY' }],
      ['@bizstack/piece-kafka@0.1.0', { source: 'ARCHIVE' }],
      ['@bizstack/piece-qdrant@0.2.0', { source: 'ARCHIVE' }],
    ],
    connections: [
      {
        externalId: 'bizstack-kafka',
        pieceVersion: '0.1.0',
        value: { type: 'CUSTOM_AUTH', props: { brokers: 'kafka:9092', password: SECRET } },
      },
    ],
    flows: [{ status: 'ENABLED', published: true, displayName: 'Lead capture' }],
  });
  expect(report.steps.map(({ kind, action }) => `${kind} ${action}`)).toEqual([
    'account created',
    'piece installed',
    'piece installed',
    'piece installed',
    'connection updated',
    'flow created',
  ]);
  expect(JSON.stringify(report)).not.toContain(SECRET);
});

test('the imported flow names the exact piece versions that were installed', async () => {
  await load();
  const trigger = JSON.stringify(server.flows[0]?.version.trigger);
  expect(trigger).toContain('"pieceVersion":"0.1.29"');
  expect(trigger).not.toContain('~0.1.29');
});

test('a newer compatible tarball replaces the version that the flow was exported with', async () => {
  await rm(join(files.artifacts, 'bizstack-piece-kafka-0.1.0.tgz'));
  await writePiece(files.artifacts, '@bizstack/piece-kafka', '0.1.4');
  await load();
  expect(JSON.stringify(server.flows[0]?.version.trigger)).toContain('"pieceVersion":"0.1.4"');
});

test('a tarball of another minor version does not stand in for the one the flow needs', async () => {
  await rm(join(files.artifacts, 'bizstack-piece-kafka-0.1.0.tgz'));
  await writePiece(files.artifacts, '@bizstack/piece-kafka', '0.2.0');
  const failure = await failureOf(load());
  expect(failure.code).toBe('BIZ_LOAD_PIECE_MISSING');
  expect(failure.message).toContain('@bizstack/piece-kafka 0.1.0 (steps step_1)');
  expect(server.pieces.size).toBe(0);
});

test('a second run changes nothing', async () => {
  await load();
  const before = structuredClone(server.state());
  server.requests.length = 0;

  const report = await load();

  expect(server.state()).toEqual(before);
  expect(writes()).toEqual(['POST /api/v1/app-connections']);
  expect(
    report.steps.filter(({ kind }) => kind === 'piece' || kind === 'flow').map(({ action }) => action),
  ).toEqual(['unchanged', 'unchanged', 'unchanged']);
  expect(report.notices).toEqual([]);
});

test('every page of flows is read before a flow is created', async () => {
  await load();
  for (const name of ['Other 1', 'Other 2', 'Other 3']) {
    server.flows.unshift({ ...structuredClone(server.flows[0]!), id: name, metadata: null });
    server.flows[0]!.version.displayName = name;
  }
  await load();
  expect(server.flows).toHaveLength(4);
});

test('a changed flow is updated in place, published and enabled again', async () => {
  await load();
  await writeFile(files.flow, JSON.stringify(flowTemplate({ text: 'changed' })));
  const report = await load();
  expect(server.flows).toHaveLength(1);
  expect(server.state()).toMatchObject({
    flows: [{ status: 'ENABLED', published: true, record: { versionId: true } }],
  });
  expect(JSON.stringify(server.flows[0]?.version.trigger)).toContain('changed');
  expect(report.steps.at(-1)).toMatchObject({ kind: 'flow', action: 'updated' });
});

test('a changed build under the same version is refused before anything is sent', async () => {
  await load();
  await writePiece(files.artifacts, '@bizstack/piece-kafka', '0.1.0', 'another build');
  server.requests.length = 0;
  const failure = await failureOf(load());
  expect(failure.code).toBe('BIZ_LOAD_PIECE_CHANGED');
  expect(failure.message).toContain('@bizstack/piece-kafka@0.1.0');
  expect(failure.message).toContain('Raise the version');
  expect(writes()).toEqual([]);
});

test('a piece that was there before the first load is kept, and that is said', async () => {
  server.pieces.set('@bizstack/piece-qdrant@0.2.0', { source: 'ARCHIVE', bytes: 1 });
  const report = await load();
  expect(server.pieces.get('@bizstack/piece-qdrant@0.2.0')?.bytes).toBe(1);
  expect(report.notices.join()).toContain('@bizstack/piece-qdrant@0.2.0 was there already');
});

test('a flow that a person edited is not overwritten unless asked for', async () => {
  await load();
  server.edit('Lead capture');
  await load();
  await writeFile(files.flow, JSON.stringify(flowTemplate({ text: 'changed' })));
  expect((await failureOf(load())).code).toBe('BIZ_LOAD_FLOW_EDITED');
  await load({ overwrite: true });
  expect(JSON.stringify(server.flows[0]?.version.trigger)).toContain('changed');
});

test('a flow that a person disabled stays disabled', async () => {
  await load();
  server.flows[0]!.status = 'DISABLED';
  const report = await load();
  expect(server.flows[0]?.status).toBe('DISABLED');
  expect(report.steps.at(-1)).toMatchObject({ action: 'kept' });
});

test('a flow of the same name that no load made is taken over only when asked for', async () => {
  await load();
  server.flows[0]!.metadata = null;
  expect((await failureOf(load())).code).toBe('BIZ_LOAD_FLOW_NAME');
  await load({ adopt: true });
  expect(server.flows).toHaveLength(1);
  expect(server.state()).toMatchObject({ flows: [{ record: { flow: 'lead-capture' } }] });
});

test('a dry run plans and changes nothing, on a fresh instance and on a loaded one', async () => {
  const fresh = await load({ dryRun: true });
  expect(server.user).toBeUndefined();
  expect(fresh.changed).toBe(0);
  expect(fresh.steps.map(({ kind }) => kind)).toEqual(['account', 'piece', 'piece', 'connection', 'flow']);

  await load();
  await writePiece(files.artifacts, '@bizstack/piece-qdrant', '0.2.1');
  const before = structuredClone(server.state());
  const planned = await load({ dryRun: true });
  expect(server.state()).toEqual(before);
  expect(planned.steps.filter(({ action }) => action === 'planned').map(({ name }) => name)).toEqual([
    '@bizstack/piece-qdrant',
    'bizstack-kafka',
  ]);
});

test('slow publishing is waited for', async () => {
  server.slowPublishing = 5;
  await load();
  expect(server.state()).toMatchObject({ flows: [{ status: 'ENABLED', published: true }] });
});

test('publishing that never ends is given up with a code, and the next run completes it', async () => {
  server.slowPublishing = Number.POSITIVE_INFINITY;
  const failure = await failureOf(load({ operationTimeoutMs: 20 }));
  expect(failure.code).toBe('BIZ_LOAD_FLOW_TIMEOUT');
  server.slowPublishing = 0;
  server.flows[0]!.operationStatus = 'NONE';
  await load();
  expect(server.state()).toMatchObject({ flows: [{ status: 'ENABLED', published: true }] });
});

describe('failures that pass', () => {
  test.each([
    ['429', { path: /pieces$/, answer: { status: 429, body: {}, headers: { 'retry-after': '0' } } }],
    ['500 on an install', { method: 'POST', path: /pieces$/, answer: { status: 500, body: {} } }],
    [
      '500 after the install took effect',
      { method: 'POST', path: /pieces$/, answer: { status: 500, body: {} }, takesEffect: true },
    ],
    [
      'a dropped connection on a look-up',
      { method: 'GET', path: /flows$/, answer: 'drop' as const, times: 2 },
    ],
    ['a dropped answer of the sign-up', { path: /sign-up$/, answer: 'drop' as const, takesEffect: true }],
    [
      'a dropped answer of the flow creation',
      { method: 'POST', path: /flows$/, answer: 'drop' as const, takesEffect: true },
    ],
    [
      'a dropped answer of every operation on the flow',
      { method: 'POST', path: /flows\/flow-\d+$/, answer: 'drop' as const, takesEffect: true, times: 1 },
    ],
    [
      'a flow that somebody is editing',
      {
        method: 'POST',
        path: /flows\/flow-\d+$/,
        answer: { status: 409, body: { code: 'FLOW_IN_USE', params: {} } },
        times: 2,
      },
    ],
  ])('%s: the load ends as without it', async (_, failure) => {
    await load();
    const expected = server.state();
    const other = new ScriptedActivepieces();
    await other.start();
    other.fail(failure);
    await load({ url: other.url });
    expect(other.state()).toEqual(expected);
    await other.stop();
  });

  test('an outage longer than the retries names server and URL', async () => {
    server.fail({ path: /flags$/, answer: 'drop', times: 100 });
    const failure = await failureOf(load());
    expect(failure.code).toBe('BIZ_LOAD_UNREACHABLE');
    expect(failure.message).toContain(server.url);
  });
});

describe('refusals', () => {
  test('an opaque install failure says where the cause is', async () => {
    server.fail({
      method: 'POST',
      path: /pieces$/,
      answer: { status: 400, body: { message: '{}' } },
    });
    const failure = await failureOf(load());
    expect(failure.code).toBe('BIZ_LOAD_PIECE_INSTALL');
    expect(failure.message).toContain("server's log");
    expect(failure.message).toContain('docker compose logs activepieces');
    expect(server.flows).toEqual([]);
  });

  test('a wrong password is a credentials error and does not show the password', async () => {
    await load();
    const failure = await failureOf(load({ credentials: { ...ADMIN, password: 'not-the-password-1' } }));
    expect(failure.code).toBe('BIZ_LOAD_CREDENTIALS');
    expect(failure.message).not.toContain('not-the-password-1');
  });

  test('a prerelease is refused before anything is sent', async () => {
    await writePiece(files.artifacts, '@bizstack/piece-kafka', '0.2.0-beta.1');
    const failure = await failureOf(load());
    expect(failure.code).toBe('BIZ_LOAD_PIECE_PRERELEASE');
    expect(server.requests).toEqual([]);
  });

  test('an old server is refused before anything is changed', async () => {
    server.version = '0.81.3';
    const failure = await failureOf(load());
    expect(failure.code).toBe('BIZ_LOAD_SERVER_VERSION');
    expect(failure.message).toContain('0.81.3');
    expect(server.user).toBeUndefined();
  });

  test('a newer server is a notice', async () => {
    server.version = '0.86.0';
    expect((await load()).notices.join()).toContain('0.86.0 is newer');
  });

  test('a piece that the server takes and does not show is an error', async () => {
    server.invisible.add('@bizstack/piece-qdrant');
    expect((await failureOf(load())).code).toBe('BIZ_LOAD_PIECE_INVISIBLE');
  });

  test("a connection that the piece's validation refuses shows the reason without the secret", async () => {
    const variables = { KAFKA_BROKERS: 'kafka:9092', KAFKA_PASSWORD: 'wrong-password' };
    const failure = await failureOf(load({ variables }));
    expect(failure.code).toBe('BIZ_LOAD_CONNECTION');
    expect(failure.message).toContain('password authentication failed with [hidden]');
    expect(failure.message).not.toContain('wrong-password');
  });

  test('missing values are all named with their place, before anything is sent', async () => {
    const failure = await failureOf(load({ variables: { KAFKA_PASSWORD: '' } }));
    expect(failure.code).toBe('BIZ_LOAD_PLACEHOLDER');
    expect(failure.message).toContain('KAFKA_BROKERS ([0].props.brokers)');
    expect(failure.message).toContain('KAFKA_PASSWORD ([0].props.password)');
    expect(server.requests).toEqual([]);
  });

  test('a flow whose connection nobody has', async () => {
    await writeFile(files.connections, '[]');
    const failure = await failureOf(load());
    expect(failure.code).toBe('BIZ_LOAD_CONNECTION_MISSING');
    expect(failure.message).toContain('bizstack-kafka ("Lead capture")');
    expect(server.pieces.size).toBe(0);
  });

  test('a connection for a piece that is nowhere', async () => {
    const other = { ...CONNECTIONS[0], externalId: 'other', pieceName: '@bizstack/piece-other' };
    await writeFile(files.connections, JSON.stringify([...CONNECTIONS, other]));
    expect((await failureOf(load())).code).toBe('BIZ_LOAD_CONNECTION_PIECE');
  });

  test('an incomplete flow stays a draft and names the step', async () => {
    await writeFile(files.flow, JSON.stringify(flowTemplate({ stepValid: false })));
    const failure = await failureOf(load());
    expect(failure.code).toBe('BIZ_LOAD_FLOW_INVALID');
    expect(failure.message).toContain('step_1');
    expect(server.flows[0]).toMatchObject({ status: 'DISABLED', publishedVersionId: null });
  });

  test.each([
    ['no JSON', 'not json', 'BIZ_LOAD_FILE'],
    ['no flow', '{"hello": 1}', 'BIZ_LOAD_FLOW_FILE'],
  ])('a flow file that is %s', async (_, content, code) => {
    await writeFile(files.flow, content);
    expect((await failureOf(load())).code).toBe(code);
    expect(server.requests).toEqual([]);
  });

  test('a damaged tarball, and one without package.json', async () => {
    await writeFile(join(files.artifacts, 'cut.tgz'), Buffer.from([0x1f, 0x8b, 8, 0, 0]));
    expect((await failureOf(load())).code).toBe('BIZ_LOAD_TARBALL');
    await rm(join(files.artifacts, 'cut.tgz'));
    await writePackage(files.artifacts, { name: '', version: '' }, {});
    expect((await failureOf(load())).code).toBe('BIZ_LOAD_TARBALL');
  });

  test('something that is not Activepieces', async () => {
    server.fail({ path: /flags$/, answer: { status: 200, body: '<html>hello</html>' } });
    const failure = await failureOf(load());
    expect(failure.code).toBe('BIZ_LOAD_ANSWER');
    expect(failure.message).toContain('Check that the URL');
  });
});
