import { connect } from 'node:net';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { SERVER_DIR, serverPython } from './python';
import { API_KEY, TestServer, connectClient, errorOf, uniqueName } from './server';

let server: TestServer;

beforeAll(async () => {
  server = await TestServer.start({ args: ['--max-body-mb', '1', '--read-timeout', '2'] });
});
afterAll(() => server.endAndRemove());

/** Sends raw bytes and gives back what came until the server closed. */
async function raw(bytes: string): Promise<string> {
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
  socket.on('error', () => undefined);
  socket.write(bytes);
  await once(socket, 'close');
  return answer;
}

describe('authentication', () => {
  test.each([
    ['no key', {}, 401],
    ['a wrong key', { 'api-key': 'wrong' }, 401],
    ['a wrong bearer token', { authorization: 'Bearer wrong' }, 401],
    ['the key under another scheme', { authorization: `Basic ${API_KEY}` }, 401],
    ['the key', { 'api-key': API_KEY }, 200],
    ['the key as bearer token', { authorization: `Bearer ${API_KEY}` }, 200],
  ])('%s', async (_, headers, status) => {
    const response = await fetch(`${server.url}/collections`, { headers });
    expect(response.status).toBe(status);
    if (status === 401)
      expect(await response.json()).toMatchObject({
        status: { error: expect.stringContaining('API key') as string },
      });
  });

  test('probes and the version need no key; metrics and telemetry do', async () => {
    const status = async (path: string) => (await fetch(server.url + path)).status;
    for (const path of ['/', '/healthz', '/livez', '/readyz'])
      expect([path, await status(path)]).toEqual([path, 200]);
    for (const path of ['/metrics', '/telemetry', '/aliases', '/collections/x/exists'])
      expect([path, await status(path)]).toEqual([path, 401]);
  });

  test('the official client connects with apiKey and finds the version compatible', async () => {
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
    const client = await connectClient({ url: server.url, apiKey: API_KEY });
    expect(await client.versionInfo()).toMatchObject({
      version: expect.stringMatching(/^1\.19\./) as string,
    });
    await client.getCollections();
    expect(warn.mock.calls.flat().join()).not.toContain('incompatible');
    warn.mockRestore();
  });
});

describe('limits', () => {
  test('a body over the limit is answered with 413, declared or chunked', async () => {
    const name = uniqueName();
    await server.client.createCollection(name, { vectors: { size: 2, distance: 'Dot' } });
    const points = [{ id: 1, vector: [1, 1], payload: { text: 'x'.repeat(1_200_000) } }];
    const reply = await server.send('PUT', `/collections/${name}/points`, { points });
    expect([reply.status, errorOf(reply)]).toEqual([
      413,
      expect.stringContaining('larger than 1048576 bytes'),
    ]);
    const chunked = await raw(
      `PUT /collections/${name}/points HTTP/1.1\r\nhost: x\r\napi-key: ${API_KEY}\r\ntransfer-encoding: chunked\r\n\r\n` +
        `${(3 << 20).toString(16)}\r\n${'x'.repeat(3 << 20)}\r\n0\r\n\r\n`,
    );
    expect(chunked).toMatch(/^HTTP\/1.1 413/);
    const declared = await raw(
      `PUT /collections/${name}/points HTTP/1.1\r\nhost: x\r\napi-key: ${API_KEY}\r\ncontent-length: 999999999\r\n\r\n{`,
    );
    expect(declared).toMatch(/^HTTP\/1.1 413/);
    expect((await server.client.count(name)).count).toBe(0);
  });

  test('clients that stall in the head or in the body are let go', async () => {
    expect(await raw('GET /collections HTTP/1.1\r\nhost: x\r\nx-slow: ')).toBe('');
    const body = await raw(
      `PUT /collections/x/points HTTP/1.1\r\nhost: x\r\napi-key: ${API_KEY}\r\ncontent-length: 100\r\n\r\n{"points"`,
    );
    expect(body).toMatch(/^HTTP\/1.1 408/);
    expect(await raw('no http at all\r\n\r\n')).toMatch(/^HTTP\/1.1 400|^$/);
  });

  test('deep nesting is refused, not followed', async () => {
    const name = uniqueName();
    await server.client.createCollection(name, { vectors: { size: 2, distance: 'Dot' } });
    for (const depth of [200, 50_000]) {
      const filter = '{"must":['.repeat(depth) + ']}'.repeat(depth);
      const reply = await server.send('POST', `/collections/${name}/points/scroll`, `{"filter":${filter}}`);
      expect([depth, reply.status]).toEqual([depth, 400]);
    }
  });

  test('many readers and writers at once, over two collections', async () => {
    const names = [uniqueName(), uniqueName()];
    for (const name of names)
      await server.client.createCollection(name, { vectors: { size: 2, distance: 'Dot' } });
    await Promise.all(
      Array.from({ length: 40 }, async (_, i) => {
        const name = names[i % 2] ?? '';
        for (let k = 0; k < 5; k += 1) {
          await server.client.upsert(name, { wait: true, points: [{ id: i * 5 + k, vector: [i, k] }] });
          const [found] = await server.client.retrieve(name, { ids: [i * 5 + k], with_vector: true });
          expect(found?.vector).toEqual([i, k]);
          await server.client.query(name, { query: [1, 1], limit: 5 });
        }
      }),
    );
    for (const name of names) expect((await server.client.count(name)).count).toBe(100);
  });
});

describe('answers', () => {
  test('unknown paths, wrong methods, unknown collections', async () => {
    const check = async (method: string, path: string) => (await server.send(method, path)).status;
    expect(await check('GET', '/nothing')).toBe(404);
    expect(await check('GET', '/collections/x/nothing')).toBe(404);
    expect(await check('DELETE', '/collections')).toBe(405);
    const reply = await server.send('GET', '/collections/missing');
    expect(reply.body).toEqual({
      status: { error: "Not found: Collection `missing` doesn't exist!" },
      time: expect.any(Number) as number,
    });
    const fine = await server.send('GET', '/collections');
    expect(fine.body).toMatchObject({
      status: 'ok',
      time: expect.any(Number) as number,
      result: { collections: expect.any(Array) as unknown[] },
    });
  });

  test.each([
    ['GET', '/collections/x/cluster'],
    ['POST', '/collections/x/cluster'],
    ['GET', '/collections/x/shards'],
    ['PUT', '/collections/x/shards'],
    ['GET', '/cluster/telemetry'],
    ['GET', '/issues'],
    ['GET', '/quotas'],
    ['GET', '/snapshots'],
    ['POST', '/snapshots'],
    ['POST', '/collections/x/shards/0/snapshots'],
    ['GET', '/collections/x/optimizations'],
  ])('%s %s is a clear 501', async (method, path) => {
    const reply = await server.send(method, path);
    expect([reply.status, errorOf(reply)]).toEqual([
      501,
      expect.stringContaining('not served by this server'),
    ]);
  });

  test('metrics count requests and points, telemetry tells the version', async () => {
    const name = `${uniqueName()}\n2`;
    await server.client.createCollection(name, { vectors: { size: 2, distance: 'Dot' } });
    await server.client.upsert(name, { wait: true, points: [{ id: 1, vector: [1, 1] }] });
    const text = await (await fetch(`${server.url}/metrics`, { headers: { 'api-key': API_KEY } })).text();
    expect(text).toContain(`collection_points{id="${name.replace('\n', String.raw`\n`)}"} 1`);
    expect(text).toMatch(
      /rest_responses_total\{method="PUT",endpoint="\/collections\/\{collection\}\/points",status="200"\} \d+/,
    );
    expect(text).toContain('rest_responses_duration_seconds_bucket');
    const telemetry = await server.send('GET', '/telemetry');
    expect(telemetry.body.result).toMatchObject({ app: { version: '1.19.0' }, cluster: { enabled: false } });
    expect((await server.send('GET', '/cluster')).body.result).toEqual({ status: 'disabled' });
  });

  test('no secret and no stack trace reaches the log', () => {
    expect(server.logged).not.toContain(API_KEY);
    expect(server.logged).not.toContain('Traceback');
  });
});

describe('command line', () => {
  test.each([
    ['a remote address', ['--host', '0.0.0.0'], /--allow-remote/],
    ['a remote address without a key', ['--host', '0.0.0.0', '--allow-remote'], /--api-key-file/],
    ['a missing key file', ['--api-key-file', '/nonexistent/key'], /cannot be read/],
  ])('refuses %s', async (_, args, message) => {
    const child = spawn(await serverPython(), ['-m', 'bizstack_qdrant', '--port', '0', ...args], {
      cwd: SERVER_DIR,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let text = '';
    child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number | null];
    expect([code, text]).toEqual([2, expect.stringMatching(message)]);
  });
});
