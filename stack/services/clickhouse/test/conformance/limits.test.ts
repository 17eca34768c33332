import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { TestServer } from '../support/test-server';

const spooled = (server: TestServer): string[] =>
  readdirSync(join(server.home.dataDir, 'spool')).filter((name) => !name.endsWith('.fifo'));

describe('limits', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await TestServer.start(['--max-body-bytes', '1000000', '--max-query-bytes', '500000']);
    await server.sql('CREATE TABLE t (s String) ENGINE = MergeTree ORDER BY s');
  });
  afterAll(async () => {
    await server.stop();
  });

  const send = async (path: string, body: BodyInit, headers = {}): Promise<[number, string | null]> => {
    const response = await server.request(path, { method: 'POST', body, headers });
    await response.arrayBuffer();
    return [response.status, response.headers.get('x-clickhouse-exception-code')];
  };

  it('refuses too many rows in one request', async () => {
    const insert = '/?query=INSERT+INTO+t+FORMAT+TSV';
    expect(await send(insert, 'x\n'.repeat(400_000))).toEqual([200, null]);
    expect(await send(insert, 'x\n'.repeat(600_000))).toEqual([413, '307']);
    expect(await send(insert, gzipSync('x\n'.repeat(600_000)), { 'Content-Encoding': 'gzip' })).toEqual([
      413,
      '307',
    ]);
    expect(await server.sql('SELECT count() FROM t')).toBe('400000');
    expect(spooled(server)).toEqual([]);
  });

  it('refuses a statement that is too long', async () => {
    expect(await send('/', `SELECT length('${'x'.repeat(400_000)}')`)).toEqual([200, null]);
    expect(await send('/', `SELECT length('${'x'.repeat(600_000)}')`)).toEqual([413, '223']);
  });

  it('refuses a result that is waited for and too large', async () => {
    expect(await send('/?wait_end_of_query=1', 'SELECT number FROM numbers(1000000)')).toEqual([413, '307']);
    expect(await server.sql('SELECT 1')).toBe('1');
    expect(spooled(server)).toEqual([]);
  });
});

describe('a disk without space', () => {
  it('takes no rows, says why and still answers queries', async () => {
    const server = await TestServer.start(['--min-free-bytes', String(2 ** 52)]);
    await server.sql('CREATE TABLE t (a UInt8) ENGINE = Memory');
    await expect(server.sql('INSERT INTO t VALUES (1)')).rejects.toThrow(/Code: 243\. .*bytes free/);
    expect(await server.sql('SELECT count() FROM t')).toBe('0');
    await server.stop();
  });
});
