import { createHash } from 'node:crypto';
import { BizError, createEvent, EVENT_TOPICS, type EventType } from '@bizstack/contracts';
import { DatabaseError, Pool, type PoolClient, type QueryResultRow } from 'pg';
import { balanced, type Posting } from '../domain/ledger';
import { formatMoney } from '../domain/money';

export interface NewEventOf {
  readonly type: EventType;
  readonly subject: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface Entry {
  readonly key: string;
  readonly workflowId: string;
  /** ISO 8601. */
  readonly at: string;
  readonly description: string;
  readonly reference: string;
  readonly currency: string;
  readonly postings: readonly Posting[];
}

/** One step: its rows, its postings and its events are committed together or not at all. */
export class Step {
  constructor(private readonly client: PoolClient) {}

  async rows<T extends QueryResultRow>(sql: string, values: readonly unknown[]): Promise<T[]> {
    return (await this.client.query<T>(sql, [...values])).rows;
  }

  /** @throws BizError `BIZ_RECORD_MISSING` when there is no row */
  async row<T extends QueryResultRow>(what: string, sql: string, values: readonly unknown[]): Promise<T> {
    const [row] = await this.rows<T>(sql, values);
    if (!row) throw new BizError('BIZ_RECORD_MISSING', `There is no ${what}.`);
    return row;
  }

  /** Puts an event into the outbox; the relay publishes it after the commit. */
  async emit({ type, subject, data }: NewEventOf): Promise<void> {
    const event = createEvent({ type, source: '/bizstack/workflows', subject, data: { ...data } });
    await this.client.query(
      'INSERT INTO outbox.events (id, topic, aggregateid, type, payload) VALUES ($1, $2, $3, $4, $5)',
      [event.id, EVENT_TOPICS[type], subject, type, JSON.stringify(event)],
    );
  }

  /** The next number of a series such as `INV-2026-000001`; without gaps, because it is part of the step. */
  async number(prefix: string, at: string): Promise<string> {
    const series = `${prefix}-${at.slice(0, 4)}`;
    const { last } = await this.row<{ last: string }>(
      'number series',
      `INSERT INTO finance.number_series (name, last) VALUES ($1, 1)
         ON CONFLICT (name) DO UPDATE SET last = number_series.last + 1 RETURNING last`,
      [series],
    );
    return `${series}-${last.padStart(6, '0')}`;
  }

  /**
   * Posts an entry that is balanced to the minor unit.
   * @throws BizError `BIZ_PERIOD_CLOSED`, `BIZ_LEDGER_UNBALANCED`
   */
  async post(entry: Entry): Promise<void> {
    const lines = balanced(entry.postings);
    if (lines.length === 0) return;
    const day = entry.at.slice(0, 10);
    const closed = await this.rows(
      'SELECT 1 FROM finance.closed_periods WHERE month = date_trunc($1, $2::date)',
      ['month', day],
    );
    if (closed.length > 0) {
      throw new BizError('BIZ_PERIOD_CLOSED', `The books of ${day.slice(0, 7)} are closed.`, {
        hint: 'Open the period or post in a later one.',
      });
    }
    const { id } = await this.row<{ id: string }>(
      'entry',
      `INSERT INTO finance.journal_entries (key, workflow_id, posted_on, description, reference, currency)
       VALUES ($1, $2, $3, $4, $5, $6) RETURNING id`,
      [entry.key, entry.workflowId, day, entry.description, entry.reference, entry.currency],
    );
    await this.client.query(
      `INSERT INTO finance.journal_lines (entry_id, line_no, account, debit, credit)
       SELECT $1, row_number() OVER (), account, debit, credit
         FROM unnest($2::text[], $3::numeric[], $4::numeric[]) AS l (account, debit, credit)`,
      [
        id,
        lines.map(({ account }) => account),
        lines.map(({ debit }) => formatMoney(debit, entry.currency)),
        lines.map(({ credit }) => formatMoney(credit, entry.currency)),
      ],
    );
  }
}

export class Database {
  private constructor(
    private readonly pool: Pool,
    private readonly changed: () => void,
  ) {}

  /** @param changed called after each commit that may have added events */
  static open(url: string, changed: () => void, log: (message: string) => void): Database {
    const pool = new Pool({
      connectionString: url,
      max: 10,
      application_name: 'bizstack-workflows',
      connectionTimeoutMillis: 5_000,
      query_timeout: 10_000,
      keepAlive: true,
    });
    // A connection that breaks while idle would end the process; the next step opens another.
    pool.on('error', (error) => log(error.message));
    return new Database(pool, changed);
  }

  /**
   * Does a step exactly once: the first result is kept under `key` in the transaction of its writes, and given
   * again to whoever repeats the step, in this process or another one.
   *
   * @param identity what a person chose that must be the same whenever `key` is used, for example an amount
   * @throws BizError `BIZ_STEP_CHANGED` when `key` was used with another identity
   */
  async once<T>(key: string, identity: unknown, work: (step: Step) => Promise<T>): Promise<T> {
    const fingerprint = createHash('sha256').update(JSON.stringify(identity)).digest('base64url');
    const result = await this.transaction(async (client) => {
      await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [key]);
      const { rows } = await client.query<{ result: { of: string; value: T } }>(
        'SELECT result FROM workflows.steps WHERE key = $1',
        [key],
      );
      const [done] = rows;
      if (done) {
        if (done.result.of === fingerprint) return done.result.value;
        throw new BizError('BIZ_STEP_CHANGED', `The step ${key} was done before with other input.`, {
          hint: 'Give each payment, refund and workflow an id of its own.',
        });
      }
      const value = await work(new Step(client));
      await client.query('INSERT INTO workflows.steps (key, result) VALUES ($1, $2)', [
        key,
        JSON.stringify({ of: fingerprint, value: value ?? null }),
      ]);
      return value;
    });
    this.changed();
    return result;
  }

  async ping(): Promise<void> {
    await this.pool.query('SELECT 1');
  }

  async read<T extends QueryResultRow>(sql: string, values: readonly unknown[]): Promise<T[]> {
    return (await this.pool.query<T>(sql, [...values])).rows;
  }

  async close(): Promise<void> {
    await this.pool.end();
  }

  private async transaction<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    let broken: Error | undefined;
    const lost = (error: Error) => (broken = error);
    client.on('error', lost);
    try {
      await client.query('BEGIN');
      try {
        const value = await work(client);
        await client.query('COMMIT');
        return value;
      } catch (error) {
        await client.query('ROLLBACK').catch((failure: Error) => (broken = failure));
        throw explained(error);
      }
    } finally {
      client.off('error', lost);
      client.release(broken);
    }
  }
}

/** What the database refuses because of the data is refused for ever; all else is tried again. */
function explained(error: unknown): unknown {
  if (!(error instanceof DatabaseError) || !/^(22|23)/.test(error.code ?? '')) return error;
  return new BizError('BIZ_DATABASE_REFUSED', `PostgreSQL refused the data: ${error.message}.`, {
    cause: error,
  });
}
