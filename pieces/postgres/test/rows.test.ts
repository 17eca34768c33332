import { randomUUID } from 'node:crypto';
import { runAction } from '@bizstack/piece-testkit';
import { deleteRows } from '../src/lib/actions/delete-rows';
import { insertRows } from '../src/lib/actions/insert-rows';
import { updateRows } from '../src/lib/actions/update-rows';
import { upsertRows } from '../src/lib/actions/upsert-rows';
import { closeConnections } from '../src/lib/client';
import { auth, newTable, sql, uniqueName } from './support/postgres';

afterAll(closeConnections);

const upsert = async (props: { table: string; rows: unknown } & Record<string, unknown>) =>
  (await runAction(upsertRows, { auth, props: props as never })).output;
const insert = async (props: { table: string; rows: unknown } & Record<string, unknown>) =>
  (await runAction(insertRows, { auth, props: props as never })).output;

describe('upsert_rows', () => {
  const LEADS = `event_id uuid PRIMARY KEY, name text, email text, attributes jsonb NOT NULL DEFAULT '{}', score numeric(5,2),
    score_reasons jsonb, tags text[], scored_at timestamptz, created_at timestamptz NOT NULL DEFAULT now()`;

  it('inserts, then updates, and a repeat changes nothing more', async () => {
    const table = await newTable(LEADS);
    const row = {
      event_id: randomUUID(),
      name: "Robert'); DROP TABLE leads;-- <b>",
      attributes: { visits: 3, nested: [{ a: null }] },
      score: 81.25,
      score_reasons: [{ factor: 'x', contribution: 1 }],
      tags: ['a,b', 'c"d'],
      scored_at: '2026-01-01T12:00:00.000Z',
    };
    expect(await upsert({ table, rows: [row], conflictColumns: ['event_id'] })).toMatchObject({
      inserted: 1,
      updated: 0,
    });
    expect(await upsert({ table, rows: [row], conflictColumns: ['event_id'] })).toMatchObject({
      inserted: 0,
      updated: 1,
    });
    const stored = await sql(`SELECT * FROM ${table}`);
    expect(stored).toHaveLength(1);
    expect(stored[0]).toMatchObject({ ...row, score: '81.25', scored_at: new Date(row.scored_at) });
  });

  it('keeps columns that are not given, and updates only the chosen ones', async () => {
    const table = await newTable(LEADS);
    const event_id = randomUUID();
    await upsert({ table, rows: { event_id, name: 'Ada', email: 'ada@example.com' } });
    await upsert({ table, rows: { event_id, name: 'Ada L.' } });
    expect(await sql(`SELECT name, email FROM ${table}`)).toEqual([
      { name: 'Ada L.', email: 'ada@example.com' },
    ]);
    await upsert({
      table,
      rows: { event_id, name: 'X', email: 'new@example.com' },
      updateColumns: ['email'],
    });
    expect(await sql(`SELECT name, email FROM ${table}`)).toEqual([
      { name: 'Ada L.', email: 'new@example.com' },
    ]);
  });

  it('takes the same key twice in one call; the last one stands', async () => {
    const table = await newTable(LEADS);
    const event_id = randomUUID();
    const rows = [
      { event_id, name: 'first', email: 'a@example.com' },
      { event_id: event_id.toUpperCase(), name: 'second' },
    ];
    expect(await upsert({ table, rows })).toMatchObject({ inserted: 1, updated: 1 });
    expect(await sql(`SELECT name, email FROM ${table}`)).toEqual([
      { name: 'second', email: 'a@example.com' },
    ]);
  });

  it('writes 5,000 rows of differing shapes, all or none', async () => {
    const table = await newTable('id int PRIMARY KEY, a int, b text');
    const rows = Array.from({ length: 5_000 }, (_, id) => (id < 2_500 ? { id, a: id } : { id, b: `b${id}` }));
    expect(await upsert({ table, rows, returnRows: false })).toEqual({
      inserted: 5_000,
      updated: 0,
      rows: [],
    });
    await expect(
      upsert({
        table,
        rows: [
          { id: 9_001, a: 1 },
          { id: 9_002, a: 'no number' },
        ],
      }),
    ).rejects.toMatchObject({
      code: 'BIZ_POSTGRES_VALUE_INVALID',
    });
    expect(await sql(`SELECT count(*)::int AS n FROM ${table}`)).toEqual([{ n: 5_000 }]);
  });

  it('accepts rows as JSON text and empty text for columns that are no text', async () => {
    const table = await newTable('id int PRIMARY KEY, day date, label text');
    await upsert({ table, rows: '[{"id": 1, "day": "", "label": ""}]' });
    expect(await sql(`SELECT * FROM ${table}`)).toEqual([{ id: 1, day: null, label: '' }]);
  });

  it('changes nothing for an empty list', async () => {
    const table = await newTable('id int PRIMARY KEY');
    expect(await upsert({ table, rows: [] })).toEqual({ inserted: 0, updated: 0, rows: [] });
  });

  it('names what is wrong', async () => {
    const table = await newTable('id int PRIMARY KEY, a int, twice int GENERATED ALWAYS AS (a * 2) STORED');
    const cases: [Record<string, unknown>, string, RegExp][] = [
      [{ rows: [{ id: 1, nope: 2 }] }, 'BIZ_POSTGRES_COLUMN_UNKNOWN', /"nope".*It has: id, a, twice/],
      [{ rows: [{ id: 1, twice: 2 }] }, 'BIZ_POSTGRES_COLUMN_GENERATED', /"twice"/],
      [{ rows: [{ a: 1 }] }, 'BIZ_POSTGRES_KEY_MISSING', /Row 1.*id/],
      [{ rows: [{ id: 1 }], conflictColumns: ['a'] }, 'BIZ_POSTGRES_KEY_UNKNOWN', /\(id\)/],
      [
        { rows: [{ id: 1, a: { x: 1 } }] },
        'BIZ_POSTGRES_VALUE_INVALID',
        /"a" \(integer\) cannot hold an object/,
      ],
      [{ rows: [{}] }, 'BIZ_POSTGRES_KEY_MISSING', /Row 1/],
      [{ rows: 'nonsense' }, 'BIZ_INPUT_INVALID', /Rows/],
    ];
    for (const [props, code, message] of cases) {
      await expect(upsert({ table, rows: [], ...props })).rejects.toMatchObject({
        code,
        message: expect.stringMatching(message) as string,
      });
    }
  });

  it('says which tables look alike when one is unknown', async () => {
    const name = uniqueName('Mixed');
    await sql(`CREATE TABLE public."${name}" (id int PRIMARY KEY)`);
    await expect(upsert({ table: name.toLowerCase(), rows: [{ id: 1 }] })).rejects.toMatchObject({
      code: 'BIZ_POSTGRES_TABLE_UNKNOWN',
      message: expect.stringContaining(`public.${name}`) as string,
    });
  });

  it('stores a value of 10 MB', async () => {
    const table = await newTable('id int PRIMARY KEY, body text, doc jsonb');
    const body = 'ü'.repeat(5 * 1024 * 1024);
    await upsert({ table, rows: [{ id: 1, body, doc: { body } }], returnRows: false });
    expect(await sql(`SELECT octet_length(body) AS size, doc->>'body' = body AS same FROM ${table}`)).toEqual(
      [{ size: 10 * 1024 * 1024, same: true }],
    );
  });
});

describe('insert_rows', () => {
  it('stores every kind of type as it was given, and cuts nothing to length', async () => {
    const [mood, zip, point] = [uniqueName('mood'), uniqueName('zip'), uniqueName('point')];
    await sql(`CREATE TYPE ${mood} AS ENUM ('calm', 'very "busy", {now}')`);
    await sql(`CREATE DOMAIN ${zip} AS text CHECK (VALUE ~ '^[0-9]+$')`);
    await sql(`CREATE TYPE ${point} AS (x int, y text)`);
    const plain = `id bigint PRIMARY KEY, n smallint, f double precision, d numeric(10, 2), b boolean, t text,
      v varchar(5), c character(3), u uuid, day date, at timestamp, tz timestamptz, i interval, j json, jb jsonb,
      by bytea, ip inet, m ${mood}, r int4range, bits bit(3)`;
    const row = {
      ...{ id: '9007199254740993', n: -5, f: 0.1, d: '12345678.25', b: true },
      ...{ t: `O'Neil {"a",NULL} \\ 😀`, v: 'NULL', c: 'ab ', u: randomUUID() },
      ...{ day: '2026-03-29', at: '2026-03-29 02:30:00', tz: '2026-03-29T02:30:00Z', i: '02:00:00' },
      ...{ j: { a: [1, null] }, jb: ['x', { y: 'z' }], by: '\\x00ff10', ip: '192.0.2.0/24' },
      ...{ m: 'very "busy", {now}', r: '[1,5)', bits: '101' },
    };
    const empty = Object.fromEntries(Object.keys(row).map((name) => [name, null]));
    const more = {
      z: '123',
      l: ['a,b', null, '{}'],
      grid: [
        [1, 2],
        [3, 4],
      ],
      p: '(1,"a b")',
    };
    // Lists and records go another way than the rest, and take the other columns with them.
    for (const [columns, extra] of [
      [plain, {}],
      [`${plain}, z ${zip}, l text[], grid int[], p ${point}`, more],
    ] as const) {
      const table = await newTable(columns);
      const rows = [
        { ...row, ...extra },
        { ...empty, ...extra, id: 2 },
      ];
      expect(await insert({ table, rows, returnRows: false })).toEqual({ inserted: 2, skipped: 0, rows: [] });
      const texts = Object.keys(row).map((name) => `${name}::text AS ${name}`);
      const [stored] = await sql(`SELECT ${texts.join(', ')} FROM ${table} WHERE id > 2`);
      expect(stored).toEqual({
        ...{ ...row, n: '-5', f: '0.1', b: 'true' },
        ...{
          j: '{"a":[1,null]}',
          jb: '["x", {"y": "z"}]',
          c: 'ab',
          tz: expect.stringContaining('2026-03-29') as string,
        },
      });
      const nulls = await sql(
        `SELECT * FROM ${table} WHERE id = 2 AND t IS NULL AND j IS NULL AND b IS NULL`,
      );
      expect(nulls).toHaveLength(1);
      if ('l' in extra) {
        const kept = await sql(`SELECT z, l, grid, p::text AS p FROM ${table}`);
        expect(kept).toEqual([more, more]);
      }
      await expect(insert({ table, rows: { id: 3, ...extra, v: 'longer' } })).rejects.toMatchObject({
        message: expect.stringContaining('too long') as string,
      });
    }
  });

  it('inserts many rows in few statements, and counts those that exist', async () => {
    const table = await newTable('id int PRIMARY KEY, name text');
    const rows = Array.from({ length: 12_345 }, (_, id) => ({ id, name: `n${id}` }));
    const first = await insert({ table, rows: rows.slice(0, 6_000) });
    expect(first).toMatchObject({ inserted: 6_000, skipped: 0 });
    expect(first).toHaveProperty('rows.length', 1_000);
    expect(await insert({ table, rows, onConflict: 'skip' })).toMatchObject({
      inserted: 6_345,
      skipped: 6_000,
    });
    const more = rows.concat({ id: 20_000, name: 'new' });
    expect(await upsert({ table, rows: more })).toMatchObject({ inserted: 1, updated: 12_345 });
    expect(await upsert({ table, rows: more, returnRows: false })).toEqual({
      ...{ inserted: 0, updated: 12_346, rows: [] },
    });
  });

  it('serves a user who may insert and not read', async () => {
    const table = await newTable('id int PRIMARY KEY');
    const [user, password] = [uniqueName('writer'), randomUUID()];
    await sql(`CREATE ROLE ${user} LOGIN PASSWORD '${password}'`);
    await sql(`GRANT INSERT ON ${table} TO ${user}`);
    const props = { table, rows: [{ id: 1 }], returnRows: false };
    const { output } = await runAction(insertRows, { auth: { ...auth, user, password }, props });
    expect(output).toMatchObject({ inserted: 1 });
    expect(await sql(`SELECT id FROM ${table}`)).toEqual([{ id: 1 }]);
  });

  it('refuses a row without columns', async () => {
    const table = await newTable('id int');
    await expect(insert({ table, rows: [{ id: 1 }, {}] })).rejects.toMatchObject({
      code: 'BIZ_INPUT_INVALID',
    });
  });

  it('inserts nothing when one row fails, and can skip rows that exist', async () => {
    const table = await newTable('id int PRIMARY KEY, a text');
    expect(await insert({ table, rows: [{ id: 1, a: 'x' }] })).toEqual({
      inserted: 1,
      skipped: 0,
      rows: [{ id: 1, a: 'x' }],
    });
    await expect(insert({ table, rows: [{ id: 2 }, { id: 1 }] })).rejects.toMatchObject({
      code: 'BIZ_POSTGRES_UNIQUE_VIOLATION',
    });
    expect(await sql(`SELECT id FROM ${table}`)).toEqual([{ id: 1 }]);
    expect(await insert({ table, rows: [{ id: 2 }, { id: 1 }], onConflict: 'skip' })).toMatchObject({
      inserted: 1,
      skipped: 1,
    });
  });
});

describe('update_rows and delete_rows', () => {
  it('change only what meets the conditions', async () => {
    const table = await newTable('id int PRIMARY KEY, name text, doc jsonb');
    await insert({ table, rows: [1, 2, 3, 4].map((id) => ({ id, name: `n%${id}` })) });
    const updated = await runAction(updateRows, {
      auth,
      props: {
        table,
        values: { doc: [1, { a: 2 }], name: 'new' },
        conditions: [
          { column: 'id', operator: 'greater_than', value: '1' },
          { column: 'name', operator: 'contains', value: '%' },
          { column: 'id', operator: 'one_of', value: '2, 3, 9' },
        ],
      },
    });
    expect(updated.output).toMatchObject({ updated: 2 });
    const conditions = [{ column: 'doc', operator: 'is_not_null' }];
    expect(
      (await runAction(deleteRows, { auth, props: { table, conditions, preview: true } })).output,
    ).toEqual({ deleted: 0, matching: 2 });
    expect((await runAction(deleteRows, { auth, props: { table, conditions } })).output).toEqual({
      deleted: 2,
      matching: 2,
    });
    expect(await sql(`SELECT id FROM ${table} ORDER BY id`)).toEqual([{ id: 1 }, { id: 4 }]);
  });

  it('refuse to touch all rows unless told to, and conditions without a value', async () => {
    const table = await newTable('id int PRIMARY KEY');
    await insert({ table, rows: [{ id: 1 }] });
    await expect(runAction(deleteRows, { auth, props: { table } })).rejects.toMatchObject({
      code: 'BIZ_POSTGRES_CONDITION_MISSING',
    });
    await expect(
      runAction(deleteRows, {
        auth,
        props: { table, conditions: [{ column: 'id', operator: 'equals', value: '' }] },
      }),
    ).rejects.toMatchObject({ code: 'BIZ_POSTGRES_CONDITION_INVALID' });
    expect((await runAction(deleteRows, { auth, props: { table, allRows: true } })).output).toEqual({
      deleted: 1,
      matching: 1,
    });
  });
});
