import { runAction } from '@bizstack/piece-testkit';
import { describeTable } from '../src/lib/actions/describe-table';
import { executeStatement } from '../src/lib/actions/execute-statement';
import { listTables } from '../src/lib/actions/list-tables';
import { query } from '../src/lib/actions/query';
import { transaction } from '../src/lib/actions/transaction';
import { postgresAuth } from '../src/lib/auth';
import { closeConnections } from '../src/lib/client';
import { tableProp } from '../src/lib/props/table';
import { auth, newTable, sql, uniqueName } from './support/postgres';

afterAll(closeConnections);

const form = (values: unknown[]) =>
  Object.fromEntries(values.map((value, index) => [`p${index + 1}`, value]));

const run = async (text: string, values: unknown[] = [], more: Record<string, unknown> = {}) =>
  (
    await runAction(query, {
      auth: { ...auth, ...(more['auth'] as object | undefined) },
      props: { sql: text, parameters: form(values), maxRows: more['maxRows'] as number },
    })
  ).output as {
    rows: Record<string, unknown>[];
    count: number;
    truncated: boolean;
  };

describe('query', () => {
  it('binds parameters of every kind', async () => {
    const { rows } = await run(
      'SELECT $1::text AS t, $2::int AS n, $3::jsonb AS j, $4::text[] AS l, $5::text AS nothing',
      ["'; --", 7, { a: [1] }, ['x', 'y'], null],
    );
    expect(rows).toEqual([{ t: "'; --", n: 7, j: { a: [1] }, l: ['x', 'y'], nothing: null }]);
  });

  it('gives no more rows than asked for and says that there are more', async () => {
    expect(await run('SELECT g FROM generate_series(1, 1000000) g;', [], { maxRows: 2 })).toEqual({
      rows: [{ g: 1 }, { g: 2 }],
      count: 2,
      truncated: true,
    });
  });

  it('reads comments first, WITH, SHOW and EXPLAIN', async () => {
    expect((await run('-- a\n/* b */ WITH x AS (SELECT 1 AS a) SELECT * FROM x')).rows).toEqual([{ a: 1 }]);
    expect((await run('SHOW default_transaction_read_only')).count).toBe(1);
    expect((await run('EXPLAIN SELECT 1')).count).toBeGreaterThan(0);
  });

  it('keeps dates, timestamps without zone, bigint and numeric exact', async () => {
    const { rows } = await run(
      "SELECT date '2026-03-29' AS d, timestamp '2026-03-29 02:30:00.123456' AS t, 9007199254740993::bigint AS b, 0.1::numeric AS n",
    );
    expect(rows).toEqual([
      { d: '2026-03-29', t: '2026-03-29 02:30:00.123456', b: '9007199254740993', n: '0.1' },
    ]);
  });

  it.each([
    'DELETE FROM %',
    'WITH gone AS (DELETE FROM % RETURNING *) SELECT * FROM gone',
    'COMMIT; DELETE FROM %',
    'SELECT 1; DELETE FROM %',
  ])('refuses to change anything: %s', async (statement) => {
    const table = await newTable('id int');
    await sql(`INSERT INTO ${table} VALUES (1)`);
    await expect(run(statement.replace('%', table))).rejects.toMatchObject({
      code: expect.stringMatching(/^BIZ_POSTGRES_/) as string,
    });
    expect(await sql(`SELECT * FROM ${table}`)).toEqual([{ id: 1 }]);
  });

  it('is cancelled by the statement time-out, and the connection stays usable', async () => {
    const slow = { auth: { statementTimeoutSeconds: 1 } };
    await expect(run('SELECT pg_sleep(30)', [], slow)).rejects.toMatchObject({
      code: 'BIZ_POSTGRES_TIMEOUT',
    });
    expect((await run('SELECT 1 AS a', [], slow)).rows).toEqual([{ a: 1 }]);
  });

  it('shares connections among many runs at once', async () => {
    const results = await Promise.all(Array.from({ length: 40 }, (_, n) => run('SELECT $1::int AS n', [n])));
    expect(results.map(({ rows }) => rows[0]?.['n'])).toEqual(Array.from({ length: 40 }, (_, n) => n));
    const [open] = await sql<{ n: number }>(
      "SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = 'bizstack'",
    );
    expect(open?.n).toBeLessThanOrEqual(20);
  });

  it('goes on after the server ended its connections', async () => {
    await run('SELECT 1');
    await sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'bizstack'");
    const deadline = Date.now() + 10_000;
    let rows: unknown;
    while (rows === undefined && Date.now() < deadline) {
      rows = await run('SELECT 1 AS a').then(
        (result) => result.rows,
        () => undefined,
      );
    }
    expect(rows).toEqual([{ a: 1 }]);
  });
});

describe('execute_statement and transaction', () => {
  it('runs one statement with parameters', async () => {
    const table = await newTable('id int');
    const { output } = await runAction(executeStatement, {
      auth,
      props: { sql: `INSERT INTO ${table} VALUES ($1) RETURNING id`, parameters: { p1: 5 } },
    });
    expect(output).toEqual({ command: 'INSERT', count: 1, rows: [{ id: 5 }] });
  });

  it('is refused by a read-only connection', async () => {
    const table = await newTable('id int');
    await expect(
      runAction(executeStatement, {
        auth: { ...auth, readOnly: true },
        props: { sql: `INSERT INTO ${table} VALUES (1)` },
      }),
    ).rejects.toMatchObject({ code: 'BIZ_POSTGRES_READ_ONLY' });
  });

  it('takes all statements back when one fails, and says which', async () => {
    const table = await newTable('id int PRIMARY KEY');
    const statements = (ids: unknown[]) =>
      ids.map((id) => ({ sql: `INSERT INTO ${table} VALUES ($1)`, parameters: [id] }));
    await expect(
      runAction(transaction, { auth, props: { statements: JSON.stringify(statements([1, 2, 1])) } }),
    ).rejects.toMatchObject({
      code: 'BIZ_POSTGRES_UNIQUE_VIOLATION',
      message: expect.stringContaining('Statement 3') as string,
    });
    expect(await sql(`SELECT * FROM ${table}`)).toEqual([]);
    await runAction(transaction, { auth, props: { statements: JSON.stringify(statements([1, 2])) } });
    expect(await sql(`SELECT * FROM ${table}`)).toHaveLength(2);
  });

  it('refuses statements that end the transaction', async () => {
    await expect(
      runAction(transaction, { auth, props: { statements: '[{"sql": "/* x */ COMMIT"}]' } }),
    ).rejects.toMatchObject({ code: 'BIZ_POSTGRES_TRANSACTION_NESTED' });
  });
});

describe('list_tables and describe_table', () => {
  it('show tables with odd names, their columns and unique keys', async () => {
    const name = `Odd "name". ${uniqueName()}`;
    const quoted = `"${name.replaceAll('"', '""')}"`;
    await sql(
      `CREATE TABLE public.${quoted} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a text NOT NULL UNIQUE, b varchar(5) DEFAULT 'x')`,
    );
    const { output } = await runAction(listTables, { auth, props: { schema: 'public' } });
    const listed = (output as { tables: { name: string; table: string }[] }).tables.find(
      ({ table }) => table === name,
    );
    const described = await runAction(describeTable, { auth, props: { table: listed?.name ?? '' } });
    expect(described.output).toMatchObject({
      table: name,
      columns: [
        { name: 'id', type: 'bigint', nullable: false, generated: true },
        { name: 'a', type: 'text', nullable: false, hasDefault: false },
        { name: 'b', type: 'character varying(5)', nullable: true, hasDefault: true },
      ],
      uniqueKeys: [
        { primary: true, columns: ['id'] },
        { primary: false, columns: ['a'] },
      ],
    });
    await sql(`DROP TABLE public.${quoted}`);
  });
});

describe('connection', () => {
  const validate = (props: object) =>
    postgresAuth.validate?.({
      auth: { ...auth, ...props },
      server: { apiUrl: '', publicUrl: '', token: '' },
    } as never);

  it('is accepted when it works', async () => {
    expect(await validate({})).toEqual({ valid: true });
  });

  it.each([
    ['the password', { password: 'wrong-secret' }, /BIZ_POSTGRES_AUTHENTICATION_FAILED/],
    ['the database', { database: 'nowhere' }, /BIZ_POSTGRES_DATABASE_UNKNOWN/],
    ['the port', { port: 1 }, /refused.*BIZ_POSTGRES_UNREACHABLE/],
    ['the name', { host: 'no-such-host.invalid' }, /name.*BIZ_POSTGRES_UNREACHABLE/],
    ['TLS', { tlsMode: 'verify-full' }, /does not speak TLS.*BIZ_POSTGRES_TLS/],
    ['the certificate', { tlsMode: 'require', tlsCa: 'rubbish' }, /PEM/],
  ])('says that %s is wrong', async (_what, props, expected) => {
    const result = await validate(props);
    expect(result).toMatchObject({ valid: false, error: expect.stringMatching(expected) as string });
    expect(JSON.stringify(result)).not.toContain('wrong-secret');
  });

  it('gives the dropdowns a reason instead of an error', async () => {
    const state = await tableProp.options(
      { auth: { type: 'CUSTOM_AUTH', props: { ...auth, port: 1 } } as never },
      {} as never,
    );
    expect(state).toMatchObject({
      disabled: true,
      placeholder: expect.stringContaining('refused') as string,
    });
    expect(await tableProp.options({}, {} as never)).toMatchObject({
      disabled: true,
      placeholder: 'Connect your account first',
    });
  });
});
