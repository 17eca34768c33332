import { type Summary } from '../http/result-writer';
import { type QueryRun } from './run-query';

/** Runs a statement without rows (DDL, SET, INSERT … SELECT). It goes on when the client goes away. */
export async function runCommand({
  connection,
  statement,
  query,
  defaultFormat,
  writer,
}: QueryRun): Promise<Summary> {
  const result = await connection.run(`${statement.text}\n/*${query.tag}*/`, defaultFormat);
  if (result.bytes.length > 0) await writer.write(result.bytes);
  return { elapsed_ns: String(Math.round(result.elapsed * 1e9)) };
}
