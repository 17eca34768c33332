import { type Database } from './client';
import { INSERTED_FLAG, type Row, type Statement } from './rows';
import { MAX_RETURNED_ROWS } from './props/table';

export interface Written {
  readonly inserted: number;
  readonly updated: number;
  /** At most 1,000. */
  readonly rows: Row[];
}

/** Runs INSERT statements and counts what was inserted and what existed. */
export async function runWrites(database: Database, statements: readonly Statement[]): Promise<Written> {
  let inserted = 0;
  let updated = 0;
  const returned: Row[] = [];
  for (const { sql, values } of statements) {
    const { rows } = await database.query(sql, values);
    for (const { [INSERTED_FLAG]: isNew, ...row } of rows) {
      if (isNew === false) updated += 1;
      else inserted += 1;
      if (returned.length < MAX_RETURNED_ROWS) returned.push(row);
    }
  }
  return { inserted, updated, rows: returned };
}
