import fc from 'fast-check';
import { closeConnections, withDatabase } from '../src/lib/client';
import { formatTableName, parseTableName, quoteIdentifier } from '../src/lib/identifiers';
import { inferColumns } from '../src/lib/infer';
import { prepareRows } from '../src/lib/rows';
import { describeTable } from '../src/lib/schema';
import { maskSql } from '../src/lib/sql/mask';
import { findParameters } from '../src/lib/sql/parameters';
import { formatType, parseType } from '../src/lib/types/type';
import { toParameter } from '../src/lib/values';
import { insertPrepared } from '../src/lib/write';
import { replacingOf } from '../src/lib/replacing';
import { auth, run, uniqueName } from './support/clickhouse';

afterAll(closeConnections);

const invalid = (code: string) => expect.objectContaining({ code }) as Error;

describe('parameters of SQL', () => {
  const noise = fc.oneof(
    fc.constantFrom(
      "'{no:String}'",
      "'it\\'s {no:String}'",
      "'it''s {no:String}'",
      '`{no:String}`',
      '"{no:String}"',
      '-- {no:String}\n',
      '# {no:String}\n',
      '/* {no:String} /* {no:String} */ {no:String} */',
      '// {no:String}\n',
      '$${no:String}$$',
      "$tag${no:String} $$ ' $tag$",
      "{'a': 1}",
      "'\\\\'",
      "''",
      'a$b$',
      ' ',
      '\n',
      '(',
      '1',
      ',',
    ),
    // Strings of any text, escaped.
    fc.string().map((text) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`),
    fc.string().map((text) => `/*${text.replaceAll(/[*/]/g, '')}*/`),
  );
  const name = fc.stringMatching(/^[a-z_][a-z0-9_]{0,6}$/);
  const type = fc.constantFrom(
    'String',
    'UInt8',
    'Array(Nullable(String))',
    "Enum8('}' = 1, '{x:y}' = 2)",
    'Map(String, Tuple(a UInt8, b Array(Date)))',
    "DateTime64(3, 'UTC')",
  );

  it('are found among strings, comments, names and heredocs, each once', () => {
    const parameter = fc.record({ name, type });
    fc.assert(
      fc.property(fc.array(fc.tuple(noise, parameter)), noise, (pairs, end) => {
        const sql = pairs.map(([before, one]) => `${before} { ${one.name} : ${one.type} } `).join('') + end;
        const expected = new Map<string, string>();
        for (const [, one] of pairs) if (!expected.has(one.name)) expected.set(one.name, one.type);
        expect(findParameters(sql)).toEqual([...expected].map(([key, text]) => ({ name: key, type: text })));
      }),
      { numRuns: 500 },
    );
  });

  it('are those that the server asks for', async () => {
    const literal = fc.constantFrom(
      "'{no:String}'",
      "'it\\'s {no:String}'",
      "'it''s {no:String}'",
      '/* {no:String} /* {no:String} */ {no:String} */ 1',
      '1 // {no:String}\n',
      '1 -- {no:String}\n',
      '1 # {no:String}\n',
      '$${no:String}$$',
      "$x$ ' {no:String} $$ $x$",
      '(SELECT 1 AS `{no:String}`)',
      '(SELECT 1 AS "{no:String}")',
      "'\\\\'",
      '{p : UInt8}',
      '{q:/* x */Array(String)}',
      "{r:Enum8('}' = 1)}",
    );
    const values: Record<string, unknown> = { p: 1, q: ['a'], r: '}' };
    await withDatabase(auth, async (database) => {
      await fc.assert(
        fc.asyncProperty(fc.array(literal, { minLength: 1, maxLength: 6 }), async (parts) => {
          const sql = `SELECT ${parts.map((part, index) => `${part} AS c${index}`).join(', ')}`;
          const found = findParameters(sql);
          // With what was found it runs; without any one of them it does not.
          const params = Object.fromEntries(
            found.map(({ name: key, type: text }) => [key, toParameter(key, text, values[key])]),
          );
          expect((await database.read({ sql, params })).rows).toHaveLength(1);
          for (const { name: key } of found) {
            const { [key]: _left, ...rest } = params;
            await expect(database.read({ sql, params: rest })).rejects.toMatchObject({
              code: 'BIZ_CLICKHOUSE_PARAMETER_INVALID',
            });
          }
        }),
        { numRuns: 60 },
      );
    });
  });

  it('never change the length of the text, whatever is in it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (sql) => {
        const { code, withoutComments } = maskSql(sql);
        expect([code.length, withoutComments.length]).toEqual([sql.length, sql.length]);
      }),
      { numRuns: 500 },
    );
  });
});

describe('types', () => {
  const leaf = fc.constantFrom(
    'String',
    'UInt8',
    'Int256',
    'Float64',
    'UUID',
    'Date32',
    'Bool',
    'IPv6',
    'FixedString(16)',
    'Decimal(38, 10)',
    "DateTime('Europe/Berlin')",
    "DateTime64(9, 'UTC')",
    "Enum8('a' = -1, 'it\\'s \\\\' = 2)",
  );
  const { type } = fc.letrec<{ type: string }>((tie) => ({
    type: fc.oneof(
      { depthSize: 'small' },
      leaf,
      tie('type').map((inner) => `Array(${inner})`),
      fc.tuple(tie('type'), tie('type')).map(([a, b]) => `Tuple(${a}, ${b})`),
      fc.tuple(tie('type'), tie('type')).map(([a, b]) => `Tuple(\`x\` ${a}, \`odd name\` ${b})`),
      tie('type').map((inner) => `Map(String, ${inner})`),
      leaf.map((inner) => `Nullable(${inner})`),
    ),
  }));

  it('are written as they were read', () => {
    fc.assert(
      fc.property(type, (text) => {
        expect(formatType(parseType(text))).toBe(text);
        expect(formatType(parseType(` ${text.replaceAll(', ', ' ,  ')} `))).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  it('are never more than a type', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        let printed: string;
        try {
          printed = formatType(parseType(text));
        } catch (error) {
          expect(error).toMatchObject({ code: 'BIZ_CLICKHOUSE_TYPE_INVALID' });
          return;
        }
        expect(parseType(printed)).toEqual(parseType(text));
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    '',
    'String)',
    'String; DROP TABLE x',
    'Array(String',
    'Array()x',
    "Enum('a' = )",
    'JSON(a b; c)',
    'JSON(a /* x */)',
    '1',
    '('.repeat(50),
    `${'Array('.repeat(40)}String${')'.repeat(40)}`,
  ])('refuse %j', (text) => {
    expect(() => parseType(text)).toThrow(invalid('BIZ_CLICKHOUSE_TYPE_INVALID'));
  });

  it('keep the arguments of JSON', () => {
    const text = "JSON(a.b UInt32, SKIP c, max_dynamic_paths=8, SKIP REGEXP 'x)')";
    expect(formatType(parseType(text))).toBe(text);
  });
});

describe('identifiers', () => {
  const name = fc
    .string({ minLength: 1, maxLength: 15, unit: 'grapheme' })
    .filter((text) => !text.includes('\0'));

  it('come back from ClickHouse as they were, whatever is in them', async () => {
    await withDatabase(auth, async (database) => {
      await fc.assert(
        fc.asyncProperty(name, async (text) => {
          const { rows } = await database.read({ sql: `SELECT 1 AS ${quoteIdentifier(text)}` });
          expect(Object.keys(rows[0] ?? {})).toEqual([text]);
        }),
        { numRuns: 150 },
      );
    });
  });

  it('of tables survive being formatted and parsed', () => {
    fc.assert(
      fc.property(name, name, (database, table) => {
        expect(parseTableName(formatTableName({ database, table }))).toEqual({ database, table });
      }),
    );
  });

  it.each(['', '.', 'a.b.c', 'a.', '`open', '`a`b`'])('refuses the table name %j', (text) => {
    expect(() => parseTableName(text)).toThrow(invalid('BIZ_CLICKHOUSE_NAME_INVALID'));
  });

  it.each(['', 'a\0b', '\ud800'])('refuses the identifier %j', (text) => {
    expect(() => quoteIdentifier(text)).toThrow(invalid('BIZ_CLICKHOUSE_NAME_INVALID'));
  });
});

describe('the schema found in sample rows', () => {
  it('takes every one of them', async () => {
    const value = fc.oneof(
      fc.integer(),
      fc.maxSafeInteger(),
      fc.double({ noDefaultInfinity: true, noNaN: true }),
      fc.boolean(),
      fc.string({ unit: 'grapheme' }),
      fc.uuid(),
      fc.constant(null),
      fc
        .date({ min: new Date('1971-01-01'), max: new Date('2100-01-01'), noInvalidDate: true })
        .map((date) => date.toISOString()),
      fc.constantFrom(
        '2026-01-31',
        '1960-02-29',
        '2026-02-30',
        '2026-01-01 12:00:00',
        '2026-13-01T00:00:00Z',
      ),
      fc.array(fc.oneof(fc.integer(), fc.string({ unit: 'grapheme' }), fc.constant(null)), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom('a', 'b'), fc.integer(), { maxKeys: 2 }),
    );
    const rows = fc.array(fc.record({ a: value, b: value, c: value }, { requiredKeys: ['a'] }), {
      minLength: 1,
      maxLength: 5,
    });
    await withDatabase(auth, async (database) => {
      await fc.assert(
        fc.asyncProperty(rows, async (sample) => {
          const columns = inferColumns(sample, { required: [], objectsAs: 'String' });
          const table = uniqueName();
          const definition = columns.map(({ name, type }) => `${quoteIdentifier(name)} ${type}`);
          await run(`CREATE TABLE ${table} (${definition.join(', ')}) ENGINE = Memory`);
          const prepared = await prepareRows(await describeTable(database, table), sample);
          expect(prepared.bad).toEqual([]);
          const { inserted } = await insertPrepared(
            database,
            await describeTable(database, table),
            prepared,
            {
              onBadRows: 'fail',
              asyncInsert: false,
            },
          );
          expect(inserted).toBe(sample.length);
          await run(`DROP TABLE ${table}`);
        }),
        { numRuns: 40 },
      );
    });
  });
});

describe('engines', () => {
  it.each([
    ['ReplacingMergeTree ORDER BY id', 'ReplacingMergeTree', null, null],
    ['ReplacingMergeTree(v) ORDER BY (id, v)', 'ReplacingMergeTree', 'v', null],
    ['ReplacingMergeTree(`odd v`, gone) ORDER BY id', 'ReplacingMergeTree', 'odd v', 'gone'],
    [
      "ReplicatedReplacingMergeTree('/clickhouse/{uuid}', '{replica}', v) ORDER BY id",
      'ReplicatedReplacingMergeTree',
      'v',
      null,
    ],
    ["SharedReplacingMergeTree('/a', 'b') ORDER BY id", 'SharedReplacingMergeTree', null, null],
  ])('of %s are read', (engineFull, engine, versionColumn, deletedColumn) => {
    expect(replacingOf({ engine, engineFull })).toEqual({ versionColumn, deletedColumn });
  });

  it('of other families replace nothing', () => {
    expect(replacingOf({ engine: 'MergeTree', engineFull: 'MergeTree ORDER BY id' })).toBeUndefined();
  });
});
