import { request } from 'node:http';
import { Readable } from 'node:stream';
import { type ClickHouseClient } from '@clickhouse/client';
import { eventually, PASSWORD, TestServer, unique, USER } from '../support/test-server';

const FORMATS = [
  'Parquet',
  'Arrow',
  'ArrowStream',
  'ORC',
  'Avro',
  'Native',
  'RowBinary',
  'RowBinaryWithNamesAndTypes',
  'MsgPack',
  'BSONEachRow',
  'CSV',
  'CSVWithNames',
  'TSV',
  'TabSeparatedWithNames',
  'JSON',
  'JSONEachRow',
  'JSONCompactEachRow',
  'JSONColumns',
  'Values',
];

describe('INSERT through the official client', () => {
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

  async function table(columns = 'id UInt64, name String', settings = ''): Promise<string> {
    const name = unique('t');
    await client.command({
      query: `CREATE TABLE ${name} (${columns}) ENGINE = MergeTree ORDER BY id ${settings}`,
    });
    return name;
  }

  it('inserts objects and says how many', async () => {
    const name = await table();
    const { summary } = await client.insert({
      table: name,
      values: [
        { id: 1, name: 'it\'s; "ok" \\ ü' },
        { id: 2, name: '' },
      ],
      format: 'JSONEachRow',
    });
    expect(summary).toMatchObject({ written_rows: '2', read_rows: '2' });
    const rows = await client.query({ query: `SELECT * FROM ${name} ORDER BY id`, format: 'JSONEachRow' });
    expect(await rows.json()).toEqual([
      { id: 1, name: 'it\'s; "ok" \\ ü' },
      { id: 2, name: '' },
    ]);
  });

  it('inserts a stream of objects', async () => {
    const name = await table();
    const rows = Readable.from(
      (function* () {
        for (let id = 0; id < 120_000; id += 1) yield { id, name: `row ${id}` };
      })(),
    );
    await client.insert({ table: name, values: rows, format: 'JSONEachRow' });
    expect(await server.sql(`SELECT count(), max(id) FROM ${name}`)).toBe('120000\t119999');
  });

  it('inserts chosen columns', async () => {
    const name = await table("id UInt64, name String DEFAULT 'none', extra UInt8");
    await client.insert({
      table: name,
      values: [[1, 5]],
      columns: ['id', 'extra'],
      format: 'JSONCompactEachRow',
    });
    await client.insert({
      table: name,
      values: [{ id: 2 }],
      columns: { except: ['extra', 'name'] },
      format: 'JSONEachRow',
    });
    expect(await server.sql(`SELECT * FROM ${name} ORDER BY id`)).toBe('1\tnone\t5\n2\tnone\t0');
  });

  it.each(FORMATS)('reads back what it wrote in %s', async (format) => {
    const name = await table('id UInt64, name String, tags Array(String)');
    const source =
      "SELECT number AS id, concat('ü\\n', toString(number)) AS name, ['a', name] AS tags FROM numbers(2000)";
    const { stream } = await client.exec({ query: `${source} FORMAT ${format}` });
    const chunks: Buffer[] = [];
    for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
    const insert = await client.exec({
      query: `INSERT INTO ${name} FORMAT ${format}`,
      values: Readable.from(chunks),
    });
    insert.stream.resume();
    expect(await server.sql(`SELECT count(), sum(cityHash64(*)) FROM ${name}`)).toBe(
      await server.sql(`SELECT count(), sum(cityHash64(*)) FROM (${source})`),
    );
  });

  it.each([
    ['on the next line', 'FORMAT CSV\n1,a\n2,b\n'],
    ['on the same line', 'FORMAT CSV 1,a\n2,b'],
    ['as values', "VALUES (1, 'a'), (1 + 1, lower('B'));"],
    ['behind settings', 'SETTINGS max_insert_threads = 1 FORMAT CSV\n1,a\n2,b'],
    ['behind a comment', "/* VALUES */ VALUES -- rows\n (1, 'a') (2, 'b')"],
  ])('takes rows %s of the statement', async (_what, rows) => {
    const name = await table();
    await server.sql(`INSERT INTO ${name} (id, name) ${rows}`);
    expect(await server.sql(`SELECT * FROM ${name} ORDER BY id`)).toBe('1\ta\n2\tb');
  });

  it('splits the statement between URL and body as the client likes', async () => {
    const name = await table();
    const url = `/?query=${encodeURIComponent(`INSERT INTO ${name} VALUES`)}`;
    const response = await server.request(url, { method: 'POST', body: "(7, 'seven')" });
    expect(response.status).toBe(200);
    expect(await server.sql(`SELECT * FROM ${name}`)).toBe('7\tseven');
  });

  it('binds parameters in values', async () => {
    const name = await table();
    await client.command({
      query: `INSERT INTO ${name} VALUES ({id:UInt64}, {name:String})`,
      query_params: { id: 3, name: "o'x" },
    });
    expect(await server.sql(`SELECT * FROM ${name}`)).toBe("3\to\\'x");
    await expect(
      client.command({ query: `INSERT INTO ${name} VALUES ({id:UInt64}, 'y')` }),
    ).rejects.toThrow();
  });

  it('transforms rows with input()', async () => {
    const name = await table();
    await server.sql(
      `INSERT INTO ${name} SELECT a * 10, upper(b) FROM input('a UInt64, b String') WHERE a > 1 FORMAT CSV\n1,a\n2,b`,
    );
    expect(await server.sql(`SELECT * FROM ${name}`)).toBe('20\tB');
  });

  it('inserts from a SELECT and into a table function', async () => {
    const name = await table();
    await server.sql(`INSERT INTO ${name} SELECT number, 'x' FROM numbers(5)`);
    await server.sql(`INSERT INTO FUNCTION null('a UInt8') VALUES (1)`);
    expect(await server.sql(`SELECT count() FROM ${name}`)).toBe('5');
  });

  it('inserts nothing when a row is bad, and says which', async () => {
    const name = await table();
    await expect(
      server.sql(`INSERT INTO ${name} FORMAT JSONEachRow\n{"id": 1}\n{"id": "no"}`),
    ).rejects.toThrow(/at row 2/);
    expect(await server.sql(`SELECT count() FROM ${name}`)).toBe('0');
  });

  it('inserts nothing when the upload breaks off', async () => {
    const name = await table();
    const query_id = unique('broken');
    const parameters = new URLSearchParams({ query: `INSERT INTO ${name} FORMAT JSONEachRow`, query_id });
    const upload = request(`${server.url}/?${parameters.toString()}`, {
      method: 'POST',
      auth: `${USER}:${PASSWORD}`,
    });
    upload.on('error', () => undefined);
    await new Promise((resolve) => upload.write('{"id": 1}\n'.repeat(200_000), resolve));
    upload.destroy();
    // The id is free again once the server has given the upload up.
    await eventually(() =>
      client.query({ query: 'SELECT 1', query_id }).then(
        () => true,
        () => false,
      ),
    );
    expect(await server.sql(`SELECT count() FROM ${name}`)).toBe('0');
  });

  it('drops an insert whose token was seen', async () => {
    const name = await table('id UInt64', 'SETTINGS non_replicated_deduplication_window = 100');
    const insert = (token: string): Promise<unknown> =>
      client.insert({
        table: name,
        values: [{ id: 1 }],
        format: 'JSONEachRow',
        clickhouse_settings: { insert_deduplication_token: token },
      });
    await insert('one');
    await insert('one');
    expect(await server.sql(`SELECT count() FROM ${name}`)).toBe('1');
    await insert('two');
    expect(await server.sql(`SELECT count() FROM ${name}`)).toBe('2');
  });

  it('accepts the settings of asynchronous inserts; the rows are there at once', async () => {
    const name = await table();
    await client.insert({
      table: name,
      values: [{ id: 1, name: 'a' }],
      format: 'JSONEachRow',
      clickhouse_settings: { async_insert: 1, wait_for_async_insert: 0 },
    });
    expect(await server.sql(`SELECT count() FROM ${name}`)).toBe('1');
  });
});
