import { failure } from '../errors';
import { type Connection } from '../engine/connection';
import { type RunningQuery } from '../engine/running';
import { type Summary } from '../http/result-writer';
import { type InsertHead } from '../sql/insert-head';
import { quoteString } from '../sql/literal';
import { type SpooledFile } from './spool';

/** Inserts the rows of a spooled request body. The engine reads the file, so every input format works. */
export async function runInsert(
  connection: Connection,
  head: InsertHead,
  file: SpooledFile,
  query: RunningQuery,
): Promise<Summary> {
  const result = await connection.run(infileSql(head, file.path, query.tag));
  // Rows of an INSERT … SELECT FROM input() are counted before the SELECT: what was written is not known.
  const known = head.input === undefined;
  const rows = String(result.rows);
  return {
    ...(known
      ? {
          read_rows: rows,
          read_bytes: String(result.rowBytes),
          written_rows: rows,
          written_bytes: String(result.rowBytes),
          total_rows_to_read: '0',
          result_rows: rows,
          result_bytes: String(result.rowBytes),
        }
      : {}),
    elapsed_ns: String(Math.round(result.elapsed * 1e9)),
  };
}

function infileSql(head: InsertHead, path: string, tag: string): string {
  if (head.input === undefined) {
    return `${head.target} FROM INFILE ${quoteString(path)} COMPRESSION 'none' ${head.settings} FORMAT ${head.format}`;
  }
  const { before, structure, after } = head.input;
  return `${before}file(${quoteString(path)}, ${quoteString(head.format)}, ${structure}, 'none')${after}\n/*${tag}*/`;
}

/** @throws ClickHouseError 48 for forms of input() that cannot be served */
export function assertInputServed(head: InsertHead): void {
  if (head.input !== undefined && /^values$/i.test(head.format)) {
    throw failure('NOT_IMPLEMENTED', 'input() with FORMAT Values is not served: use a data format.');
  }
}
