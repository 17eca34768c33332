import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { BizError, messageOf } from '@bizstack/contracts/dist/errors';
import { parse } from 'csv-parse/sync';
import { z } from 'zod';

const rowsSchema = z.array(z.record(z.string(), z.string()));

export type CsvRow = Readonly<Record<string, string>>;

/**
 * Rows of a CSV file with a header line. Relative paths count from where npm was called.
 * @throws BizError `BIZ_EVAL_FILE_INVALID` when it cannot be read or is no such file.
 */
export async function readCsv(file: string): Promise<readonly CsvRow[]> {
  const path = resolve(process.env['INIT_CWD'] ?? process.cwd(), file);
  let rows: readonly CsvRow[];
  try {
    rows = rowsSchema.parse(
      parse(await readFile(path), { columns: true, bom: true, skip_empty_lines: true }),
    );
  } catch (cause) {
    throw new BizError(
      'BIZ_EVAL_FILE_INVALID',
      `${path} is no CSV file with a header: ${messageOf(cause)}.`,
      {
        hint: 'Give a readable CSV file whose rows all have as many cells as the header.',
        cause,
      },
    );
  }
  if (rows.length === 0) {
    throw new BizError('BIZ_EVAL_FILE_INVALID', `${path} has no rows.`, { details: { path } });
  }
  return rows;
}
