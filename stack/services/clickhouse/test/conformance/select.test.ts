import { type ClickHouseClient, TupleParam } from '@clickhouse/client';
import { TestServer } from '../support/test-server';

describe('SELECT through the official client', () => {
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

  it('answers a ping with and without a query', async () => {
    await expect(client.ping()).resolves.toEqual({ success: true });
    await expect(client.ping({ select: true })).resolves.toEqual({ success: true });
  });

  it.each(['JSON', 'JSONObjectEachRow', 'JSONStrings', 'JSONCompact', 'JSONColumnsWithMetadata'] as const)(
    'returns one whole document in %s',
    async (format) => {
      const text = await (await client.query({ query: 'SELECT number FROM numbers(70000)', format })).text();
      expect(() => void JSON.parse(text)).not.toThrow();
      expect(text.match(/[^_]69999/g)).toHaveLength(1);
    },
  );

  it('streams a large result without holding it', async () => {
    const before = server.memory();
    let peak = before;
    const watch = setInterval(() => (peak = Math.max(peak, server.memory())), 50);
    let bytes = 0;
    try {
      const result = await client.exec({
        query: "SELECT number, repeat('x', 100) FROM numbers(9000000) FORMAT RowBinary",
      });
      for await (const chunk of result.stream as AsyncIterable<Buffer>) bytes += chunk.length;
    } finally {
      clearInterval(watch);
    }
    expect(bytes).toBe(9_000_000 * 109);
    expect(peak - before).toBeLessThan(300 * 1024 * 1024);
  });

  it('sends first rows while the query still runs', async () => {
    const result = await client.query({
      query: 'SELECT number FROM system.numbers',
      format: 'JSONCompactEachRow',
    });
    let rows = 0;
    for await (const batch of result.stream()) {
      rows += batch.length;
      if (rows > 200_000) break;
    }
    expect(rows).toBeGreaterThan(200_000);
  });

  it('binds typed parameters', async () => {
    const result = await client.query({
      query: `SELECT {text:String} AS text, {none:Nullable(String)} AS none, {list:Array(String)} AS list,
        {nested:Array(Array(UInt8))} AS nested, {map:Map(String, Int32)} AS map, {tuple:Tuple(String, UInt8)} AS tuple,
        {day:Date} AS day, {moment:DateTime64(3)} AS moment, {flag:Bool} AS flag, {big:UInt64} AS big,
        {column:Identifier} AS id FROM {db:Identifier}.{table:Identifier}`,
      query_params: {
        text: 'it\'s "quoted" \\ tab\t line\n end',
        none: null,
        list: ["a'b", 'c\\d'],
        nested: [[1], [2, 3]],
        map: { k: -5 },
        day: '2026-01-02',
        moment: '2026-01-02 03:04:05.678',
        flag: true,
        big: 18446744073709551615n,
        column: 'dummy',
        db: 'system',
        table: 'one',
        tuple: new TupleParam(['x', 7]),
      },
      clickhouse_settings: { output_format_json_quote_64bit_integers: 1 },
      format: 'JSONEachRow',
    });
    expect(await result.json()).toEqual([
      {
        text: 'it\'s "quoted" \\ tab\t line\n end',
        none: null,
        list: ["a'b", 'c\\d'],
        nested: [[1], [2, 3]],
        map: { k: -5 },
        tuple: ['x', 7],
        day: '2026-01-02',
        moment: '2026-01-02 03:04:05.678',
        flag: true,
        big: '18446744073709551615',
        id: 0,
      },
    ]);
  });

  it('takes parameters that are too long for a URL as a form', async () => {
    const result = await client.query({
      query: 'SELECT length({long:String}) AS length',
      query_params: { long: 'ä'.repeat(1_500_000) },
      use_multipart_params: true,
      format: 'JSONEachRow',
    });
    expect(await result.json()).toEqual([{ length: 3_000_000 }]);
  });

  it('does not remember parameters of an earlier request', async () => {
    await client.query({ query: 'SELECT {secret:String}', query_params: { secret: 'first' } });
    for (let attempt = 0; attempt < 10; attempt += 1) {
      await expect(client.query({ query: 'SELECT {secret:String}' })).rejects.toMatchObject({ code: '456' });
    }
  });

  it('keeps settings within their request', async () => {
    const value = async (settings: Record<string, string | number>): Promise<unknown> => {
      const result = await client.query({
        query: "SELECT getSetting('max_block_size') AS a, currentDatabase() AS b",
        clickhouse_settings: settings,
        format: 'JSONEachRow',
      });
      return (await result.json())[0];
    };
    const initial = await value({});
    expect(await value({ max_block_size: '1234' })).toMatchObject({ a: 1234 });
    await client.command({ query: 'SET max_block_size = 99' });
    await client.command({ query: 'USE system' });
    for (let attempt = 0; attempt < 12; attempt += 1) expect(await value({})).toEqual(initial);
  });

  it('refuses an unknown setting', async () => {
    await expect(
      client.query({ query: 'SELECT 1', clickhouse_settings: { no_such_setting: 1 } }),
    ).rejects.toMatchObject({ code: '115', type: 'UNKNOWN_SETTING' });
  });

  it('uses the database of the request', async () => {
    await client.command({ query: 'CREATE DATABASE IF NOT EXISTS other' });
    const other = server.client({ database: 'other' });
    const result = await other.query({ query: 'SELECT currentDatabase() AS name', format: 'JSONEachRow' });
    expect(await result.json()).toEqual([{ name: 'other' }]);
    await other.close();
    expect(await server.sql('SELECT currentDatabase()')).toBe('default');
  });

  it('knows a column that is called like a clause', async () => {
    expect(await server.sql('SELECT format FROM (SELECT 7 AS format) ORDER BY format DESC')).toBe('7');
    expect(await server.sql('SELECT 1 AS a SETTINGS max_threads = 1 FORMAT CSVWithNames')).toBe('"a"\n1');
    expect(await server.sql('SELECT 2 FORMAT TSV SETTINGS max_threads = 1')).toBe('2');
  });

  it.each([
    ['SHOW DATABASES', 'default'],
    ['DESCRIBE TABLE system.one', 'dummy'],
    ['EXISTS TABLE system.one', '1'],
    ['EXPLAIN SELECT 1', 'ReadFromSystemOne'],
    ['EXPLAIN AST SELECT 1', '^SelectWithUnionQuery \\(children 1\\)'],
    ['WITH 5 AS x SELECT x', '5'],
    ['(SELECT 1) UNION ALL (SELECT 1)', '1\n1'],
    ["SELECT 'a;b' -- c;", 'a;b'],
    ['SELECT /* ; /* nested */ ; */ 3;', '3'],
    ['SELECT $tag$ ; $tag$', ';'],
  ])('runs %s', async (query, expected) => {
    expect(await server.sql(query)).toMatch(new RegExp(expected));
  });
});
