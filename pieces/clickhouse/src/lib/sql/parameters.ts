import { maskSql } from './mask';

export interface SqlParameter {
  readonly name: string;
  /** As it stands in the SQL, for example `Array(UInt32)`. */
  readonly type: string;
}

const START = /\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*:/g;

/**
 * The parameters `{name:Type}` of a SQL text, each name once, in the order of their first appearance. What
 * stands in strings, quoted names, comments and heredocs is none.
 */
export function findParameters(sql: string): SqlParameter[] {
  const { code, withoutComments } = maskSql(sql);
  const found = new Map<string, SqlParameter>();
  for (const match of code.matchAll(START)) {
    const from = match.index + match[0].length;
    const end = code.indexOf('}', from);
    const name = match[1];
    if (end < 0 || name === undefined) continue;
    const type = withoutComments.slice(from, end).trim().replaceAll(/\s+/g, ' ');
    if (type !== '' && !found.has(name)) found.set(name, { name, type });
  }
  return [...found.values()];
}
