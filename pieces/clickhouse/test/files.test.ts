import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { runAction } from '@bizstack/piece-testkit';
import fc from 'fast-check';
import { insertFromFile } from '../src/lib/actions/insert-from-file';
import { queryToFile } from '../src/lib/actions/query-to-file';
import { closeConnections } from '../src/lib/client';
import { createRowPartWriter } from '../src/lib/files/parts';
import { auth, newTable, run, sql } from './support/clickhouse';

afterAll(closeConnections);

setFlagsFromString('--expose-gc');
const gc: unknown = runInNewContext('gc');
const collectGarbage = () => {
  if (typeof gc !== 'function') throw new Error('This Node has no gc().');
  Reflect.apply(gc, undefined, []);
};

const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) server.closeAllConnections();
  for (const server of servers) server.close();
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
}

/** A server with one file. */
const serveFile = async (name: string, content: Buffer | string) =>
  `${await serve((_request, response) => response.end(content))}/${name}`;

interface Written {
  file: string;
  fileName: string;
  count: number | null;
  bytes: number;
  files: { file: string; fileName: string; rows: number | null; bytes: number }[];
}

const write = async (text: string, props: Record<string, unknown> = {}) =>
  (await runAction(queryToFile, { auth, props: { sql: text, ...props } })).output as Written;
const contentOf = async (url: string) => Buffer.from(await (await fetch(url)).arrayBuffer());

describe('query_to_file', () => {
  it('writes CSV that keeps null and empty text apart', async () => {
    const written = await write(
      `SELECT 1 AS id, 'a "b", c\nd' AS "x,y", NULL AS n, '' AS e, toDateTime('2026-01-01 00:00:00', 'UTC') AS at`,
      { fileName: 'export' },
    );
    expect((await contentOf(written.file)).toString()).toBe(
      '"id","x,y","n","e","at"\n1,"a ""b"", c\nd",\\N,"","2026-01-01T00:00:00Z"\n',
    );
    expect(written).toMatchObject({ fileName: 'export.csv', count: 1 });
  });

  it('writes JSON Lines, also compressed, with parameters', async () => {
    const written = await write('SELECT number AS n, {t:String} AS t FROM numbers({c:UInt32})', {
      format: 'jsonl',
      gzip: true,
      moreParameters: { t: "it's", c: 3 },
    });
    expect(written).toMatchObject({ fileName: 'rows.jsonl.gz', count: 3 });
    const lines = gunzipSync(await contentOf(written.file))
      .toString()
      .trim()
      .split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(
      ['0', '1', '2'].map((n) => ({ n, t: "it's" })),
    );
  });

  it('writes Parquet that ClickHouse reads again', async () => {
    const { file, count, bytes } = await write(
      'SELECT number AS n, toString(number) AS t FROM numbers(1000)',
      {
        format: 'parquet',
      },
    );
    expect(count).toBeNull();
    const content = await contentOf(file);
    expect(content.subarray(0, 4).toString()).toBe('PAR1');
    expect(content.length).toBe(bytes);
    const table = await newTable('n UInt64, t String');
    await runAction(insertFromFile, { auth, props: { table, fileUrl: file } });
    expect(await sql(`SELECT count() AS c, sum(n) AS s, max(length(t)) AS l FROM ${table}`)).toEqual([
      { c: 1_000, s: 499_500, l: 3 },
    ]);
  });

  it('writes the header of an empty result, and an empty file', async () => {
    const empty = await write('SELECT 1 AS id WHERE 0');
    expect((await contentOf(empty.file)).toString()).toBe('"id"\n');
    expect(empty.count).toBe(0);
    const lines = await write('SELECT 1 AS id WHERE 0', { format: 'jsonl' });
    expect(await contentOf(lines.file)).toHaveLength(0);
    expect(lines.count).toBe(0);
  });

  it('divides what is larger than a file may be, between rows and with a header each', async () => {
    const text =
      "SELECT number AS n, concat(repeat('x', 200), '\n\"', toString(number)) AS t FROM numbers(20000)";
    const { files, count } = await write(text, { maxFileMb: 1 });
    expect(files.length).toBeGreaterThan(3);
    expect(count).toBe(20_000);
    const table = await newTable('n UInt64, t String');
    for (const { file, bytes } of files) {
      expect(bytes).toBeLessThanOrEqual(1024 * 1024);
      await runAction(insertFromFile, { auth, props: { table, fileUrl: file, format: 'csv' } });
    }
    expect(await sql(`SELECT count() AS c, uniq(n) AS u, sum(n) AS s FROM ${table}`)).toEqual([
      { c: 20_000, u: 20_000, s: 199_990_000 },
    ]);
    expect(new Set(files.map(({ fileName }) => fileName)).size).toBe(files.length);
  });

  it('says that Parquet does not fit', async () => {
    await expect(
      write('SELECT rand64() AS n FROM numbers(400000)', { format: 'parquet', maxFileMb: 1 }),
    ).rejects.toMatchObject({ code: 'BIZ_CLICKHOUSE_FILE_TOO_LARGE' });
  });

  it('sends a file of any size to a URL', async () => {
    const received: { bytes: number; length: string | undefined; method: string | undefined }[] = [];
    const url = await serve((request: IncomingMessage, response) => {
      let bytes = 0;
      request.on('data', (chunk: Buffer) => (bytes += chunk.length));
      request.on('end', () => {
        received.push({ bytes, length: request.headers['content-length'], method: request.method });
        response.statusCode = request.url?.startsWith('/bucket') ? 200 : 403;
        response.end();
      });
    });
    const written = await write("SELECT repeat('x', 1000) AS t FROM numbers(30000)", {
      uploadUrl: `${url}/bucket/file.csv?signature=secret`,
      maxFileMb: 1,
    });
    expect(received).toEqual([{ bytes: written.bytes, length: String(written.bytes), method: 'PUT' }]);
    expect(written).toMatchObject({ file: `${url}/bucket/file.csv`, count: null });
    const refused = write('SELECT 1', { uploadUrl: `${url}/no?signature=secret` });
    await expect(refused).rejects.toMatchObject({ code: 'BIZ_CLICKHOUSE_UPLOAD_FAILED' });
    await expect(refused).rejects.not.toMatchObject({ message: expect.stringContaining('secret') as string });
    await expect(write('SELECT 1', { uploadUrl: 'http://127.0.0.1:1/x' })).rejects.toMatchObject({
      code: 'BIZ_CLICKHOUSE_UPLOAD_FAILED',
    });
  });

  it('writes no file when the query fails in the middle, and changes nothing', async () => {
    await expect(
      write("SELECT throwIf(number = 900000), repeat('x', 100) FROM numbers(1000000)"),
    ).rejects.toMatchObject({ code: 'BIZ_CLICKHOUSE_FAILED' });
    const table = await newTable('id UInt8');
    await run(`INSERT INTO ${table} VALUES (1)`);
    await expect(write(`DROP TABLE ${table}`)).rejects.toMatchObject({
      code: expect.stringMatching(/READ_ONLY|SYNTAX/) as string,
    });
    expect(await sql(`SELECT * FROM ${table}`)).toHaveLength(1);
  });
});

describe('parts of a file', () => {
  const field = fc.string({ unit: fc.constantFrom('a', '"', '\n', ',', 'ü') });
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;

  it('hold all rows once, in order, whatever is in them and wherever the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(field, { maxLength: 30 }),
        fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 10 }),
        fc.integer({ min: 1, max: 80 }),
        (fields, sizes, maxBytes) => {
          const rows = fields.map((text) => `${quoted(text)}\n`);
          const content = Buffer.from(`"h"\n${rows.join('')}`);
          const writer = createRowPartWriter({ quotes: true, header: true, maxBytes });
          const parts = [];
          for (let at = 0, turn = 0; at < content.length; turn += 1) {
            const size = sizes[turn % sizes.length] ?? 1;
            const part = writer.write(content.subarray(at, at + size));
            if (part) parts.push(part);
            at += size;
          }
          const last = writer.end();
          if (last) parts.push(last);
          const texts = parts.map(({ data }) => data.toString());
          expect(texts.every((text) => text.startsWith('"h"\n'))).toBe(true);
          expect(texts.map((text) => text.slice(4)).join('')).toBe(rows.join(''));
          expect(parts.reduce((sum, part) => sum + (part.rows ?? 0), 0)).toBe(rows.length);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('insert_from_file', () => {
  const insert = async (props: { table: string } & Record<string, unknown>) =>
    (await runAction(insertFromFile, { auth, props: props })).output as {
      inserted: number;
      format: string;
    };
  const CSV = 'id,name\n1,"a, ""b"""\n2,ü\n';
  const JSONL = '{"id":1,"name":"a, \\"b\\""}\n{"id":2,"name":"ü"}\n';
  const STORED = [
    { id: 1, name: 'a, "b"' },
    { id: 2, name: 'ü' },
  ];

  it.each([
    ['rows.csv', CSV, {}, 'csv'],
    ['rows', CSV, {}, 'csv'],
    ['rows.csv.gz', gzipSync(CSV), {}, 'csv'],
    ['rows.csv.zst', zstdCompressSync(CSV), {}, 'csv'],
    ['rows.jsonl', JSONL, {}, 'jsonl'],
    ['rows', JSONL, {}, 'jsonl'],
    ['rows.json', `[${JSONL.trim().replace('\n', ',')}]`, {}, 'jsonl'],
    ['rows.jsonl.gz', gzipSync(JSONL), {}, 'jsonl'],
    ['rows.csv', `\uFEFF${CSV}`, {}, 'csv'],
    ['rows.csv', CSV.replaceAll('\n', '\r\n'), {}, 'csv'],
    ['rows.csv', CSV.replaceAll('ü', '\u00fc'), { encoding: 'utf-8' }, 'csv'],
    ['rows.csv', Buffer.from(CSV, 'latin1'), { encoding: 'windows-1252' }, 'csv'],
    ['rows.csv', Buffer.from(CSV, 'utf16le'), { encoding: 'utf-16le', format: 'csv' }, 'csv'],
    ['rows.csv', 'id;name\n1;"a, ""b"""\n2;ü\n', { delimiter: ';' }, 'csv'],
    ['rows.tsv', 'id\tname\n1\t"a, ""b"""\n2\tü\n', { delimiter: '\\t' }, 'csv'],
    ['rows.csv', '"a, ""b""",1\nü,2\n', { header: false, columns: ['name', 'id'] }, 'csv'],
    ['rows.csv', 'id,name,more\n1,"a, ""b""",x\n2,ü,y\n', { ignoreUnknown: true }, 'csv'],
    ['rows.csv', 'id,name\n1,"a, ""b"""\nx,bad\n2,ü\n', { maxBadRows: 1 }, 'csv'],
  ])('reads %s %#', async (name, content, props, format) => {
    const table = await newTable('id UInt32, name String');
    const output = await insert({ table, fileUrl: await serveFile(name, content), ...props });
    expect(output).toMatchObject({ inserted: 2, format });
    expect(await sql(`SELECT id, name FROM ${table} ORDER BY id`)).toEqual(STORED);
  });

  it('takes a file that the engine has loaded', async () => {
    const table = await newTable('id UInt32, name String');
    const file = `data:text/csv;base64,${Buffer.from(CSV).toString('base64')}`;
    expect(await insert({ table, file })).toMatchObject({ inserted: 2, format: 'csv' });
  });

  it('keeps bytes that are no UTF-8 as they are', async () => {
    const table = await newTable('b String');
    await insert({ table, fileUrl: await serveFile('x.csv', Buffer.from('b\n"\xff\xfe"\n', 'latin1')) });
    expect(await sql(`SELECT hex(b) AS h FROM ${table}`)).toEqual([{ h: 'FFFE' }]);
  });

  it('inserts a file once for one token', async () => {
    const table = await newTable('id UInt32, name String');
    const fileUrl = await serveFile('rows.csv', CSV);
    await insert({ table, fileUrl, token: 'file-1' });
    await insert({ table, fileUrl, token: 'file-1' });
    expect(await sql(`SELECT count() AS n FROM ${table}`)).toEqual([{ n: 2 }]);
  });

  it('streams: a file of 200 MB never is in memory as a whole', async () => {
    const table = await newTable('id UInt64, t String');
    const line = (id: number) => `${id},"${'x'.repeat(1000)}"\n`;
    const url = await serve((_request, response) => {
      let id = 0;
      response.write('id,t\n');
      const more = () => {
        while (id < 200_000) {
          id += 1;
          if (!response.write(line(id))) {
            response.once('drain', more);
            return;
          }
        }
        response.end();
      };
      more();
    });
    // Freed buffers are given back with some delay.
    const limit = 100 * 1024 * 1024;
    const inUse = () => process.memoryUsage().arrayBuffers;
    collectGarbage();
    const base = inUse();
    let peak = base;
    const watch = setInterval(() => {
      // What is in use counts, not what waits to be collected.
      if (inUse() - base >= limit) collectGarbage();
      peak = Math.max(peak, inUse());
    }, 5);
    try {
      expect(await insert({ table, fileUrl: `${url}/big.csv` })).toMatchObject({ inserted: 200_000 });
    } finally {
      clearInterval(watch);
    }
    expect(peak).toBeGreaterThan(base);
    expect(peak - base).toBeLessThan(limit);
    expect(await sql(`SELECT count() AS n, max(id) AS m FROM ${table}`)).toEqual([
      { n: 200_000, m: 200_000 },
    ]);
  });

  it('names what is wrong with the file', async () => {
    const table = await newTable('id UInt32, name String');
    const missing = await serve((_request, response) => {
      response.statusCode = 404;
      response.end();
    });
    const broken = gzipSync(CSV.repeat(1000)).subarray(0, 60);
    const cases: [Record<string, unknown>, string][] = [
      [{}, 'BIZ_INPUT_INVALID'],
      [{ fileUrl: 'file:///etc/passwd' }, 'BIZ_CLICKHOUSE_FILE_UNREACHABLE'],
      [{ fileUrl: 'http://127.0.0.1:1/x.csv' }, 'BIZ_CLICKHOUSE_FILE_UNREACHABLE'],
      [{ fileUrl: `${missing}/x.csv` }, 'BIZ_CLICKHOUSE_FILE_UNREACHABLE'],
      [{ fileUrl: await serveFile('x.csv', '') }, 'BIZ_CLICKHOUSE_FILE_EMPTY'],
      [{ fileUrl: await serveFile('x.csv', 'id,name\nx,y\n') }, 'BIZ_CLICKHOUSE_VALUE_INVALID'],
      [{ fileUrl: await serveFile('x.csv', 'id,nope\n1,y\n') }, 'BIZ_CLICKHOUSE_VALUE_INVALID'],
      [{ fileUrl: await serveFile('x.csv.gz', broken) }, 'BIZ_CLICKHOUSE_FILE_UNREADABLE'],
      [{ fileUrl: await serveFile('x.parquet', 'no parquet') }, 'BIZ_CLICKHOUSE_FILE_FORMAT'],
      [{ fileUrl: await serveFile('x.csv', CSV), columns: ['nope'] }, 'BIZ_CLICKHOUSE_COLUMN_UNKNOWN'],
    ];
    for (const [props, code] of cases)
      await expect(insert({ table, ...props })).rejects.toMatchObject({ code });
    expect(await sql(`SELECT * FROM ${table}`)).toEqual([]);
  });
});
