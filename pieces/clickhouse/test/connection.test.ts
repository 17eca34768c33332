import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  request as httpRequest,
  type Server as HttpServer,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, createServer as createTcpServer, type Server } from 'node:net';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runAction, validateAuth, runOptions } from '@bizstack/piece-testkit';
import { cancelQuery } from '../src/lib/actions/cancel-query';
import { insertRows } from '../src/lib/actions/insert-rows';
import { listRunningQueries } from '../src/lib/actions/list-running-queries';
import { listTables } from '../src/lib/actions/list-tables';
import { query } from '../src/lib/actions/query';
import { clickhouseAuth } from '../src/lib/auth';
import { closeConnections } from '../src/lib/client';
import { auth, newTable, sql } from './support/clickhouse';

afterAll(closeConnections);

const servers: (Server | HttpServer)[] = [];
afterAll(() => {
  for (const server of servers) {
    if ('closeAllConnections' in server) server.closeAllConnections();
    server.close();
  }
});

async function portOf(server: Server | HttpServer): Promise<number> {
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return address.port;
}

const target = new URL(auth.url);
const validate = (props: object) => validateAuth(clickhouseAuth, { ...auth, ...props });
const one = async (props: object) =>
  (await runAction(query, { auth: { ...auth, ...props }, props: { sql: 'SELECT 1 AS a' } })).output;

describe('connection', () => {
  it('is accepted when it works, with and without a database', async () => {
    expect(await validate({})).toEqual({ valid: true });
    expect(await validate({ database: '', url: `${auth.url}/`, compression: 'gzip' })).toEqual({
      valid: true,
    });
    expect(await validate({ settingsLocked: true, readOnly: true })).toEqual({ valid: true });
  });

  it.each([
    ['the password', { password: 'wrong-secret' }, /^Log in: .*BIZ_CLICKHOUSE_AUTHENTICATION_FAILED/s],
    ['the user', { user: 'nobody' }, /^Log in: .*BIZ_CLICKHOUSE_AUTHENTICATION_FAILED/s],
    ['the database', { database: 'nowhere' }, /^Open the database: .*BIZ_CLICKHOUSE_DATABASE_UNKNOWN/s],
    ['the port', { url: 'http://127.0.0.1:1' }, /^Reach the server: .*refused.*BIZ_CLICKHOUSE_UNREACHABLE/s],
    ['the name', { url: 'http://no-such-host.invalid:8123' }, /^Reach the server: .*name.*UNREACHABLE/s],
    ['TLS', { url: auth.url.replace('http:', 'https:') }, /^Reach the server: .*TLS.*UNREACHABLE/s],
    ['the URL', { url: 'clickhouse://x' }, /^Settings: .*BIZ_CLICKHOUSE_URL_INVALID/s],
    ['a URL with a login', { url: 'http://user:wrong-secret@x:1' }, /^Settings: .*URL_INVALID/s],
    ['the certificate', { url: 'https://x', tlsCa: 'rubbish' }, /^Settings: .*PEM/s],
    ['the way to log in', { accessToken: 'wrong-secret' }, /^Settings: .*LOGIN_AMBIGUOUS/s],
    ['the proxy URL', { proxyUrl: 'wrong-secret' }, /^Settings: .*PROXY_INVALID/s],
    ['the proxy', { proxyUrl: 'http://127.0.0.1:1' }, /^Reach the server: .*proxy.*BIZ_CLICKHOUSE_PROXY/s],
  ])('says that %s is wrong', async (_what, props, expected) => {
    const result = await validate(props);
    expect(result).toMatchObject({ valid: false, error: expect.stringMatching(expected) as string });
    expect(JSON.stringify(result)).not.toContain('wrong-secret');
  });

  it('says that a port does not speak HTTP', async () => {
    const port = await portOf(
      createTcpServer((socket) => socket.end('Port 9000 is for clickhouse-client\r\n')),
    );
    expect(await validate({ url: `http://127.0.0.1:${port}` })).toMatchObject({
      error: expect.stringContaining('BIZ_CLICKHOUSE_NOT_HTTP') as string,
    });
  });

  it('gives the dropdowns a reason instead of an error', async () => {
    const options = (props: object) =>
      runOptions(insertRows, { property: 'table', auth: { ...auth, ...props } });
    expect(await options({ url: 'http://127.0.0.1:1' })).toMatchObject({
      disabled: true,
      placeholder: expect.stringContaining('refused') as string,
    });
    expect(await runOptions(insertRows, { property: 'table' })).toMatchObject({
      disabled: true,
      placeholder: 'Connect your account first',
    });
    const table = await newTable('id UInt8, name String');
    expect((await options({})).options).toContainEqual({
      label: `default.${table} (MergeTree)`,
      value: `default.${table}`,
    });
    expect((await runOptions(insertRows, { property: 'columns', auth, input: { table } })).options).toEqual([
      { label: 'id (UInt8)', value: 'id' },
      { label: 'name (String)', value: 'name' },
    ]);
    expect((await runOptions(listTables, { property: 'database', auth })).options).toContainEqual({
      label: 'default',
      value: 'default',
    });
  });

  it('goes through a proxy, with a password of its own', async () => {
    const asked: string[] = [];
    const proxy = createServer();
    proxy.on('connect', (request, socket) => {
      const login = Buffer.from('user:p@ss').toString('base64');
      if (request.headers['proxy-authorization'] !== `Basic ${login}`) {
        socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
        return;
      }
      asked.push(request.url ?? '');
      const upstream = connect(Number(target.port), target.hostname, () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        upstream.pipe(socket).pipe(upstream);
      });
      upstream.on('error', () => socket.destroy());
      socket.on('error', () => upstream.destroy());
    });
    const port = await portOf(proxy);
    expect(await one({ proxyUrl: `http://user:p%40ss@127.0.0.1:${port}` })).toMatchObject({
      rows: [{ a: 1 }],
    });
    expect(asked[0]).toBe(target.host);
    await expect(one({ proxyUrl: `http://127.0.0.1:${port}` })).rejects.toMatchObject({
      code: 'BIZ_CLICKHOUSE_PROXY',
      message: expect.stringContaining('407') as string,
    });
  });

  describe('over TLS', () => {
    const folder = mkdtempSync(join(tmpdir(), 'bizstack-tls-'));
    afterAll(() => rmSync(folder, { recursive: true, force: true }));
    const pem = (name: string) => readFileSync(join(folder, `${name}.pem`), 'utf8');
    const make = (name: string) =>
      execFileSync(
        'openssl',
        [
          'req',
          '-x509',
          '-newkey',
          'rsa:2048',
          '-nodes',
          '-days',
          '2',
          '-subj',
          '/CN=localhost',
          '-addext',
          'subjectAltName=DNS:localhost,IP:127.0.0.1',
          '-keyout',
          join(folder, `${name}-key.pem`),
          '-out',
          join(folder, `${name}.pem`),
        ],
        { stdio: 'ignore' },
      );

    /** A real TLS server before the real ClickHouse server, since that one has no TLS. */
    const tlsServer = (options: object, seen: IncomingMessage[]) =>
      createTlsServer({ cert: pem('server'), key: pem('server-key'), ...options }, (request, response) => {
        seen.push(request);
        const { host: _host, ...headers } = request.headers;
        if (headers['x-clickhouse-ssl-certificate-auth'] === 'on') {
          // What a ClickHouse with certificate users does by itself.
          headers['authorization'] =
            `Basic ${Buffer.from(`${auth.user}:${auth.password}`).toString('base64')}`;
          delete headers['x-clickhouse-user'];
          delete headers['x-clickhouse-ssl-certificate-auth'];
        }
        forward(request, headers, response);
      });

    function forward(
      request: IncomingMessage,
      headers: IncomingMessage['headers'],
      response: ServerResponse,
    ) {
      const upstream = httpRequest(
        `${auth.url}${request.url ?? ''}`,
        { method: request.method, headers, agent: false },
        (answer) => {
          response.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(response);
        },
      );
      upstream.on('error', () => response.destroy());
      request.pipe(upstream);
    }

    beforeAll(() => {
      make('server');
      make('client');
    });

    it('checks the certificate, and takes one of its own authority', async () => {
      const seen: IncomingMessage[] = [];
      const url = `https://localhost:${await portOf(tlsServer({}, seen))}`;
      expect(await validate({ url })).toMatchObject({
        error: expect.stringMatching(/^Reach the server: .*certificate/s) as string,
      });
      expect(seen).toEqual([]);
      expect(await one({ url, tlsCa: pem('server') })).toMatchObject({ rows: [{ a: 1 }] });
      expect(await one({ url, tlsVerify: false })).toMatchObject({ rows: [{ a: 1 }] });
    });

    it('shows the client certificate, with a password or instead of it', async () => {
      const seen: IncomingMessage[] = [];
      const url = `https://localhost:${await portOf(
        tlsServer({ requestCert: true, rejectUnauthorized: true, ca: pem('client') }, seen),
      )}`;
      const tls = { url, tlsCa: pem('server') };
      const mutual = { ...tls, tlsCert: pem('client'), tlsKey: pem('client-key').replaceAll('\n', '\\n') };
      await expect(one(tls)).rejects.toMatchObject({ code: 'BIZ_CLICKHOUSE_UNREACHABLE' });
      expect(await one(mutual)).toMatchObject({ rows: [{ a: 1 }] });
      expect(await one({ ...mutual, password: '', certificateLogin: true })).toMatchObject({
        rows: [{ a: 1 }],
      });
      expect(seen.at(-1)?.headers).toMatchObject({
        'x-clickhouse-user': auth.user,
        'x-clickhouse-ssl-certificate-auth': 'on',
      });
      expect(seen.at(-1)?.headers['authorization']).toBeUndefined();
    });
  });

  it('sends an access token and roles (fake server: the test server knows neither)', async () => {
    const seen: { authorization: string | undefined; roles: string[] }[] = [];
    const fake = createServer((request, response) => {
      seen.push({
        authorization: request.headers.authorization,
        roles: new URL(request.url ?? '', 'http://x').searchParams.getAll('role'),
      });
      request.resume();
      request.on('end', () => response.end('["a"]\n["UInt8"]\n[1]\n'));
    });
    const url = `http://127.0.0.1:${await portOf(fake)}`;
    const token = { url, user: '', password: '', accessToken: 'abc.def.ghi', roles: 'reader, writer' };
    expect(await one(token)).toMatchObject({ rows: [{ a: 1 }] });
    expect(seen).toEqual([{ authorization: 'Bearer abc.def.ghi', roles: ['reader', 'writer'] }]);
  });

  it.each([
    [201, 'QUOTA_EXCEEDED', 500, 'BIZ_CLICKHOUSE_QUOTA_EXCEEDED'],
    [497, 'ACCESS_DENIED', 403, 'BIZ_CLICKHOUSE_NOT_AUTHORIZED'],
    [252, 'TOO_MANY_PARTS', 500, 'BIZ_CLICKHOUSE_OVERLOADED'],
    [241, 'MEMORY_LIMIT_EXCEEDED', 500, 'BIZ_CLICKHOUSE_OVERLOADED'],
  ])('puts error %i of a fake server into words', async (code, type, status, expected) => {
    const fake = createServer((request, response) => {
      request.resume();
      response.writeHead(status, { 'x-clickhouse-exception-code': String(code) });
      request.on('end', () =>
        response.end(`Code: ${code}. DB::Exception: Said no. (${type}) (version 25.8.1.1)`),
      );
    });
    const url = `http://127.0.0.1:${await portOf(fake)}`;
    await expect(one({ url })).rejects.toMatchObject({ code: expected });
  });

  it('shows what a proxy answers that is no ClickHouse', async () => {
    const fake = createServer((request, response) => {
      request.resume();
      response.writeHead(502);
      request.on('end', () => response.end('<html>Bad gateway</html>'));
    });
    const url = `http://127.0.0.1:${await portOf(fake)}`;
    await expect(one({ url })).rejects.toMatchObject({
      code: 'BIZ_CLICKHOUSE_FAILED',
      message: expect.stringContaining('Bad gateway') as string,
    });
  });

  it('repeats an insert with a token when the connection breaks, and it takes effect once', async () => {
    const table = await newTable('id UInt32');
    let broken = 0;
    // Lets the insert through, but not its answer, the first time.
    const relay = createTcpServer((socket) => {
      const upstream = connect(Number(target.port), target.hostname);
      let isInsert = false;
      socket.on('data', (data) => {
        isInsert = data.toString('latin1').includes('INSERT') || isInsert;
        upstream.write(data);
      });
      upstream.on('data', (data) => {
        if (isInsert && broken === 0) {
          broken += 1;
          socket.destroy();
          return;
        }
        socket.write(data);
      });
      upstream.on('close', () => socket.destroy());
      socket.on('close', () => upstream.destroy());
      upstream.on('error', () => socket.destroy());
      socket.on('error', () => upstream.destroy());
    });
    const url = `http://127.0.0.1:${await portOf(relay)}`;
    const { output } = await runAction(insertRows, {
      auth: { ...auth, url },
      props: { table, rows: [{ id: 1 }, { id: 2 }], token: 'once' },
    });
    expect(output).toMatchObject({ inserted: 2 });
    expect(broken).toBe(1);
    expect(await sql(`SELECT count() AS n FROM ${table}`)).toEqual([{ n: 2 }]);
  });
});

describe('list_running_queries and cancel_query', () => {
  it('find a running query and end it', async () => {
    const marker = `needle_${Date.now()}`;
    const running = runAction(query, {
      auth,
      props: { sql: `SELECT sleepEachRow(0.1) AS ${marker} FROM numbers(500) SETTINGS max_block_size = 1` },
    });
    const ended = expect(running).rejects.toMatchObject({ code: 'BIZ_CLICKHOUSE_CANCELLED' });
    const deadline = Date.now() + 20_000;
    let queryId: string | undefined;
    while (queryId === undefined && Date.now() < deadline) {
      const { output } = await runAction(listRunningQueries, { auth, props: { minSeconds: 0 } });
      const { queries } = output as { queries: { queryId: string; query: string; user: string }[] };
      queryId = queries.find(({ query: text }) => text.includes(marker))?.queryId;
    }
    expect(queryId).toMatch(/^bizstack-/);
    const cancel = async (props: object) =>
      (await runAction(cancelQuery, { auth, props: { queryId: queryId ?? '', ...props } })).output;
    expect(await cancel({ wait: true })).toMatchObject({ cancelled: true });
    await ended;
    expect(await cancel({ wait: false })).toEqual({ cancelled: false, status: 'not_running' });
  });
});
