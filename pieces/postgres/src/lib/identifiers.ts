import { BizError } from '@bizstack/piece-common';

/** PostgreSQL cuts longer names silently, which could name something else. */
const MAX_BYTES = 63;

/**
 * A name in double quotes, safe to stand in SQL.
 * @throws BizError `BIZ_POSTGRES_NAME_INVALID` for an empty or too long name, or one with a zero byte.
 */
export function quoteIdentifier(name: string): string {
  if (name === '' || name.includes('\0') || Buffer.byteLength(name) > MAX_BYTES) {
    throw new BizError(
      'BIZ_POSTGRES_NAME_INVALID',
      `"${name.slice(0, 80)}" cannot be a name in PostgreSQL.`,
      {
        hint: 'Names have 1 to 63 bytes.',
      },
    );
  }
  return `"${name.replaceAll('"', '""')}"`;
}

export interface TableName {
  readonly schema: string;
  readonly table: string;
}

/**
 * Reads `table`, `schema.table`, `"Quoted Table"` or `schema."Quoted.Table"`. Unquoted names stand for
 * themselves, letter by letter: what the list of tables shows is what is meant.
 * @throws BizError `BIZ_POSTGRES_NAME_INVALID`
 */
export function parseTableName(text: string): TableName {
  const match = /^(?:("(?:[^"]|"")+"|[^".]+)\.)?("(?:[^"]|"")+"|[^".]+)$/.exec(text.trim());
  const table = match?.[2];
  if (table === undefined) {
    throw new BizError('BIZ_POSTGRES_NAME_INVALID', `"${text.slice(0, 80)}" is not the name of a table.`, {
      hint: 'Write table or schema.table; put a name that holds a dot in double quotes.',
    });
  }
  return { schema: unquote(match?.[1] ?? 'public'), table: unquote(table) };
}

/** The text that {@link parseTableName} reads back as this table. */
export function formatTableName({ schema, table }: TableName): string {
  const part = (name: string) => (/[".]/.test(name) || name !== name.trim() ? quoteIdentifier(name) : name);
  return `${part(schema)}.${part(table)}`;
}

function unquote(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}

/** `"schema"."table"` */
export function quoteTable({ schema, table }: TableName): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(table)}`;
}
