import type { Collection, Database, Transaction } from '@nocobase/database';
import { BizError } from '@bizstack/contracts';
import type { z } from 'zod';

/** Runs a statement and checks the shape of what it returns. */
export async function query<T>(
  db: Database,
  row: z.ZodType<T>,
  sql: string,
  options: { readonly bind?: readonly unknown[]; readonly transaction?: Transaction } = {},
): Promise<T[]> {
  const rows = await db.sequelize.query(sql, { ...options, type: 'SELECT' });
  return rows.map((item) => row.parse(item));
}

/** SQL names of a collection: NocoBase may put a prefix on tables and underscores into columns. */
export function names(collection: Collection): {
  readonly table: string;
  readonly column: (field: string) => string;
} {
  return {
    table: collection.quotedTableName(),
    column(field) {
      const column = collection.model.rawAttributes[field]?.field;
      if (column === undefined) throw new Error(`${collection.name} has no field ${field}`);
      return `"${column.replaceAll('"', '""')}"`;
    },
  };
}

/** @throws BizError `BIZ_CRM_DATABASE_UNSUPPORTED`: locks, the outbox and its relay are PostgreSQL's. */
export function requirePostgres(db: Database): void {
  if (db.options.dialect === 'postgres') return;
  throw new BizError(
    'BIZ_CRM_DATABASE_UNSUPPORTED',
    `The CRM plugin needs PostgreSQL, not ${db.options.dialect ?? 'an unknown database'}.`,
    {
      hint: 'Run NocoBase with DB_DIALECT=postgres.',
    },
  );
}
