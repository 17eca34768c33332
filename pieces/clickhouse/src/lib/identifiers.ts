import { BizError } from '@bizstack/piece-common';

/**
 * A name in backticks, safe to stand in SQL. Only for names that were found in the schema, or that are being
 * created: `{x:Identifier}` parameters cannot carry a quote or a backslash.
 * @throws BizError `BIZ_CLICKHOUSE_NAME_INVALID` for an empty name or one with a zero byte.
 */
export function quoteIdentifier(name: string): string {
  if (name === '' || name.includes('\0') || /\p{Surrogate}/u.test(name)) {
    throw invalidName(name, 'Names have at least one character and no zero byte.');
  }
  return `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``;
}

export interface TableName {
  /** Undefined for the database of the connection. */
  readonly database: string | undefined;
  readonly table: string;
}

const PART = '(`(?:[^`\\\\]|\\\\[^])+`|"(?:[^"\\\\]|\\\\[^])+"|[^".`]+)';
const TABLE_NAME = new RegExp(`^(?:${PART}\\.)?${PART}$`);

/**
 * Reads `table`, `database.table` and the same with names in backticks or double quotes. Unquoted names stand
 * for themselves, letter by letter: what the list of tables shows is what is meant.
 * @throws BizError `BIZ_CLICKHOUSE_NAME_INVALID`
 */
export function parseTableName(text: string): TableName {
  const match = TABLE_NAME.exec(text.trim());
  const table = match?.[2];
  if (table === undefined) {
    throw invalidName(
      text,
      'Write table or database.table; put a name that holds a dot or a quote in backticks.',
    );
  }
  return { database: match?.[1] === undefined ? undefined : unquote(match[1]), table: unquote(table) };
}

/** The text that {@link parseTableName} reads back as this table. */
export function formatTableName({ database, table }: { database: string; table: string }): string {
  const part = (name: string) => (/[".`]/.test(name) || name !== name.trim() ? quoteIdentifier(name) : name);
  return `${part(database)}.${part(table)}`;
}

function unquote(name: string): string {
  return /^["`]/.test(name) ? name.slice(1, -1).replaceAll(/\\([^])/g, '$1') : name;
}

function invalidName(name: string, hint: string): BizError {
  return new BizError(
    'BIZ_CLICKHOUSE_NAME_INVALID',
    `"${name.slice(0, 80)}" cannot be a name in ClickHouse.`,
    { hint },
  );
}
