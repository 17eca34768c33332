import { runAction, runDynamicProps } from '@bizstack/piece-testkit';
import { describeTable } from '../src/lib/actions/describe-table';
import { executeStatement } from '../src/lib/actions/execute-statement';
import { explainQuery } from '../src/lib/actions/explain-query';
import { listDatabases } from '../src/lib/actions/list-databases';
import { listTables } from '../src/lib/actions/list-tables';
import { query } from '../src/lib/actions/query';
import { closeConnections } from '../src/lib/client';
import { auth, newTable, run, sql, uniqueName } from './support/clickhouse';

afterAll(closeConnections);

interface Result {
  rows: Record<string, unknown>[];
  count: number;
  truncated: boolean;
  columns: { name: string; type: string }[];
  queryId: string;
}

const read = async (
  text: string,
  moreParameters: Record<string, unknown> = {},
  { auth: moreAuth = {}, ...props }: Record<string, unknown> & { auth?: object } = {},
) =>
  (
    await runAction(query, {
      auth: { ...auth, ...moreAuth },
      props: { sql: text, moreParameters, ...props },
    })
  ).output as Result;

describe('query', () => {
  it('binds parameters of every kind', async () => {
    const values = {
      text: "'; -- \\ \t \n ü 😀 {x:String}",
      number: 7,
      large: '18446744073709551615',
      huge: '-170141183460469231731687303715884105728',
      decimal: '12345678901234567.89',
      flag: true,
      day: '2026-03-29',
      at: '2026-03-29T02:30:00.123456Z',
      local: '2026-03-29 02:30:00',
      id: '0198c0de-0000-7000-8000-000000000001',
      list: [1, 2, 3],
      texts: ["it's", 'a\\b', ''],
      map: { a: 1, "b'": 2 },
      pair: [1, 'x'],
      named: { a: 1, b: ['y'] },
      nothing: null,
      color: 'red',
      times: ['2026-01-01T00:00:00.5Z'],
    };
    const { rows } = await read(
      `SELECT {text:String} AS text, {number:UInt8} AS number, {large:UInt64} AS large, {huge:Int128} AS huge,
        {decimal:Decimal(20, 2)} AS decimal, {flag:Bool} AS flag, {day:Date} AS day, {at:DateTime64(6, 'UTC')} AS at,
        {local:DateTime('UTC')} AS local, {id:UUID} AS id, {list:Array(UInt64)} AS list, {texts:Array(String)} AS texts,
        {map:Map(String, UInt8)} AS map, {pair:Tuple(UInt8, String)} AS pair,
        {named:Tuple(a UInt8, b Array(String))} AS named, {nothing:Nullable(String)} AS nothing,
        {color:Enum8('red' = 1, 'blue' = 2)} AS color, {times:Array(DateTime64(3, 'UTC'))} AS times`,
      values,
    );
    expect(rows).toEqual([
      {
        ...values,
        large: '18446744073709551615',
        list: ['1', '2', '3'],
        local: '2026-03-29T02:30:00Z',
        times: ['2026-01-01T00:00:00.500Z'],
      },
    ]);
  });

  it('takes names as Identifier parameters and refuses what cannot be one', async () => {
    const table = await newTable('id UInt8, `odd name` String');
    await run(`INSERT INTO ${table} VALUES (1, 'x')`);
    const text = 'SELECT {column:Identifier} AS value FROM {table:Identifier}';
    expect((await read(text, { column: 'odd name', table })).rows).toEqual([{ value: 'x' }]);
    expect((await read(text, { column: 'id', table })).rows).toEqual([{ value: 1 }]);
    await expect(read(text, { column: "1' OR '1", table })).rejects.toMatchObject({
      code: 'BIZ_CLICKHOUSE_NAME_INVALID',
    });
  });

  it('sends a parameter of 10 MB and gets it back', async () => {
    const text = 'ü'.repeat(5 * 1024 * 1024);
    const { rows } = await read('SELECT {text:String} AS text, length(text) AS bytes', { text });
    expect(rows[0]?.['bytes']).toBe('10485760');
    expect(rows[0]?.['text'] === text).toBe(true);
  });

  it('names a parameter that is missing or of another type', async () => {
    await expect(read('SELECT {a:UInt8}, {b:String}', { a: 1 })).rejects.toMatchObject({
      code: 'BIZ_CLICKHOUSE_PARAMETER_MISSING',
      message: expect.stringContaining('{b:String}') as string,
    });
    await expect(read('SELECT {a:UInt8}', { a: 'abc' })).rejects.toMatchObject({
      code: 'BIZ_CLICKHOUSE_VALUE_INVALID',
      message: expect.stringContaining('"a"') as string,
    });
    await expect(read('SELECT {a:Nonsense(1)}', { a: 1 })).rejects.toMatchObject({
      code: expect.stringMatching(/^BIZ_CLICKHOUSE_/) as string,
    });
  });

  it('takes the values of the form, and those of "More parameters" over them', async () => {
    const { output } = await runAction(query, {
      auth,
      props: {
        sql: 'SELECT {a:UInt8} AS a, {b:String} AS b',
        parameters: { a: 1, b: 'form' },
        moreParameters: '{"b": "json"}',
      },
    });
    expect(output).toMatchObject({ rows: [{ a: 1, b: 'json' }] });
  });

  it('makes a form of the parameters', async () => {
    const form = await runDynamicProps(query, {
      property: 'parameters',
      auth,
      input: {
        sql: "SELECT {n:UInt32}, {big:UInt64}, {b:Bool}, {l:Array(String)}, {e:Enum('x' = 1, 'y' = 2)}, {o:Nullable(Int8)}, '{no:String}' -- {no:Int8}",
      },
    });
    expect(Object.fromEntries(Object.entries(form).map(([name, { type }]) => [name, type]))).toEqual({
      n: 'NUMBER',
      big: 'SHORT_TEXT',
      b: 'CHECKBOX',
      l: 'JSON',
      e: 'STATIC_DROPDOWN',
      o: 'NUMBER',
    });
    expect(form['n']).toMatchObject({ displayName: 'n', description: 'UInt32', required: true });
    expect(form['o']).toMatchObject({ required: false });
    expect(await runDynamicProps(query, { property: 'parameters', input: { sql: undefined } })).toEqual({});
  });

  it('gives no more rows than asked for and says that there are more', async () => {
    expect(await read('SELECT number AS n FROM numbers(1000000);', {}, { maxRows: 2 })).toMatchObject({
      rows: [{ n: '0' }, { n: '1' }],
      count: 2,
      truncated: true,
      columns: [{ name: 'n', type: 'UInt64' }],
    });
    expect(
      await read('SELECT count() AS n FROM (SELECT * FROM numbers(100))', {}, { maxRows: 1 }),
    ).toMatchObject({ rows: [{ n: '100' }], truncated: false });
    const union = 'SELECT 1 AS n UNION ALL SELECT 2 UNION ALL SELECT 3';
    expect(await read(union, {}, { maxRows: 1 })).toMatchObject({ count: 1, truncated: true });
  });

  it('reads WITH, SHOW, EXPLAIN and DESCRIBE, comments before and after', async () => {
    expect((await read('/* a */ WITH 1 AS x SELECT x -- end;\n ; -- {no:String}')).rows).toEqual([{ x: 1 }]);
    expect((await read('SHOW DATABASES')).rows).toContainEqual({ name: 'default' });
    expect((await read('EXPLAIN SELECT 1')).count).toBeGreaterThan(0);
    expect((await read('DESCRIBE TABLE system.one')).rows[0]).toMatchObject({ name: 'dummy' });
  });

  it('ends a string at its end, also behind the last word', async () => {
    expect((await read("SELECT 'it''s; -- ' ")).rows).toEqual([{ "'it\\'s; -- '": "it's; -- " }]);
  });

  it('keeps large numbers, decimals, NaN and times exact', async () => {
    const { rows } = await read(
      "SELECT toUInt64(9007199254740993) AS b, toDecimal64('0.10', 2) AS d, nan AS n, toDateTime64('2026-03-29 01:30:00.123456', 6, 'Europe/Berlin') AS t, toDate('2026-03-29') AS day",
    );
    expect(rows).toEqual([
      { b: '9007199254740993', d: '0.1', n: 'nan', t: '2026-03-29T00:30:00.123456Z', day: '2026-03-29' },
    ]);
  });

  it('gives bytes that are no UTF-8 with replacement characters, and exactly as hex', async () => {
    const { rows } = await read("SELECT unhex('ff41fe') AS bytes, hex(bytes) AS exact");
    expect(rows).toEqual([{ bytes: '\ufffdA\ufffd', exact: 'FF41FE' }]);
  });

  it('gives no rows for an empty result, with its columns', async () => {
    expect(await read('SELECT 1 AS a WHERE 0')).toMatchObject({
      rows: [],
      count: 0,
      truncated: false,
      columns: [{ name: 'a', type: 'UInt8' }],
    });
  });

  it.each([
    'INSERT INTO % VALUES (2)',
    'DELETE FROM % WHERE 1',
    'ALTER TABLE % DELETE WHERE 1',
    'TRUNCATE TABLE %',
    'DROP TABLE %',
    'CREATE TABLE %_copy AS %',
    'SET readonly = 0',
    'SELECT 1 SETTINGS readonly = 0',
    'SELECT 1; DROP TABLE %',
    'WITH 1 AS x INSERT INTO % SELECT x',
  ])('refuses to change anything: %s', async (statement) => {
    const table = await newTable('id UInt8');
    await run(`INSERT INTO ${table} VALUES (1)`);
    await expect(read(statement.replaceAll('%', table))).rejects.toMatchObject({
      code: expect.stringMatching(/^BIZ_CLICKHOUSE_(READ_ONLY|SYNTAX)$/) as string,
    });
    expect(await sql(`SELECT * FROM ${table}`)).toEqual([{ id: 1 }]);
  });

  it('is ended by its time limit, and the connection stays usable', async () => {
    const slow = 'SELECT sleepEachRow(0.5) FROM numbers(200) SETTINGS max_block_size = 1';
    await expect(read(slow, {}, { timeLimit: 1 })).rejects.toMatchObject({ code: 'BIZ_CLICKHOUSE_TIMEOUT' });
    await expect(read(slow, {}, { auth: { timeoutSeconds: 1 } })).rejects.toMatchObject({
      code: 'BIZ_CLICKHOUSE_TIMEOUT',
    });
    expect((await read('SELECT 1 AS a')).rows).toEqual([{ a: 1 }]);
  });

  it('passes settings on, but not those that keep it reading', async () => {
    const { rows } = await read(
      "SELECT getSetting('max_threads') AS n",
      {},
      { settings: { max_threads: 3 } },
    );
    expect(rows).toEqual([{ n: 3 }]);
    await expect(read('SELECT 1', {}, { settings: { readonly: 0 } })).rejects.toMatchObject({
      code: 'BIZ_CLICKHOUSE_SETTING_REFUSED',
    });
    await expect(read('SELECT 1', {}, { settings: { no_such_setting: 1 } })).rejects.toMatchObject({
      code: 'BIZ_CLICKHOUSE_SETTING_REFUSED',
    });
  });

  it('names an error in the middle of the rows', async () => {
    await expect(
      read('SELECT throwIf(number = 300000) FROM numbers(1000000)', {}, { maxRows: 10_000 }).then(
        (result) => result.truncated,
      ),
    ).resolves.toBe(true);
    await expect(read('SELECT throwIf(number = 3) FROM numbers(10)')).rejects.toMatchObject({
      code: 'BIZ_CLICKHOUSE_FAILED',
    });
  });

  it('names unknown tables, columns and broken SQL', async () => {
    const cases: [string, string][] = [
      ['SELECT * FROM nowhere_at_all', 'BIZ_CLICKHOUSE_TABLE_UNKNOWN'],
      ['SELECT nothing FROM system.one', 'BIZ_CLICKHOUSE_COLUMN_UNKNOWN'],
      ['SELECT FROM WHERE', 'BIZ_CLICKHOUSE_SYNTAX'],
      ['SELECT 1 FORMAT JSON', 'BIZ_CLICKHOUSE_SYNTAX'],
      ['SELECT * FROM nodatabase.t', 'BIZ_CLICKHOUSE_DATABASE_UNKNOWN'],
    ];
    for (const [text, code] of cases) await expect(read(text)).rejects.toMatchObject({ code });
  });

  it('shares connections among many runs at once', async () => {
    const results = await Promise.all(
      Array.from({ length: 40 }, (_, n) => read('SELECT {n:UInt8} AS n', { n })),
    );
    expect(results.map(({ rows }) => rows[0]?.['n'])).toEqual(Array.from({ length: 40 }, (_, n) => n));
  });

  it.each(['gzip', 'zstd', 'br'])('reads over %s', async (compression) => {
    const { rows } = await read("SELECT repeat('ab', 1000) AS t", {}, { auth: { compression } });
    expect(rows).toEqual([{ t: 'ab'.repeat(1000) }]);
  });

  it('sends no settings over a connection whose settings are locked', async () => {
    const { rows, truncated } = await read(
      "SELECT number AS n, getSetting('max_execution_time') AS limit FROM numbers(5)",
      {},
      { auth: { settingsLocked: true }, maxRows: 2 },
    );
    expect({ count: rows.length, truncated }).toEqual({ count: 2, truncated: true });
    expect(Number(rows[0]?.['limit'])).toBe(0);
  });
});

describe('execute_statement', () => {
  const execute = async (text: string, moreParameters = {}, moreAuth = {}) =>
    (
      await runAction(executeStatement, {
        auth: { ...auth, ...moreAuth },
        props: { sql: text, moreParameters },
      })
    ).output;

  it('runs one statement with parameters, and gives its rows where there are some', async () => {
    const table = uniqueName();
    expect(
      await execute(`CREATE TABLE ${table} (id UInt8, name String) ENGINE = MergeTree ORDER BY id`),
    ).toMatchObject({ command: 'CREATE', rows: [] });
    await execute(`INSERT INTO ${table} SELECT {id:UInt8}, {name:String}`, { id: 5, name: "a'b" });
    await execute(`INSERT INTO ${table} FORMAT JSONEachRow {"id": 6, "name": "c"}`);
    expect(await execute(`WITH 1 AS x SELECT id, name FROM ${table} ORDER BY id`)).toMatchObject({
      command: 'WITH',
      rows: [
        { id: 5, name: "a'b" },
        { id: 6, name: 'c' },
      ],
    });
  });

  it('is refused by a read-only connection', async () => {
    const table = await newTable('id UInt8');
    await expect(execute(`INSERT INTO ${table} SELECT 1`, {}, { readOnly: true })).rejects.toMatchObject({
      code: 'BIZ_CLICKHOUSE_READ_ONLY',
    });
    expect(await sql(`SELECT * FROM ${table}`)).toEqual([]);
  });
});

describe('explain_query', () => {
  it.each(['plan', 'indexes', 'pipeline', 'estimate', 'syntax', 'ast'] as const)('shows %s', async (kind) => {
    const table = await newTable('id UInt32', 'MergeTree ORDER BY id');
    await run(`INSERT INTO ${table} SELECT number FROM numbers(100)`);
    const { output } = await runAction(explainQuery, {
      auth,
      props: { sql: `SELECT * FROM ${table} WHERE id = {id:UInt32};`, moreParameters: { id: 1 }, kind },
    });
    expect((output as { text: string }).text).toContain(kind === 'pipeline' ? 'MergeTree' : table);
  });
});

describe('list_databases, list_tables and describe_table', () => {
  it('show tables with odd names, their columns and keys', async () => {
    const name = `Odd "na\\me". ${uniqueName()}`;
    const quoted = `\`${name.replaceAll('\\', '\\\\')}\``;
    await run(
      `CREATE TABLE default.${quoted} (id UInt64 COMMENT 'the key', a LowCardinality(String) DEFAULT 'x', b UInt64 MATERIALIZED id + 1, v UInt32)
       ENGINE = ReplacingMergeTree(v) PARTITION BY a ORDER BY id COMMENT 'odd'`,
    );
    expect((await runAction(listDatabases, { auth, props: {} })).output).toMatchObject({
      databases: expect.arrayContaining([expect.objectContaining({ name: 'default' })]) as unknown,
    });
    const { output } = await runAction(listTables, { auth, props: { database: 'default' } });
    const listed = (output as { tables: { name: string; table: string }[] }).tables.find(
      ({ table }) => table === name,
    );
    const described = await runAction(describeTable, { auth, props: { table: listed?.name ?? '' } });
    expect(described.output).toMatchObject({
      table: name,
      engine: 'ReplacingMergeTree',
      sortingKey: 'id',
      partitionKey: 'a',
      comment: 'odd',
      replacing: { versionColumn: 'v', deletedColumn: null },
      columns: [
        { name: 'id', type: 'UInt64', comment: 'the key', inSortingKey: true },
        { name: 'a', type: 'LowCardinality(String)', defaultKind: 'DEFAULT', inPartitionKey: true },
        { name: 'b', defaultKind: 'MATERIALIZED' },
        { name: 'v', type: 'UInt32' },
      ],
    });
    await run(`DROP TABLE default.${quoted}`);
  });

  it("lists the tables of all databases but the system's own", async () => {
    const { output } = await runAction(listTables, { auth, props: {} });
    expect(
      (output as { tables: { database: string }[] }).tables.map(({ database }) => database),
    ).not.toContain('system');
  });

  it('says which tables look alike when one is unknown', async () => {
    const name = uniqueName('Mixed');
    await run(`CREATE TABLE default.${name} (id UInt8) ENGINE = Memory`);
    await expect(
      runAction(describeTable, { auth, props: { table: name.toLowerCase() } }),
    ).rejects.toMatchObject({
      code: 'BIZ_CLICKHOUSE_TABLE_UNKNOWN',
      message: expect.stringContaining(`default.${name}`) as string,
    });
  });
});
