import {
  gunzipSync,
  gzipSync,
  brotliCompressSync,
  brotliDecompressSync,
  deflateSync,
  inflateSync,
  zstdCompressSync,
  zstdDecompressSync,
} from 'node:zlib';
import { request } from 'node:http';
import { PASSWORD, TestServer, unique, USER } from '../support/test-server';

describe('the HTTP interface', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await TestServer.start();
  });
  afterAll(async () => {
    await server.stop();
  });

  it.each(['/ping', '/replicas_status', '/'])('answers GET %s without credentials', async (path) => {
    const response = await fetch(server.url + path);
    expect([response.status, await response.text()]).toEqual([200, 'Ok.\n']);
  });

  it('knows no other path', async () => {
    expect((await server.request('/play')).status).toBe(404);
  });

  it('names query, format, server and summary in headers', async () => {
    const query_id = unique('q');
    const response = await server.request(`/?query_id=${query_id}&default_format=JSONEachRow`, {
      method: 'POST',
      body: 'SELECT 1 AS a',
    });
    expect(await response.text()).toBe('{"a":1}\n');
    expect(response.headers.get('x-clickhouse-query-id')).toBe(query_id);
    expect(response.headers.get('x-clickhouse-format')).toBe('JSONEachRow');
    expect(response.headers.get('content-type')).toBe('application/x-ndjson; charset=UTF-8');
    expect(response.headers.get('x-clickhouse-timezone')).not.toBeNull();
    expect(response.headers.get('x-clickhouse-server-display-name')).not.toBeNull();
    expect(JSON.parse(response.headers.get('x-clickhouse-summary') ?? '')).toMatchObject({
      result_rows: '1',
    });
    const generated = await server.request('/', { method: 'POST', body: 'SELECT 1' });
    expect(generated.headers.get('x-clickhouse-query-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('takes database, format and id from headers too', async () => {
    const response = await server.request('/', {
      method: 'POST',
      headers: {
        'X-ClickHouse-Database': 'system',
        'X-ClickHouse-Format': 'CSV',
        'X-ClickHouse-Query-Id': 'by-header',
      },
      body: "SELECT currentDatabase(), 'x'",
    });
    expect(await response.text()).toBe('"system","x"\n');
    expect(response.headers.get('x-clickhouse-query-id')).toBe('by-header');
  });

  it('joins the statement from URL and body', async () => {
    const response = await server.request('/?query=SELECT+1,', { method: 'POST', body: '2' });
    expect(await response.text()).toBe('1\t2\n');
  });

  it('changes nothing by GET', async () => {
    await server.sql('CREATE TABLE not_by_get (a UInt8) ENGINE = Log');
    const run = async (query: string): Promise<[number, string | null]> => {
      const response = await server.request(`/?query=${encodeURIComponent(query)}`);
      await response.arrayBuffer();
      return [response.status, response.headers.get('x-clickhouse-exception-code')];
    };
    expect(await run('SELECT 1')).toEqual([200, null]);
    expect(await run('CREATE TABLE by_get (a UInt8) ENGINE = Log')).toEqual([500, '164']);
    expect(await run('INSERT INTO not_by_get VALUES (1)')).toEqual([500, '164']);
    expect(await run('WITH 1 AS x INSERT INTO not_by_get SELECT x')).toEqual([500, '164']);
    expect(await run('SELECT 1 SETTINGS readonly = 0')).toEqual([500, '164']);
    expect(await server.sql('EXISTS TABLE by_get')).toBe('0');
    expect(await server.sql('SELECT count() FROM not_by_get')).toBe('0');
  });

  it.each([
    ['gzip', gzipSync, gunzipSync],
    ['deflate', deflateSync, inflateSync],
    ['br', brotliCompressSync, brotliDecompressSync],
    ['zstd', zstdCompressSync, zstdDecompressSync],
  ] as const)('compresses both ways by %s', async (encoding, compress, decompress) => {
    const body = compress(Buffer.from('SELECT number FROM numbers(500000)'));
    const response = await new Promise<{ encoding: string | undefined; body: Buffer }>((resolve, reject) => {
      const sent = request(
        `${server.url}/?enable_http_compression=1`,
        {
          method: 'POST',
          auth: `${USER}:${PASSWORD}`,
          headers: {
            'Accept-Encoding': encoding,
            'Content-Encoding': encoding,
            'Content-Length': body.length,
          },
        },
        (answer) => {
          const parts: Buffer[] = [];
          answer.on('data', (chunk: Buffer) => parts.push(chunk));
          answer.once('end', () =>
            resolve({ encoding: answer.headers['content-encoding'], body: Buffer.concat(parts) }),
          );
          answer.once('error', reject);
        },
      );
      sent.on('error', reject);
      sent.end(body);
    });
    expect(response.encoding).toBe(encoding);
    expect(decompress(response.body).toString().split('\n')).toHaveLength(500_001);
  });

  it('compresses through the official client', async () => {
    const client = server.client({ compression: { request: true, response: true } });
    await client.command({ query: 'CREATE TABLE zipped (id UInt64) ENGINE = Memory' });
    await client.insert({
      table: 'zipped',
      values: Array.from({ length: 50_000 }, (_, id) => ({ id })),
      format: 'JSONEachRow',
    });
    const result = await client.query({ query: 'SELECT * FROM zipped', format: 'JSONEachRow' });
    expect(await result.json()).toHaveLength(50_000);
    await expect(client.query({ query: 'SELECT nope' })).rejects.toMatchObject({ code: '47' });
    await client.close();
  });

  it('refuses a body whose compression is broken or unknown', async () => {
    const broken = await server.request('/', {
      method: 'POST',
      headers: { 'Content-Encoding': 'gzip' },
      body: 'not gzip',
    });
    expect(broken.status).toBeGreaterThanOrEqual(400);
    const unknown = await server.request('/', {
      method: 'POST',
      headers: { 'Content-Encoding': 'lzw' },
      body: 'x',
    });
    expect(unknown.headers.get('x-clickhouse-exception-code')).toBe('48');
  });

  it('collects progress headers', async () => {
    const response = await server.request(
      '/?send_progress_in_http_headers=1&http_headers_progress_interval_ms=50',
      {
        method: 'POST',
        body: 'SELECT sum(sleepEachRow(0.1)) FROM numbers(10) SETTINGS max_block_size = 1',
      },
    );
    expect(response.status).toBe(200);
    const first = (response.headers.get('x-clickhouse-progress') ?? '').split('}, ')[0] ?? '';
    expect(first).toMatch(/"read_rows":"\d+","read_bytes":"\d+","total_rows_to_read":"\d+"/);
  });
});

describe('credentials', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await TestServer.start();
  });
  afterAll(async () => {
    await server.stop();
  });

  const basic = (user: string, password: string): Record<string, string> => ({
    Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
  });
  const parameters = (user: string, password: string): string =>
    `?${new URLSearchParams({ user, password }).toString()}`;

  it.each([
    ['Basic', '', basic(USER, PASSWORD), 200],
    ['parameters', parameters(USER, PASSWORD), {}, 200],
    ['a wrong password', '', basic(USER, `${PASSWORD} `), 403],
    ['no password', '', basic(USER, ''), 403],
    ['another user', '', basic('default', PASSWORD), 403],
    ['nothing', '', {}, 403],
    ['another scheme', '', { Authorization: 'Bearer x' }, 403],
    ['wrong parameters', parameters(USER, 'x'), {}, 403],
    ['headers and Basic at once', '', { ...basic(USER, PASSWORD), 'X-ClickHouse-User': USER }, 403],
  ])('by %s', async (_how, query, headers, status) => {
    const response = await fetch(`${server.url}/${query}`, { method: 'POST', headers, body: 'SELECT 1' });
    const text = await response.text();
    expect(response.status).toBe(status);
    expect(response.headers.get('x-clickhouse-exception-code')).toBe(status === 200 ? null : '516');
    expect(text).not.toContain(PASSWORD);
  });

  it('by X-ClickHouse headers', async () => {
    const plain = await TestServer.start(['--password-file', server.home.plainPasswordFile('plain')]);
    const headers = { 'X-ClickHouse-User': USER, 'X-ClickHouse-Key': 'plain' };
    const response = await fetch(plain.url, { method: 'POST', headers, body: 'SELECT 1' });
    expect(await response.text()).toBe('1\n');
    await plain.stop();
  });
});
