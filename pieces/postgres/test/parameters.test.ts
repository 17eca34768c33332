import { runAction, runDynamicProps } from '@bizstack/piece-testkit';
import fc from 'fast-check';
import { executeStatement } from '../src/lib/actions/execute-statement';
import { query } from '../src/lib/actions/query';
import { closeConnections } from '../src/lib/client';
import { parameterNumbers, parametersOf } from '../src/lib/parameters';
import { auth, newTable, sql } from './support/postgres';

afterAll(closeConnections);

describe('which parameters a statement has', () => {
  it.each([
    ['SELECT 1', []],
    ['SELECT $2, $1, $2', [1, 2]],
    ["SELECT '$1', 'it''s $2', $3", [3]],
    [String.raw`SELECT E'\'$1', $2`, [2]],
    ['SELECT "a$1", "x""$2", a$3, $4', [4]],
    ['SELECT 1 -- $1\n, $2', [2]],
    ['SELECT /* $1 /* $2 */ $3 */ $4', [4]],
    ['SELECT $$ $1 $$, $tag$ $2 $$ $tag$, $3', [3]],
    ["SELECT 'never closed $1", []],
    ['SELECT /* never closed $1', []],
  ])('%s', (text, numbers) => {
    expect(parameterNumbers(text)).toEqual(numbers);
  });

  it('finds those outside of text, names and comments, and no others', () => {
    const inner = fc.stringMatching(/^[a-z $0-9]{0,12}$/);
    const silent = fc.oneof(
      inner.map((text) => `'${text}'`),
      inner.map((text) => `"${text}"`),
      inner.map((text) => `-- ${text}\n`),
      inner.map((text) => `/* ${text} /* ${text} */ */`),
      fc.stringMatching(/^[a-z 0-9]{0,12}$/).map((text) => `$q$${text} $1 $$ $q$`),
      fc.constant('name$1'),
    );
    const spoken = fc.integer({ min: 1, max: 99 }).map((number) => ({ number }));
    fc.assert(
      fc.property(fc.array(fc.oneof(silent, spoken)), (parts) => {
        const text = parts.map((part) => (typeof part === 'string' ? part : `$${part.number}`)).join(' , ');
        const numbers = parts.flatMap((part) => (typeof part === 'string' ? [] : [part.number]));
        expect(parameterNumbers(text)).toEqual([...new Set(numbers)].sort((a, b) => a - b));
      }),
    );
  });

  it('asks PostgreSQL for their types, and runs nothing', async () => {
    const table = await newTable('id int, tags text[], data jsonb, on_list boolean');
    expect(await parametersOf(auth, `INSERT INTO ${table} VALUES ($1, $2, $3, $4);`)).toEqual([
      { number: 1, type: 'integer' },
      { number: 2, type: 'text[]' },
      { number: 3, type: 'jsonb' },
      { number: 4, type: 'boolean' },
    ]);
    expect(await sql(`SELECT count(*)::int AS n FROM ${table}`)).toEqual([{ n: 0 }]);
  });

  it('knows no type where the statement cannot be prepared', async () => {
    expect(await parametersOf(auth, 'SELECT $1 FROM nowhere_at_all')).toEqual([
      { number: 1, type: undefined },
    ]);
    expect(await parametersOf({ ...auth, port: 1 }, 'SELECT $1')).toEqual([{ number: 1, type: undefined }]);
  });
});

describe('the form', () => {
  const form = (text?: string, given = true) =>
    runDynamicProps(query, {
      property: 'parameters',
      ...(text === undefined ? {} : { input: { sql: text } }),
      ...(given ? { auth } : {}),
    });

  it('has a field of its kind for each parameter', async () => {
    const fields = await form('SELECT $1::int, $2::text, $3::jsonb, $4::text[], $5::boolean, $6::bigint');
    expect(Object.fromEntries(Object.entries(fields).map(([key, field]) => [key, field.type]))).toEqual({
      p1: 'NUMBER',
      p2: 'LONG_TEXT',
      p3: 'JSON',
      p4: 'ARRAY',
      p5: 'CHECKBOX',
      p6: 'SHORT_TEXT',
    });
    expect(fields['p1']?.['displayName']).toBe('$1 (integer)');
  });

  it('has fields without types before there is a connection, and none without SQL', async () => {
    expect(Object.keys(await form('SELECT $1', false))).toEqual(['p1']);
    expect(await form()).toEqual({});
  });

  it('binds what was filled in, NULL where it is empty', async () => {
    const { output } = await runAction(query, {
      auth,
      props: {
        sql: 'SELECT $1::int + 1 AS n, $2::text[] AS l, $3::jsonb AS j, $4::text AS t, $5::date AS d',
        parameters: { p1: '41', p2: ['a', 'b'], p3: { x: 1 }, p4: '', p5: '2026-01-31' },
      },
    });
    expect(output).toMatchObject({ rows: [{ n: 42, l: ['a', 'b'], j: { x: 1 }, t: null, d: '2026-01-31' }] });
  });

  it('names a value that the SQL does not use', async () => {
    await expect(
      runAction(executeStatement, { auth, props: { sql: 'SELECT $1::int', parameters: { p1: 1, p3: 2 } } }),
    ).rejects.toThrow('"Parameters" has a value for $3, which is not in the SQL.');
  });
});
