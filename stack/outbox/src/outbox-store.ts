import { Client } from 'pg';

/** Next offset to read, by topic and partition. */
export type Offsets = Record<string, Record<string, string>>;

export interface OutboxRow {
  readonly id: string;
  readonly topic: string;
  /** Kafka key: one aggregate keeps its order. */
  readonly aggregateid: string;
  readonly type: string;
  readonly payload: unknown;
}

/** A row with this many attempts is set aside until a person has looked at it and put it back to 0. */
const SET_ASIDE = 1_000;

/** Any constant of this application; the second half of the key is the table. */
const LOCK_CLASS = 721_403;

/** One session: the advisory lock lives exactly as long as this connection. */
export class OutboxStore {
  private constructor(
    private readonly client: Client,
    private readonly table: string,
    private readonly stateTable: string,
  ) {}

  /**
   * @param table name of the outbox table, with its schema when that is not on the search path
   * @param applicationName shown in pg_stat_activity
   * @param onLost called when the connection breaks: leadership is gone with it
   */
  static async connect(
    databaseUrl: string,
    table: string,
    applicationName: string,
    onLost: (error: Error) => void,
  ): Promise<OutboxStore> {
    const client = new Client({
      connectionString: databaseUrl,
      application_name: applicationName,
      keepAlive: true,
      connectionTimeoutMillis: 10_000,
      query_timeout: 60_000,
    });
    client.on('error', onLost);
    await client.connect();
    const quoted = table.split('.').map((part) => client.escapeIdentifier(part));
    const name = quoted.join('.');
    const stateName = [
      ...quoted.slice(0, -1),
      client.escapeIdentifier(`${table.split('.').at(-1)}Relay`),
    ].join('.');
    return new OutboxStore(client, name, stateName);
  }

  async tryLead(): Promise<boolean> {
    const { rows } = await this.client.query<{ leads: boolean }>(
      'select pg_try_advisory_lock($1, hashtext($2)) as leads',
      [LOCK_CLASS, this.table],
    );
    return rows[0]?.leads ?? false;
  }

  async prepare(): Promise<void> {
    await this.client.query(
      `create table if not exists ${this.stateTable} (name text primary key, offsets jsonb not null, "updatedAt" timestamptz not null default now())`,
    );
  }

  async readOffsets(): Promise<Offsets> {
    const { rows } = await this.client.query<{ offsets: Offsets }>(
      `select offsets from ${this.stateTable} where name = 'kafka'`,
    );
    return rows[0]?.offsets ?? {};
  }

  /** Marks rows as published and stores the offsets reached, both or neither. */
  async markPublished(ids: readonly string[], offsets: Offsets): Promise<void> {
    await this.inTransaction(async () => {
      await this.client.query(
        `update ${this.table} set "publishedAt" = now(), "lastError" = null where id = any($1::uuid[]) and "publishedAt" is null`,
        [ids],
      );
      await this.client.query(
        `insert into ${this.stateTable} (name, offsets) values ('kafka', $1) on conflict (name) do update set offsets = excluded.offsets, "updatedAt" = now()`,
        [JSON.stringify(offsets)],
      );
    });
  }

  async pending(limit: number): Promise<OutboxRow[]> {
    const { rows } = await this.client.query<OutboxRow>(
      `select id, topic, aggregateid, type, payload from ${this.table} where "publishedAt" is null and coalesce(attempts, 0) < $2 order by id limit $1`,
      [limit, SET_ASIDE],
    );
    return rows;
  }

  async setAside(id: string, message: string): Promise<void> {
    await this.client.query(`update ${this.table} set attempts = $3, "lastError" = $2 where id = $1`, [
      id,
      message.slice(0, 1_000),
      SET_ASIDE,
    ]);
  }

  async backlog(): Promise<{ pending: number; setAside: number; oldestSeconds: number }> {
    const { rows } = await this.client.query<{ pending: string; aside: string; age: string | null }>(
      `select count(*) filter (where coalesce(attempts, 0) < $1) as pending,
              count(*) filter (where coalesce(attempts, 0) >= $1) as aside,
              extract(epoch from now() - min("createdAt")) as age
         from ${this.table} where "publishedAt" is null`,
      [SET_ASIDE],
    );
    const row = rows[0];
    return {
      pending: Number(row?.pending ?? 0),
      setAside: Number(row?.aside ?? 0),
      oldestSeconds: Number(row?.age ?? 0),
    };
  }

  /** Deletes rows that were published more than `days` days ago, a thousand at a time. */
  async prune(days: number): Promise<number> {
    const { rowCount } = await this.client.query(
      `delete from ${this.table} where id in (select id from ${this.table} where "publishedAt" < now() - make_interval(days => $1) limit 1000)`,
      [days],
    );
    return rowCount ?? 0;
  }

  async close(): Promise<void> {
    await this.client.end();
  }

  private async inTransaction(work: () => Promise<void>): Promise<void> {
    await this.client.query('begin');
    try {
      await work();
      await this.client.query('commit');
    } catch (error) {
      await this.client.query('rollback');
      throw error;
    }
  }
}
