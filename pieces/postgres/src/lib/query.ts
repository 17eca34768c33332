import type { Database } from './client';

type Row = Record<string, unknown>;

export interface QueryResult {
  readonly rows: Row[];
  /** True when there are more rows than were asked for. */
  readonly truncated: boolean;
}

const CURSOR = 'bizstack_cursor';

/** Comments and whitespace before the first word. */
const LEADING = /^(?:\s+|--[^\n]*(?:\n|$)|\/\*[^]*?\*\/|\()*/;

/** The statement from its first word on, in lower case. */
export function statementBody(sql: string): string {
  return sql.replace(LEADING, '').toLowerCase();
}

/** True for statements that a cursor can run, so that only the rows asked for leave the server. */
function canUseCursor(sql: string): boolean {
  return /^(select|with|values|table)\b/.test(statementBody(sql));
}

/** Reads at most `limit` rows. The caller has begun a transaction. */
export async function readRows(
  database: Database,
  { sql, values, limit }: { sql: string; values: unknown[]; limit: number },
): Promise<QueryResult> {
  const text = withoutSemicolon(sql);
  if (!canUseCursor(text)) {
    const { rows } = await database.query(text, values);
    return { rows: rows.slice(0, limit), truncated: rows.length > limit };
  }
  await database.query(`DECLARE ${CURSOR} NO SCROLL CURSOR FOR ${text}`, values);
  const { rows } = await database.query(`FETCH ${limit + 1} FROM ${CURSOR}`);
  await database.query(`CLOSE ${CURSOR}`);
  return { rows: rows.slice(0, limit), truncated: rows.length > limit };
}

/** Hands over all rows in portions, the last of which may be empty, with the names of the columns. */
export async function streamRows(
  database: Database,
  { sql, values, portion = 2_000 }: { sql: string; values: unknown[]; portion?: number },
  onRows: (rows: Row[], columns: string[]) => void,
): Promise<void> {
  await database.query(`DECLARE ${CURSOR} NO SCROLL CURSOR FOR ${withoutSemicolon(sql)}`, values);
  for (;;) {
    const { rows, fields } = await database.query(`FETCH ${portion} FROM ${CURSOR}`);
    onRows(
      rows,
      fields.map(({ name }) => name),
    );
    if (rows.length < portion) break;
  }
  await database.query(`CLOSE ${CURSOR}`);
}

function withoutSemicolon(sql: string): string {
  return sql.trim().replace(/(?:\s*;)+$/, '');
}
