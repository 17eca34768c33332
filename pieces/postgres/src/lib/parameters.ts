import { randomUUID } from 'node:crypto';
import { type Database, withTransaction } from './client';

/** A place in a statement that a value is bound to. */
export interface Parameter {
  /** 1 for $1. */
  readonly number: number;
  /** Name of the type in PostgreSQL, as in `timestamp with time zone`; undefined when the server did not tell. */
  readonly type: string | undefined;
}

/** The parts of a statement in which `$1` is no parameter, and the parameters. */
const TOKEN =
  /--[^\n]*|[eE]'(?:[^'\\]|\\[^]|'')*'?|'(?:[^']|'')*'?|"(?:[^"]|"")*"?|\/\*|\$(?<number>[1-9]\d{0,4})|(?<tag>\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$)|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/g;

/** Numbers of the parameters in a statement, ascending, each once. Text, names and comments hold none. */
export function parameterNumbers(sql: string): number[] {
  const numbers = new Set<number>();
  TOKEN.lastIndex = 0;
  for (let token = TOKEN.exec(sql); token !== null; token = TOKEN.exec(sql)) {
    const { number, tag } = token.groups ?? {};
    if (number !== undefined) numbers.add(Number(number));
    else if (tag !== undefined) {
      const end = sql.indexOf(tag, TOKEN.lastIndex);
      TOKEN.lastIndex = end === -1 ? sql.length : end + tag.length;
    } else if (token[0] === '/*') TOKEN.lastIndex = endOfComment(sql, TOKEN.lastIndex);
  }
  return [...numbers].sort((a, b) => a - b);
}

/** PostgreSQL's comments nest. */
function endOfComment(sql: string, start: number): number {
  const edge = /\/\*|\*\//g;
  edge.lastIndex = start;
  let depth = 1;
  for (let found = edge.exec(sql); found !== null; found = edge.exec(sql)) {
    depth += found[0] === '/*' ? 1 : -1;
    if (depth === 0) return edge.lastIndex;
  }
  return sql.length;
}

/**
 * The parameters of a statement with their types, which PostgreSQL finds without running it.
 * Without types when the server cannot tell: a wrong statement, or one that cannot be prepared.
 */
export async function parametersOf(props: unknown, sql: string): Promise<Parameter[]> {
  const numbers = parameterNumbers(sql);
  if (numbers.length === 0) return [];
  const types = await withTransaction(props, (database) => typesOf(database, sql), { readOnly: true }).catch(
    () => [],
  );
  return numbers.map((number) => ({ number, type: types[number - 1] }));
}

async function typesOf(database: Database, sql: string): Promise<string[]> {
  const name = `bizstack_${randomUUID().replaceAll('-', '')}`;
  await database.query(`PREPARE ${name} AS ${sql.trim().replace(/(?:\s*;)+$/, '')}`);
  try {
    const { rows } = await database.query<{ type: string }>(
      `SELECT type::text FROM pg_prepared_statements, unnest(parameter_types) WITH ORDINALITY AS p(type, place)
       WHERE name = $1 ORDER BY place`,
      [name],
    );
    return rows.map(({ type }) => type);
  } finally {
    await database.query(`DEALLOCATE ${name}`);
  }
}
