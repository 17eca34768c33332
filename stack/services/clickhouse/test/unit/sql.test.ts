import fc from 'fast-check';
import { assertServed } from '../../src/sql/guard';
import { parseInsertHead } from '../../src/sql/insert-head';
import { tokenize } from '../../src/sql/lexer';
import { quoteIdentifier, quoteString } from '../../src/sql/literal';
import { parseStatement } from '../../src/sql/statement';

const fragment = fc.constantFrom(
  ...[
    "'",
    '"',
    '`',
    '\\',
    '--',
    '\n',
    '/*',
    '*/',
    ';',
    '$$',
    '$a$',
    '#',
    '# ',
    '(',
    ')',
    '{',
    '}',
    ':',
    '.',
    ' ',
    ',',
  ],
  ...['SELECT', 'format', 'INSERT INTO', 'VALUES', 'x', '1.5e3', 'ü', '\u00a0'],
);
const sql = fc.array(fragment, { maxLength: 30 }).map((parts) => parts.join(''));

describe('tokenize', () => {
  it('covers any text in order, without overlap and without end', () => {
    fc.assert(
      fc.property(fc.oneof(sql, fc.string({ unit: 'binary' })), (text) => {
        let at = 0;
        for (const token of tokenize(text)) {
          expect(token.start).toBeGreaterThanOrEqual(at);
          expect(token.end).toBeGreaterThan(token.start);
          expect(token.end).toBeLessThanOrEqual(text.length);
          at = token.end;
        }
      }),
    );
  });

  it('takes any quoted value as one token', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        expect([...tokenize(`${quoteString(value)} x`)].map((token) => token.type)).toEqual([
          'string',
          'word',
        ]);
        const [name] = [...tokenize(`${quoteIdentifier(value)};`)];
        expect([name?.type, name?.value]).toEqual(['quoted', value]);
      }),
    );
  });
});

describe('parseStatement', () => {
  it('never takes part of a literal or comment for a second statement', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        const comment = value
          .replaceAll('*/', '')
          .replaceAll('/*', '')
          .replace(/[*/]+$/, '');
        const text = `SELECT ${quoteString(value)} AS ${quoteIdentifier(value)} /*${comment}*/;`;
        expect(parseStatement(text).text).toBe(`SELECT ${quoteString(value)} AS ${quoteIdentifier(value)}`);
      }),
    );
  });

  it.each(['SELECT 1; SELECT 2', 'SELECT 1;;\n x', "SELECT ';'; DROP TABLE t -- x"])('refuses %s', (text) => {
    expect(() => parseStatement(text)).toThrow(/Multi-statements/);
  });

  it.each([
    ['SELECT 1 FORMAT JSON', 'JSON'],
    ['SELECT 1 format json;', 'json'],
    ['SELECT 1 FORMAT TSV SETTINGS max_threads = 1', 'TSV'],
    ['SELECT count(*) FORMAT CSV -- x', 'CSV'],
    ['SHOW TABLES FORMAT Vertical', 'Vertical'],
    ['SELECT format FROM t', undefined],
    ['SELECT a FROM t ORDER BY format DESC', undefined],
    ['SELECT a AS format', undefined],
    ['SELECT a, format x FROM t', undefined],
    ["SELECT ' FORMAT JSON'", undefined],
    ['SELECT (SELECT 1 FORMAT JSON)', undefined],
  ])('finds the format of %s', (text, name) => {
    expect(parseStatement(text).format?.name).toBe(name);
  });

  it.each([
    ['SELECT 1', true],
    ['WITH 1 AS a SELECT a', true],
    ['WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a', false],
    ['(SELECT 1)', true],
    ['DROP TABLE t', false],
    ['INSERT INTO t SELECT 1', false],
  ])('knows whether %s returns rows', (text, returnsRows) => {
    expect(parseStatement(text).returnsRows).toBe(returnsRows);
  });

  it('finds parameters, not braces in literals', () => {
    const { placeholders } = parseStatement(
      "SELECT {a:String}, {b : Array(UInt8)}, '{c:String}', map('d', 1) FROM {t:Identifier}",
    );
    expect([...placeholders]).toEqual(['a', 'b', 't']);
  });
});

describe('parseInsertHead', () => {
  it.each([
    ['INSERT INTO t FORMAT CSV\n1', 'INSERT INTO t', '', 'CSV', '1'],
    ['insert into d.t (a, `b c`) values (1)', 'insert into d.t (a, `b c`)', '', 'Values', ' (1)'],
    [
      'INSERT INTO TABLE t SETTINGS a=1, b=2 FORMAT JSONEachRow {"x":1}',
      'INSERT INTO TABLE t',
      'SETTINGS a=1, b=2',
      'JSONEachRow',
      '{"x":1}',
    ],
    [
      "INSERT INTO FUNCTION null('a UInt8') FORMAT TSV\n1",
      "INSERT INTO FUNCTION null('a UInt8')",
      '',
      'TSV',
      '1',
    ],
    ['INSERT INTO `values` VALUES (1)', 'INSERT INTO `values`', '', 'Values', ' (1)'],
    ['INSERT INTO format FORMAT CSV\n1', 'INSERT INTO format', '', 'CSV', '1'],
    ['INSERT INTO db.format (x) FORMAT CSV;\r\n1', 'INSERT INTO db.format (x)', '', 'CSV', '1'],
    ['INSERT INTO t FORMAT TSV \n\n1', 'INSERT INTO t', '', 'TSV', '\n1'],
  ])('cuts %j', (text, target, settings, format, rows) => {
    const head = parseInsertHead(text);
    expect(head).toMatchObject({ target, settings, format });
    expect(text.slice(head?.dataOffset)).toBe(rows);
  });

  it.each([
    'INSERT INTO t SELECT 1',
    'INSERT INTO t SELECT 1 AS a FORMAT JSON',
    'INSERT INTO t WITH 1 AS x SELECT x',
    "INSERT INTO t FROM INFILE 'x' FORMAT CSV",
    'SELECT 1 FORMAT CSV',
    'INSERT INTO t',
    '',
  ])('leaves %j alone', (text) => {
    expect(parseInsertHead(text)).toBeUndefined();
  });

  it('finds the call to input()', () => {
    const head = parseInsertHead(
      "INSERT INTO t SELECT a FROM input('a String, b Tuple(x UInt8)') WHERE 1 FORMAT CSV\n1",
    );
    expect(head?.input).toEqual({
      before: 'INSERT INTO t SELECT a FROM ',
      structure: "'a String, b Tuple(x UInt8)'",
      after: ' WHERE 1 ',
    });
  });

  it('never throws and never points outside of the text', () => {
    fc.assert(
      fc.property(sql, (rest) => {
        const text = `INSERT INTO t ${rest}`;
        const offset = parseInsertHead(text)?.dataOffset ?? 0;
        expect(offset).toBeLessThanOrEqual(text.length);
      }),
    );
  });
});

describe('assertServed', () => {
  it.each([
    "SELECT 'file(x)'",
    'SELECT file FROM t',
    'CREATE TABLE t (file String) ENGINE = Log',
    "SELECT * FROM url('https://example.org/x', CSV)",
  ])('lets %s pass', (text) => {
    expect(() => assertServed(parseStatement(text))).not.toThrow();
  });

  it.each([
    "SELECT * FROM File ( 'x' )",
    'SELECT * FROM "file"(\'x\')',
    "SELECT * FROM url('http://a' || 'b')",
    'CREATE TABLE t ENGINE = FileLog',
  ])('stops %s', (text) => {
    expect(() => assertServed(parseStatement(text))).toThrow(/disabled/);
  });
});
