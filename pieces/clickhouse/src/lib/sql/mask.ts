/**
 * Where the parts of a SQL text are that are not code, in ClickHouse's lexical rules: strings and quoted names
 * with backslash escapes or doubled quotes, `--`, `//`, `# ` and `#!` comments, block comments (which nest), and
 * heredocs (`$tag$…$tag$`). Both texts have the length of the SQL, so that positions are the same in all three.
 */
export interface MaskedSql {
  /** Comments are blank. */
  readonly withoutComments: string;
  /** Comments and the contents of strings, quoted names and heredocs are blank. */
  readonly code: string;
}

const WORD = /[A-Za-z0-9_$]/;

export function maskSql(sql: string): MaskedSql {
  const withoutComments: string[] = [];
  const code: string[] = [];
  let position = 0;
  const keep = (end: number) => {
    const text = sql.slice(position, end);
    withoutComments.push(text);
    code.push(text);
    position = end;
  };
  while (position < sql.length) {
    const comment = commentEnd(sql, position);
    const literal = comment === undefined ? literalEnd(sql, position) : undefined;
    if (comment !== undefined) {
      const blank = ' '.repeat(comment - position);
      withoutComments.push(blank);
      code.push(blank);
      position = comment;
    } else if (literal !== undefined) {
      withoutComments.push(sql.slice(position, literal));
      // The quotes stay visible, so that the words around a string do not become one.
      code.push(literal - position < 2 ? "'" : `'${' '.repeat(literal - position - 2)}'`);
      position = literal;
    } else {
      keep(codeEnd(sql, position));
    }
  }
  return { withoutComments: withoutComments.join(''), code: code.join('') };
}

function commentEnd(sql: string, start: number): number | undefined {
  const two = sql.slice(start, start + 2);
  if (two === '--' || two === '//' || two === '# ' || two === '#!') {
    const end = sql.indexOf('\n', start + 2);
    return end < 0 ? sql.length : end + 1;
  }
  return two === '/*' ? blockEnd(sql, start) : undefined;
}

function blockEnd(sql: string, start: number): number {
  const sign = /\/\*|\*\//g;
  sign.lastIndex = start;
  let depth = 0;
  for (let match = sign.exec(sql); match !== null; match = sign.exec(sql)) {
    depth += match[0] === '/*' ? 1 : -1;
    if (depth === 0) return sign.lastIndex;
  }
  return sql.length;
}

function literalEnd(sql: string, start: number): number | undefined {
  const first = sql[start];
  if (first === "'" || first === '"' || first === '`') return quotedEnd(sql, start, first);
  return first === '$' ? heredocEnd(sql, start) : undefined;
}

function quotedEnd(sql: string, start: number, quote: string): number {
  for (let position = start + 1; position < sql.length; position += 1) {
    if (sql[position] === '\\') position += 1;
    else if (sql[position] === quote) {
      if (sql[position + 1] !== quote) return position + 1;
      position += 1;
    }
  }
  return sql.length;
}

function heredocEnd(sql: string, start: number): number | undefined {
  const tag = /^\$\w*\$/.exec(sql.slice(start, start + 256))?.[0];
  if (tag === undefined) return undefined;
  const end = sql.indexOf(tag, start + tag.length);
  return end < 0 ? undefined : end + tag.length;
}

/** A word as a whole, because a `$` inside one starts no heredoc; any other character by itself. */
function codeEnd(sql: string, start: number): number {
  let end = start + 1;
  if (WORD.test(sql[start] ?? '')) while (end < sql.length && WORD.test(sql[end] ?? '')) end += 1;
  return end;
}

/** The statement without comments and semicolons at its end, so that a FORMAT clause can follow. */
export function statementOf(sql: string): string {
  const { code, withoutComments } = maskSql(sql);
  const length = code.replace(/[\s;]+$/, '').length;
  return withoutComments.slice(0, length).trim();
}

/** The first word of the statement, in lower case. */
export function firstWord(sql: string): string {
  return /^[\s(]*([a-z]+)/i.exec(maskSql(sql).code)?.[1]?.toLowerCase() ?? '';
}
