import type { Pool, QueryResultRow } from 'pg';

/** Reads what the workflows wrote. */
export class Books {
  constructor(readonly pool: Pool) {}

  async rows<T extends QueryResultRow>(sql: string, values: readonly unknown[] = []): Promise<T[]> {
    return (await this.pool.query<T>(sql, [...values])).rows;
  }

  /** Saldo of every account that a workflow touched, in units of 0.0001, without those that are even. */
  async balances(workflowId: string): Promise<Record<string, string>> {
    const rows = await this.rows<{ account: string; balance: string }>(
      'SELECT account, trim_scale(balance)::text AS balance FROM finance.balances WHERE workflow_id = $1 AND balance <> 0 ORDER BY account',
      [workflowId],
    );
    return Object.fromEntries(rows.map(({ account, balance }) => [account, balance]));
  }

  /** Descriptions of the entries in the order in which they were posted. */
  async entries(workflowId: string): Promise<string[]> {
    const rows = await this.rows<{ description: string }>(
      'SELECT description FROM finance.journal_entries WHERE workflow_id = $1 ORDER BY id',
      [workflowId],
    );
    return rows.map(({ description }) => description);
  }

  /** Types of the events of a workflow in the order in which they leave. */
  async events(workflowId: string): Promise<string[]> {
    const rows = await this.rows<{ type: string }>(
      `SELECT type FROM outbox.events WHERE payload->'data'->>'workflowId' = $1 ORDER BY id`,
      [workflowId],
    );
    return rows.map(({ type }) => type);
  }
}
