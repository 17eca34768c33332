import { get, request, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { type ClickHouseClient } from '@clickhouse/client';
import { PASSWORD, TestServer, unique, USER } from '../support/test-server';

const FAILS_LATE =
  "SELECT number, throwIf(number = 600000, 'boom') AS f FROM numbers(1000000) SETTINGS max_block_size = 10000";

describe('errors', () => {
  let server: TestServer;
  let client: ClickHouseClient;

  beforeAll(async () => {
    server = await TestServer.start();
    client = server.client();
  });
  afterAll(async () => {
    await client.close();
    await server.stop();
  });

  it.each([
    ['SELECT nope', 47, 404],
    ['SELECT * FROM nope', 60, 404],
    ['SELECT * FROM nope.nope', 81, 404],
    ['SELECT noSuchFunction(1)', 46, 404],
    ['SELEC 1', 62, 400],
    ['', 62, 400],
    ['SELECT 1 FORMAT Nope', 73, 404],
    ["SELECT toUInt8('x')", 6, 400],
    ['SELECT throwIf(1)', 395, 500],
    ['SELECT sleepEachRow(1) FROM numbers(30) SETTINGS max_execution_time = 1, max_block_size = 1', 159, 408],
    ['SELECT groupArray(number) FROM numbers(100000000) SETTINGS max_memory_usage = 1000000', 241, 500],
    ['SELECT 1; SELECT 2', 62, 400],
    ['INSERT INTO nope FORMAT CSV\n1', 60, 404],
    ['INSERT INTO FUNCTION null(\'a UInt8\') FORMAT JSONEachRow {"a": "x"}', 27, 400],
  ])('answers %s with code %i and status %i', async (sql, code, status) => {
    const response = await server.request('/', { method: 'POST', body: sql });
    const text = await response.text();
    expect([response.status, response.headers.get('x-clickhouse-exception-code')]).toEqual([
      status,
      String(code),
    ]);
    expect(text).toMatch(
      new RegExp(
        `^Code: ${code}\\. DB::Exception: [\\s\\S]+ \\([A-Z0-9_]+\\) \\(version 26\\.[^\\n]+\\)\\n$`,
      ),
    );
    expect(text).not.toMatch(/OUTFILE|INFILE|spool|bizstack_q_/);
  });

  it('reports a syntax error at the place in the text that was sent', async () => {
    await expect(client.query({ query: 'SELECT 1 AS a,\n  b c d', format: 'JSON' })).rejects.toMatchObject({
      code: '62',
      message: expect.stringContaining('line 2, col 7') as string,
    });
  });

  it('fails a row stream with the error that came in the middle', async () => {
    const result = await client.query({ query: FAILS_LATE, format: 'JSONEachRow' });
    let rows = 0;
    const read = async (): Promise<void> => {
      for await (const batch of result.stream()) rows += batch.length;
    };
    await expect(read()).rejects.toMatchObject({
      code: '395',
      message: expect.stringContaining('boom') as string,
    });
    expect(rows).toBeGreaterThan(0);
  });

  it.each([
    ['JSON', {}],
    ['CSV', {}],
    ['Parquet', {}],
    ['JSONEachRow', { 'accept-encoding': 'gzip' }],
  ])('never ends a broken %s answer as if it were whole', async (format, headers) => {
    const url = `${server.url}/?enable_http_compression=1&query=${encodeURIComponent(`${FAILS_LATE} FORMAT ${format}`)}`;
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      get(url, { headers, auth: `${USER}:${PASSWORD}` }, resolve).on('error', reject);
    });
    response.resume();
    const end = await new Promise<string>((resolve) => {
      response.once('end', () => resolve('end'));
      response.once('error', () => resolve('error'));
    });
    // Parquet is written at the end of a row group, so its error may still come in time for a status.
    expect([response.statusCode, end]).not.toEqual([200, 'end']);
  });

  it('answers with the error alone when the end is waited for', async () => {
    const response = await server.request('/?wait_end_of_query=1', { method: 'POST', body: FAILS_LATE });
    expect([response.status, (await response.text()).slice(0, 9)]).toEqual([500, 'Code: 395']);
    const whole = await server.request('/?wait_end_of_query=1', {
      method: 'POST',
      body: 'SELECT number FROM numbers(900000)',
    });
    expect((await whole.text()).split('\n')).toHaveLength(900_001);
    expect(JSON.parse(whole.headers.get('x-clickhouse-summary') ?? '')).toMatchObject({
      result_rows: '900000',
    });
  });

  it('gives HTTP/1.0 clients the whole answer or an error', async () => {
    const auth = Buffer.from(`${USER}:${PASSWORD}`).toString('base64');
    const answer = await new Promise<string>((resolve, reject) => {
      const { hostname, port } = new URL(server.url);
      let text = '';
      const socket = connect(Number(port), hostname, () => {
        socket.write(
          `POST / HTTP/1.0\r\nAuthorization: Basic ${auth}\r\nContent-Length: ${FAILS_LATE.length}\r\n\r\n${FAILS_LATE}`,
        );
      });
      socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
      socket.once('end', () => resolve(text));
      socket.once('error', reject);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 500 [\s\S]*Code: 395/);
  });

  it('refuses a second query with an id that runs', async () => {
    const query_id = unique('same');
    const first = client.query({ query: 'SELECT sleep(2)', query_id });
    const second = (): Promise<unknown> => client.query({ query: 'SELECT 1', query_id });
    let refused: unknown;
    while (refused === undefined)
      refused = await second().then(
        () => undefined,
        (error: unknown) => error,
      );
    expect(refused).toMatchObject({ code: '216' });
    await first;
    await expect(second()).resolves.toBeDefined();
  });

  it('answers what is not a request', async () => {
    const { hostname, port } = new URL(server.url);
    const send = (text: string): Promise<string> =>
      new Promise((resolve, reject) => {
        let answer = '';
        const socket = connect(Number(port), hostname, () => socket.write(text));
        socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
        socket.once('end', () => resolve(answer));
        socket.once('error', reject);
      });
    expect(await send('nonsense\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
    expect(
      await send(`GET /?query=${'x'.repeat(2_000_000)} HTTP/1.1\r\n\r\n`).catch(() => 'HTTP/1.1 431 '),
    ).toMatch(/^HTTP\/1\.1 431 /);
    const put = await new Promise<IncomingMessage>((resolve, reject) => {
      request(server.url, { method: 'PUT' }, resolve).on('error', reject).end();
    });
    expect(put.statusCode).toBe(405);
    put.resume();
  });
});
