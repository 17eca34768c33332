import { randomUUID } from 'node:crypto';
import { runAction } from '@bizstack/piece-testkit';
import fc from 'fast-check';
import { createTable } from '../src/lib/actions/create-table';
import { deleteRows } from '../src/lib/actions/delete-rows';
import { insertRows } from '../src/lib/actions/insert-rows';
import { updateRows } from '../src/lib/actions/update-rows';
import { upsertRows } from '../src/lib/actions/upsert-rows';
import { closeConnections } from '../src/lib/client';
import { auth, newTable, run, sql, uniqueName } from './support/clickhouse';

afterAll(closeConnections);

type Props = { table: string; rows: unknown } & Record<string, unknown>;

const insert = async (props: Props, moreAuth = {}) =>
  (await runAction(insertRows, { auth: { ...auth, ...moreAuth }, props: props as never })).output;
const upsert = async (props: Props) => (await runAction(upsertRows, { auth, props: props as never })).output;

const EVERYTHING = `id UUID, n Int32, big UInt64, f Float64, d Decimal(10, 2), b Bool, s String, fs FixedString(3),
  day Date, at DateTime('UTC'), ms DateTime64(3, 'UTC'), ip IPv4, ip6 IPv6, e Enum8('a' = 1, 'b' = 2),
  l Array(Nullable(Int8)), m Map(String, UInt8), t Tuple(UInt8, String), tn Tuple(x UInt8, y Nullable(String)),
  j JSON, o Nullable(Int16), lc LowCardinality(String), x String DEFAULT 'dflt', c UInt64 MATERIALIZED big + 1`;

const ROW = {
  id: '0198c0de-0000-7000-8000-000000000001',
  n: -5,
  big: '18446744073709551614',
  f: 0.1,
  d: '12345678.25',
  b: true,
  s: "Robert'); DROP TABLE leads;-- <b> \\ \u0000 😀",
  fs: 'abc',
  day: '2026-03-29',
  at: '2026-03-29T02:30:00+02:00',
  ms: '2026-03-29 02:30:00.123',
  ip: '192.0.2.1',
  ip6: '2001:db8::1',
  e: 'b',
  l: [1, null, -3],
  m: { "a'b": 1 },
  t: [1, 'x'],
  tn: { x: 2, y: null },
  j: { deep: { list: [1, 2] } },
  o: null,
  lc: 'often',
};

describe('insert_rows', () => {
  it('stores every type as it was given', async () => {
    const table = await newTable(EVERYTHING);
    expect(await insert({ table, rows: ROW })).toMatchObject({ inserted: 1, refused: 0, badRows: [] });
    const [stored] = await sql(
      `SELECT * EXCEPT (big, j), toString(big) AS big, toJSONString(j) AS j, c = 18446744073709551615 AS computed FROM ${table}`,
    );
    expect(stored).toMatchObject({
      ...ROW,
      big: '18446744073709551614',
      d: 12345678.25,
      at: '2026-03-29 00:30:00',
      j: expect.stringMatching(/"deep":\{"list":\["?1"?,"?2"?\]\}/) as string,
      x: 'dflt',
      computed: 1,
    });
  });

  it('sees a table that was changed right after an insert', async () => {
    const table = await newTable('id UInt8');
    await insert({ table, rows: { id: 1 } });
    await run(`ALTER TABLE ${table} ADD COLUMN name String`);
    await insert({ table, rows: { id: 2, name: 'b' } });
    await run(`ALTER TABLE ${table} MODIFY COLUMN id UInt32`);
    await insert({ table, rows: { id: 300, name: 'c' } });
    expect(await sql(`SELECT id, name FROM ${table} ORDER BY id`)).toEqual([
      { id: 1, name: '' },
      { id: 2, name: 'b' },
      { id: 300, name: 'c' },
    ]);
    await run(`ALTER TABLE ${table} DROP COLUMN name`);
    await expect(insert({ table, rows: { id: 4, name: 'd' } })).rejects.toMatchObject({
      message: expect.stringContaining('name') as string,
    });
    expect(await sql(`SELECT count() AS n FROM ${table}`)).toEqual([{ n: 3 }]);
  });

  it('takes lists of values, with and without the names of their columns', async () => {
    const table = await newTable("id UInt8, name String DEFAULT 'none', c UInt8 ALIAS id");
    await insert({ table, rows: [[1, 'a']] });
    await insert({ table, rows: '[["b", 2], ["c", 3]]', columns: ['name', 'id'] });
    expect(await sql(`SELECT id, name FROM ${table} ORDER BY id`)).toEqual([
      { id: 1, name: 'a' },
      { id: 2, name: 'b' },
      { id: 3, name: 'c' },
    ]);
    await expect(insert({ table, rows: [[1, 'a', 2]] })).rejects.toMatchObject({
      code: 'BIZ_CLICKHOUSE_ROWS_REFUSED',
      message: expect.stringContaining('row 1: The row has 3 values for 2 columns') as string,
    });
  });

  it.each([
    [{ n: 'abc' }, 'n', /not a whole number/],
    [{ n: 1.5 }, 'n', /not a whole number/],
    [{ n: 2 ** 31 }, 'n', /between -2147483648 and 2147483647/],
    [{ n: '' }, 'n', /not a whole number/],
    [{ n: null }, 'n', /must not be empty/],
    [{ big: -1 }, 'big', /between 0/],
    [{ big: 2 ** 60 }, 'big', /give it as text/],
    [{ f: 'much' }, 'f', /not a number/],
    [{ d: '123456789.00' }, 'd', /more than 8 digits/],
    [{ b: 'perhaps' }, 'b', /neither true nor false/],
    [{ fs: 'abcd' }, 'fs', /longer than 3 bytes/],
    [{ s: '\ud800' }, 's', /not valid Unicode/],
    [{ day: '2026-02-30' }, 'day', /not a day of the calendar/],
    [{ day: '29.03.2026' }, 'day', /not a date/],
    [{ at: 'yesterday' }, 'at', /not a time/],
    [{ at: '1969-01-01 00:00:00' }, 'at', /between the years/],
    [{ id: 'x' }, 'id', /not a UUID/],
    [{ ip: '300.1.1.1' }, 'ip', /not an IPv4/],
    [{ e: 'c' }, 'e', /none of a, b/],
    [{ l: [1, 'x'] }, 'l', /\[1\] is not a whole number/],
    [{ m: { k: 256 } }, 'm', /\.k is not between/],
    [{ t: [1] }, 't', /does not have 2 elements/],
    [{ tn: { z: 1 } }, 'tn', /no element "z"/],
    [{ j: 'text' }, 'j', /not a JSON object/],
    [{ nope: 1 }, 'nope', /There is no column "nope"/],
    [{ c: 1 }, 'c', /computes column "c"/],
    [{}, null, /no columns/],
    ['text', null, /neither an object nor a list/],
  ])('returns the row %j with its reason', async (bad, column, reason) => {
    const table = await newTable(EVERYTHING);
    const output = await insert({ table, rows: [{ s: 'good' }, bad], onBadRows: 'keep_good' });
    expect(output).toMatchObject({
      inserted: 1,
      refused: 1,
      badRows: [{ row: 2, column, reason: expect.stringMatching(reason) as string }],
    });
    expect(await sql(`SELECT s FROM ${table}`)).toEqual([{ s: 'good' }]);
  });

  it('keeps the good rows, refuses all, or fails, by choice', async () => {
    const table = await newTable('id UInt8');
    const rows = [{ id: 1 }, { id: 'x' }, { id: 3 }, { id: 4, more: 1 }];
    await expect(insert({ table, rows })).rejects.toMatchObject({
      code: 'BIZ_CLICKHOUSE_ROWS_REFUSED',
      message: expect.stringMatching(/row 2: .*row 4: /s) as string,
    });
    expect(await insert({ table, rows, onBadRows: 'refuse_all' })).toMatchObject({
      inserted: 0,
      refused: 4,
      badRows: [{ row: 2 }, { row: 4 }],
      queryId: null,
    });
    expect(await sql(`SELECT * FROM ${table}`)).toEqual([]);
    expect(await insert({ table, rows, onBadRows: 'keep_good' })).toMatchObject({ inserted: 2, refused: 2 });
    expect(await sql(`SELECT id FROM ${table} ORDER BY id`)).toEqual([{ id: 1 }, { id: 3 }]);
  });

  it('finds rows that only the server refuses', async () => {
    const table = await newTable('id UInt8, v Variant(UInt8, Array(UInt8)), CONSTRAINT small CHECK id < 100');
    const rows = [
      { id: 1, v: 1 },
      { id: 200, v: 2 },
      { id: 3, v: [3] },
      { id: 4, v: { a: 1 } },
    ];
    await expect(insert({ table, rows })).rejects.toMatchObject({ code: 'BIZ_CLICKHOUSE_ROWS_REFUSED' });
    expect(await sql(`SELECT * FROM ${table}`)).toEqual([]);
    expect(await insert({ table, rows, onBadRows: 'keep_good' })).toMatchObject({
      inserted: 2,
      badRows: [{ row: 2 }, { row: 4 }],
    });
    expect(await sql(`SELECT id FROM ${table} ORDER BY id`)).toEqual([{ id: 1 }, { id: 3 }]);
  });

  it('inserts once for one token, also when runs go side by side', async () => {
    const table = await newTable('id UInt32');
    const rows = Array.from({ length: 1_000 }, (_, id) => ({ id }));
    const token = randomUUID();
    await Promise.all(Array.from({ length: 8 }, () => insert({ table, rows, token })));
    await insert({ table, rows: rows.slice(0, 10), token });
    expect(await sql(`SELECT count() AS n FROM ${table}`)).toEqual([{ n: 1_000 }]);
    await insert({ table, rows, token: randomUUID() });
    expect(await sql(`SELECT count() AS n FROM ${table}`)).toEqual([{ n: 2_000 }]);
  });

  it('refuses a token that the table would forget', async () => {
    for (const engine of ['MergeTree ORDER BY tuple()', 'Memory']) {
      const table = await newTable('id UInt8', engine);
      await expect(insert({ table, rows: [{ id: 1 }], token: 'x' })).rejects.toMatchObject({
        code: 'BIZ_CLICKHOUSE_DEDUPLICATION_OFF',
      });
    }
  });

  it('inserts asynchronously, and waits for it', async () => {
    const table = await newTable('id UInt32');
    await Promise.all(
      Array.from({ length: 20 }, (_, id) => insert({ table, rows: [{ id }], asyncInsert: true })),
    );
    expect(await sql(`SELECT count() AS n, uniq(id) AS ids FROM ${table}`)).toEqual([{ n: 20, ids: 20 }]);
  });

  it.each(['none', 'gzip', 'zstd', 'br'])('stores 10 MB values over %s', async (compression) => {
    const table = await newTable('id UInt8, body String');
    const body = 'ü'.repeat(5 * 1024 * 1024);
    await insert({ table, rows: [{ id: 1, body }] }, { compression });
    expect(await sql(`SELECT length(body) AS bytes, lengthUTF8(body) AS n FROM ${table}`)).toEqual([
      { bytes: 10 * 1024 * 1024, n: 5 * 1024 * 1024 },
    ]);
  });

  it('stores 200,000 rows as one part', async () => {
    const table = await newTable('id UInt32, name String');
    const rows = Array.from({ length: 200_000 }, (_, id) => ({ id, name: `name ${id}` }));
    expect(await insert({ table, rows })).toMatchObject({ inserted: 200_000 });
    expect(await sql(`SELECT count() AS n, sum(id) AS ids FROM ${table}`)).toEqual([
      { n: 200_000, ids: (199_999 * 200_000) / 2 },
    ]);
    expect(
      await sql(`SELECT count() AS parts FROM system.parts WHERE active AND table = '${table}'`),
    ).toEqual([{ parts: 1 }]);
  });

  it('breaks off when a bad row comes late, and inserts none of those before it', async () => {
    const table = await newTable('id UInt32, name String');
    const rows: unknown[] = Array.from({ length: 100_000 }, (_, id) => ({ id, name: `name ${id}` }));
    rows.push({ id: 'x' });
    await expect(insert({ table, rows })).rejects.toMatchObject({
      code: 'BIZ_CLICKHOUSE_ROWS_REFUSED',
      message: expect.stringContaining('row 100001') as string,
    });
    expect(await insert({ table, rows, onBadRows: 'refuse_all' })).toMatchObject({
      inserted: 0,
      refused: 100_001,
      badRows: [{ row: 100_001, column: 'id' }],
    });
    expect(await sql(`SELECT count() AS n FROM ${table}`)).toEqual([{ n: 0 }]);
    expect(await insert({ table, rows, onBadRows: 'keep_good' })).toMatchObject({ inserted: 100_000 });
    expect(await sql(`SELECT count() AS n FROM ${table}`)).toEqual([{ n: 100_000 }]);
  });

  it('stores the same whether all rows have the same columns or not', async () => {
    const columns = "id UInt32, s Nullable(String), x String DEFAULT 'dflt', l Array(UInt8)";
    const cells = fc.record({
      s: fc.option(fc.string()),
      x: fc.option(fc.string()),
      l: fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 3 }),
    });
    const [alike, mixed, lists] = [await newTable(columns), await newTable(columns), await newTable(columns)];
    let id = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(cells, { minLength: 2, maxLength: 8 }), async (some) => {
        const rows = some.map((row) => ({ id: (id += 1), ...row }));
        const [first, ...rest] = rows;
        const ids = rows.map((row) => row.id).join(', ');
        const stored = (table: string) => sql(`SELECT * FROM ${table} WHERE id IN (${ids}) ORDER BY id`);
        await insert({ table: alike, rows });
        // The order of one row's columns differs, so every row names its own.
        await insert({
          table: mixed,
          rows: [{ l: first?.l, x: first?.x, s: first?.s, id: first?.id }, ...rest],
        });
        await insert({ table: lists, rows: rows.map(({ id: n, s, x, l }) => [n, s, x, l]) });
        const expected = rows.map((row) => ({ ...row, x: row.x ?? 'dflt' }));
        expect(await stored(alike)).toEqual(expected);
        expect(await stored(mixed)).toEqual(expected);
        expect(await stored(lists)).toEqual(expected);
      }),
      { numRuns: 15 },
    );
  });

  it('changes nothing for an empty list', async () => {
    const table = await newTable('id UInt8');
    expect(await insert({ table, rows: [] })).toEqual({
      inserted: 0,
      refused: 0,
      badRows: [],
      queryId: null,
    });
  });

  it('writes into columns with odd names', async () => {
    const name = 'a`b\'c"d\\e {x:String} -- ü';
    const table = await newTable(`\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\` UInt8`);
    await insert({ table, rows: [{ [name]: 7 }] });
    expect(await sql(`SELECT * FROM ${table}`)).toEqual([{ [name]: 7 }]);
  });

  it('is refused by a read-only connection', async () => {
    const table = await newTable('id UInt8');
    await expect(insert({ table, rows: [{ id: 1 }] }, { readOnly: true })).rejects.toMatchObject({
      code: 'BIZ_CLICKHOUSE_READ_ONLY',
    });
    expect(await sql(`SELECT * FROM ${table}`)).toEqual([]);
  });

  it('names an unknown table and what is no list of rows', async () => {
    await expect(insert({ table: 'nowhere.at_all', rows: [] })).rejects.toMatchObject({
      code: 'BIZ_CLICKHOUSE_TABLE_UNKNOWN',
    });
    await expect(insert({ table: 'a.b.c', rows: [] })).rejects.toMatchObject({
      code: 'BIZ_CLICKHOUSE_NAME_INVALID',
    });
    await expect(insert({ table: 'x', rows: 'nonsense' })).rejects.toMatchObject({
      code: 'BIZ_INPUT_INVALID',
    });
  });
});

describe('upsert_rows', () => {
  const REPLACING = 'id UInt32, name String, at DateTime64(3) DEFAULT now64(3)';

  it('replaces rows with the same key, and a repeat changes nothing more', async () => {
    const table = await newTable(REPLACING, 'ReplacingMergeTree ORDER BY id');
    const rows = [
      { id: 1, name: 'a' },
      { id: 2, name: 'b' },
    ];
    expect(await upsert({ table, rows })).toMatchObject({
      written: 2,
      method: 'replacing',
      readWithFinal: true,
    });
    await upsert({ table, rows });
    await upsert({
      table,
      rows: [
        { id: 2, name: 'first' },
        { id: 2, name: 'last' },
      ],
    });
    expect(await sql(`SELECT id, name FROM ${table} FINAL ORDER BY id`)).toEqual([
      { id: 1, name: 'a' },
      { id: 2, name: 'last' },
    ]);
    expect(await upsert({ table, rows, mergeNow: true })).toMatchObject({ readWithFinal: false });
    expect(await sql(`SELECT id, name FROM ${table} ORDER BY id`)).toEqual(rows);
  });

  it.each(['UInt64', 'UInt32', "DateTime64(3, 'UTC')", 'DateTime'])(
    'gives rows a version of %s when they have none',
    async (type) => {
      const table = await newTable(`id UInt32, v ${type}, name String`, 'ReplacingMergeTree(v) ORDER BY id');
      const old = type.startsWith('U') ? 5 : '2020-01-01 00:00:00';
      await upsert({ table, rows: [{ id: 1, name: 'new' }] });
      await upsert({ table, rows: [{ id: 1, name: 'old', v: old }] });
      expect(await sql(`SELECT name FROM ${table} FINAL`)).toEqual([{ name: 'new' }]);
    },
  );

  it('deletes and inserts in other engines, by the key that is chosen', async () => {
    const table = await newTable('id UInt32, part String, name String', 'MergeTree ORDER BY id');
    await run(`INSERT INTO ${table} VALUES (1, 'x', 'old'), (1, 'y', 'other'), (2, 'x', 'stays')`);
    const rows = [{ id: 1, part: 'x', name: 'new' }];
    for (let again = 0; again < 2; again += 1) {
      expect(await upsert({ table, rows, keyColumns: ['id', 'part'] })).toMatchObject({
        written: 1,
        method: 'delete_insert',
        readWithFinal: false,
      });
    }
    expect(await sql(`SELECT name FROM ${table} ORDER BY id, part`)).toEqual([
      { name: 'new' },
      { name: 'other' },
      { name: 'stays' },
    ]);
  });

  it('loses no row when the new one is refused', async () => {
    const table = await newTable('id UInt32, v Variant(UInt8, Array(UInt8))', 'MergeTree ORDER BY id');
    await run(`INSERT INTO ${table} VALUES (1, 7)`);
    await expect(upsert({ table, rows: [{ id: 1, v: { a: 1 } }], keyColumns: ['id'] })).rejects.toMatchObject(
      { code: expect.stringMatching(/^BIZ_CLICKHOUSE_/) as string },
    );
    await expect(upsert({ table, rows: [{ id: 'x' }], keyColumns: ['id'] })).rejects.toMatchObject({
      code: 'BIZ_CLICKHOUSE_ROWS_REFUSED',
    });
    expect(await sql(`SELECT id FROM ${table}`)).toEqual([{ id: 1 }]);
  });

  it('names what is wrong', async () => {
    const replacing = await newTable(REPLACING, 'ReplacingMergeTree ORDER BY id');
    const plain = await newTable('id UInt32');
    await expect(upsert({ table: replacing, rows: [{ name: 'x' }] })).rejects.toMatchObject({
      code: 'BIZ_CLICKHOUSE_ROWS_REFUSED',
      message: expect.stringContaining('The key column "id" has no value') as string,
    });
    await expect(upsert({ table: replacing, rows: [], keyColumns: ['id'] })).rejects.toMatchObject({
      code: 'BIZ_CLICKHOUSE_KEY_UNKNOWN',
    });
    await expect(upsert({ table: plain, rows: [{ id: 1 }] })).rejects.toMatchObject({
      code: 'BIZ_CLICKHOUSE_KEY_UNKNOWN',
    });
    await expect(upsert({ table: plain, rows: [{ id: 1 }], keyColumns: ['no'] })).rejects.toMatchObject({
      code: 'BIZ_CLICKHOUSE_COLUMN_UNKNOWN',
    });
  });
});

describe('update_rows and delete_rows', () => {
  const fill = async () => {
    const table = await newTable(
      'id UInt32, name String, tag Nullable(String), l Array(String)',
      'MergeTree ORDER BY id',
    );
    await run(
      `INSERT INTO ${table} SELECT number + 1, concat('n%', toString(number + 1)), NULL, [] FROM numbers(4)`,
    );
    return table;
  };

  it('change only what meets the conditions', async () => {
    const table = await fill();
    const conditions = [
      { column: 'id', operator: 'greater_than', value: '1' },
      { column: 'name', operator: 'contains', value: '%' },
      { column: 'id', operator: 'one_of', value: '2, 3, 9' },
    ];
    const values = { tag: "it's", l: ['a', "b'"], name: 'new' };
    const update = async (preview: boolean) =>
      (await runAction(updateRows, { auth, props: { table, values, conditions, preview } })).output;
    expect(await update(true)).toEqual({ updated: 0, matching: 2 });
    expect(await update(false)).toEqual({ updated: 2, matching: 2 });
    expect(await sql(`SELECT id, tag, l, name FROM ${table} WHERE tag IS NOT NULL ORDER BY id`)).toEqual([
      { id: 2, ...values },
      { id: 3, ...values },
    ]);
    const tagged = [{ column: 'tag', operator: 'is_not_null' }];
    const remove = async (props: object) =>
      (await runAction(deleteRows, { auth, props: { table, conditions: tagged, ...props } })).output;
    expect(await remove({ preview: true })).toEqual({ deleted: 0, matching: 2 });
    expect(await remove({})).toEqual({ deleted: 2, matching: 2 });
    expect(await remove({})).toEqual({ deleted: 0, matching: 0 });
    expect(await sql(`SELECT id FROM ${table} ORDER BY id`)).toEqual([{ id: 1 }, { id: 4 }]);
  });

  it.each([
    ['equals', '2', [2]],
    ['not_equals', '2', [1, 3, 4]],
    ['greater_or_equal', 3, [3, 4]],
    ['less_than', '2', [1]],
    ['less_or_equal', '2', [1, 2]],
    ['is_not_null', undefined, [1, 2, 3, 4]],
    ['is_null', undefined, []],
  ])('compare with %s', async (operator, value, ids) => {
    const table = await fill();
    await runAction(deleteRows, {
      auth,
      props: { table, conditions: [{ column: 'id', operator, value }], method: 'mutation' },
    });
    const left = (await sql<{ id: number }>(`SELECT id FROM ${table} ORDER BY id`)).map(({ id }) => id);
    expect(left).toEqual([1, 2, 3, 4].filter((id) => !ids.includes(id)));
  });

  it('refuse to touch all rows unless told to, keys, and conditions without a value', async () => {
    const table = await fill();
    const remove = (props: object) => runAction(deleteRows, { auth, props: { table, ...props } });
    const update = (props: { values: Record<string, unknown> } & Record<string, unknown>) =>
      runAction(updateRows, { auth, props: { table, allRows: true, ...props } });
    await expect(remove({})).rejects.toMatchObject({ code: 'BIZ_CLICKHOUSE_CONDITION_MISSING' });
    await expect(
      remove({ conditions: [{ column: 'id', operator: 'equals', value: '' }] }),
    ).rejects.toMatchObject({ code: 'BIZ_CLICKHOUSE_CONDITION_INVALID' });
    await expect(
      remove({ conditions: [{ column: 'id', operator: 'equals', value: 'x' }] }),
    ).rejects.toMatchObject({ code: 'BIZ_CLICKHOUSE_VALUE_INVALID' });
    await expect(
      remove({ conditions: [{ column: 'nope', operator: 'equals', value: 1 }] }),
    ).rejects.toMatchObject({ code: 'BIZ_CLICKHOUSE_COLUMN_UNKNOWN' });
    await expect(update({ values: { id: 9 } })).rejects.toMatchObject({ code: 'BIZ_CLICKHOUSE_KEY_COLUMN' });
    await expect(update({ values: {} })).rejects.toMatchObject({ code: 'BIZ_INPUT_INVALID' });
    await expect(update({ values: { nope: 1 } })).rejects.toMatchObject({
      code: 'BIZ_CLICKHOUSE_COLUMN_UNKNOWN',
    });
    expect((await update({ values: { name: 'all' } })).output).toEqual({ updated: 4, matching: 4 });
    expect((await remove({ allRows: true })).output).toEqual({ deleted: 4, matching: 4 });
    expect(await sql(`SELECT * FROM ${table}`)).toEqual([]);
  });
});

describe('create_table', () => {
  const create = async (props: { name: string } & Record<string, unknown>) =>
    (await runAction(createTable, { auth, props })).output as {
      created: boolean;
      sql: string;
      columns: { name: string; type: string }[];
    };

  it('makes a table that takes the sample and remembers tokens', async () => {
    const name = uniqueName();
    const sample = [
      {
        id: randomUUID(),
        n: 1,
        f: 1.5,
        b: true,
        day: '2026-01-31',
        at: '2026-01-31T12:00:00.123456Z',
        tags: ['a'],
        doc: { a: 1 },
        note: null,
        'odd `name`': 'x',
      },
      {
        id: randomUUID(),
        n: 2,
        f: 2,
        b: false,
        day: '2026-02-01',
        at: '2026-02-01 12:00:00',
        tags: [],
        doc: {},
      },
    ];
    const { created, columns } = await create({
      name,
      sample,
      engine: 'ReplacingMergeTree',
      orderBy: ['day', 'id'],
      partitionBy: 'month',
      partitionColumn: 'day',
      ttlColumn: 'at',
      ttlDays: 36_500,
      comment: "it's a test \\",
    });
    expect(created).toBe(true);
    expect(Object.fromEntries(columns.map((column) => [column.name, column.type]))).toEqual({
      id: 'UUID',
      n: 'Int64',
      f: 'Float64',
      b: 'Bool',
      day: 'Date',
      at: "DateTime64(6, 'UTC')",
      tags: 'Array(String)',
      doc: 'JSON',
      note: 'Nullable(String)',
      'odd `name`': 'Nullable(String)',
    });
    expect(await upsert({ table: name, rows: sample })).toMatchObject({ written: 2 });
    expect(
      await sql(
        `SELECT engine, sorting_key, partition_key, comment FROM system.tables WHERE name = '${name}'`,
      ),
    ).toEqual([
      {
        engine: 'ReplacingMergeTree',
        sorting_key: 'day, id',
        partition_key: 'toYYYYMM(day)',
        comment: "it's a test \\",
      },
    ]);
    expect(await create({ name, sample, orderBy: ['id'] })).toMatchObject({ created: false });
    await expect(create({ name, sample, ifNotExists: false })).rejects.toMatchObject({
      code: 'BIZ_CLICKHOUSE_EXISTS',
    });
  });

  it.each(['MergeTree', 'SummingMergeTree', 'AggregatingMergeTree', 'Memory', 'Log', 'Null'] as const)(
    'makes a table of the engine %s from given columns',
    async (engine) => {
      const name = uniqueName();
      const columns = { id: 'UInt64', name: 'LowCardinality( Nullable(String) )', v: 'Float64' };
      await create({ name, columns, engine, orderBy: engine.endsWith('MergeTree') ? ['id'] : [] });
      expect(await sql(`SELECT type FROM system.columns WHERE table = '${name}' ORDER BY position`)).toEqual([
        { type: 'UInt64' },
        { type: 'LowCardinality(Nullable(String))' },
        { type: 'Float64' },
      ]);
    },
  );

  it('only shows the SQL of a preview', async () => {
    const name = uniqueName();
    const { sql: text, created } = await create({
      name,
      sample: { id: 1, at: '2026-01-01', doc: {} },
      objectsAs: 'String',
      engine: 'ReplacingMergeTree',
      versionColumn: 'at',
      orderBy: ['id'],
      partitionBy: 'value',
      partitionColumn: 'at',
      deduplicationWindow: 0,
      preview: true,
    });
    expect(created).toBe(false);
    expect(text.split('\n').slice(0, 4)).toEqual([
      `CREATE TABLE IF NOT EXISTS \`default\`.\`${name}\` (\`id\` Int64, \`at\` Date, \`doc\` String)`,
      'ENGINE = ReplacingMergeTree(`at`)',
      'PARTITION BY `at`',
      'ORDER BY (`id`)',
    ]);
    expect(await sql(`SELECT 1 FROM system.tables WHERE name = '${name}'`)).toEqual([]);
  });

  it.each([
    [{ columns: { a: 'String) ENGINE = Null; --' } }, 'BIZ_CLICKHOUSE_TYPE_INVALID'],
    [{ columns: { a: 'String DEFAULT (SELECT 1)' } }, 'BIZ_CLICKHOUSE_TYPE_INVALID'],
    [{ columns: { a: 'NoSuchType' } }, 'BIZ_CLICKHOUSE_'],
    [{ columns: { a: 'String' }, orderBy: ['b'] }, 'BIZ_CLICKHOUSE_COLUMN_UNKNOWN'],
    [{ columns: { a: 'Nullable(String)' }, orderBy: ['a'] }, 'BIZ_CLICKHOUSE_KEY_UNKNOWN'],
    [{ columns: { a: 'String' }, engine: 'ReplacingMergeTree' }, 'BIZ_CLICKHOUSE_KEY_UNKNOWN'],
    [{ columns: { a: 'String' }, versionColumn: 'a' }, 'BIZ_CLICKHOUSE_KEY_UNKNOWN'],
    [{ columns: {} }, 'BIZ_INPUT_INVALID'],
    [{ columns: { '': 'String' } }, 'BIZ_CLICKHOUSE_NAME_INVALID'],
  ])('refuses %j', async (props, code) => {
    await expect(create({ name: uniqueName(), ...props })).rejects.toMatchObject({
      code: expect.stringContaining(code) as string,
    });
  });
});
