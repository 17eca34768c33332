import { z } from 'zod';
import { type Database } from './client';
import { MAX_RETURNED_ROWS } from './props/table';
import { type Row, type Statement } from './rows';

export interface Written {
  readonly inserted: number;
  readonly updated: number;
  /** At most 1,000; none unless they are asked for. */
  readonly rows: Row[];
}

/** Marks inserted rows in the result; removed before a flow sees it. */
const INSERTED_FLAG = '__bizstack_inserted';
/** A row that was there before carries the transaction that locked it. */
const INSERTED = `(xmax = 0) AS "${INSERTED_FLAG}"`;

/** Runs INSERT statements and counts what was inserted and what existed. */
export async function runWrites(
  database: Database,
  statements: readonly Statement[],
  { returnRows }: { returnRows: boolean },
): Promise<Written> {
  let inserted = 0;
  let updated = 0;
  const returned: Row[] = [];
  for (const statement of statements) {
    if (!returnRows || returned.length >= MAX_RETURNED_ROWS) {
      const counts = await countWritten(database, statement);
      inserted += counts.inserted;
      updated += counts.updated;
      continue;
    }
    const { sql, values, updates } = statement;
    const { rows } = await database.query(`${sql} RETURNING *${updates ? `, ${INSERTED}` : ''}`, values);
    for (const { [INSERTED_FLAG]: isNew, ...row } of rows) {
      if (isNew === false) updated += 1;
      else inserted += 1;
      if (returned.length < MAX_RETURNED_ROWS) returned.push(row);
    }
  }
  return { inserted, updated, rows: returned };
}

const countsSchema = z.object({ inserted: z.number(), updated: z.number() });

/** Without RETURNING where it can be, for users who may insert and not read. */
async function countWritten(
  database: Database,
  { sql, values, updates }: Statement,
): Promise<z.output<typeof countsSchema>> {
  if (!updates) return { inserted: (await database.query(sql, values)).count, updated: 0 };
  const { rows } = await database.query(
    `WITH written AS (${sql} RETURNING ${INSERTED})
     SELECT count(*) FILTER (WHERE "${INSERTED_FLAG}")::int AS inserted,
            count(*) FILTER (WHERE NOT "${INSERTED_FLAG}")::int AS updated FROM written`,
    values,
  );
  return countsSchema.parse(rows[0]);
}
