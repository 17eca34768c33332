import { BizError, messageOf } from '@bizstack/contracts';
import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint';
import { Pool, type PoolClient } from 'pg';
import { z } from 'zod';
import { noUsage } from '../providers/usage';
import type { AuditSink } from '../tools/audit';
import type { CallLedger } from '../tools/ledger';
import { runBusy, runGone } from './memory-store';
import { MIGRATIONS } from './migrations';
import { postgresAudit } from './postgres-audit';
import { callOutcomeSchema, runRecordSchema } from './schemas';
import {
  QUALIFICATION_FIELDS,
  type AgentStore,
  type ConversationStore,
  type ForgottenRows,
  type QualificationStore,
  type RunRecord,
  type RunStore,
} from './store';

export interface PostgresStoreOptions {
  /** `postgres://user:password@host:port/database`; the user owns the schema, or may create it. */
  connectionString: string;
  /** Tables live here. */
  schema?: string;
  /** Connections for statements; a run that is worked on holds one more, of as many again. */
  maxConnections?: number;
}

const SCHEMA_NAME = /^[a-z_][a-z0-9_]{0,62}$/;

const runRowSchema = z
  .object({ run_id: z.string(), contact_id: z.string().nullable(), user_id: z.string() })
  .extend(runRecordSchema.omit({ runId: true, contactId: true, userId: true }).shape);

/** Remembers in PostgreSQL, in a schema of its own. Call {@link PostgresStore.migrate} once before use. */
export class PostgresStore implements AgentStore {
  readonly #pool: Pool;
  /** Apart from the others: runs that hold a lock and wait for a connection would wait for each other. */
  readonly #locks: Pool;
  readonly #schema: string;
  /** Keeps the audit, and publishes it by the stack's outbox where that is in the same database. */
  readonly audit: AuditSink;
  #saver: Promise<BaseCheckpointSaver> | undefined;

  /** @throws BizError `BIZ_AGENTS_CONFIG_INVALID` */
  constructor({ connectionString, schema = 'bizstack_agents', maxConnections = 10 }: PostgresStoreOptions) {
    if (!SCHEMA_NAME.test(schema)) {
      throw new BizError('BIZ_AGENTS_CONFIG_INVALID', `"${schema}" is no name for a schema.`, {
        hint: 'Use lower-case letters, digits and _.',
      });
    }
    this.#schema = schema;
    const settings = { connectionString, max: maxConnections, options: `-c search_path=${schema}` };
    this.#pool = new Pool(settings);
    this.#locks = new Pool(settings);
    // A connection that breaks while nobody uses it is replaced; without a listener it would end the process.
    this.#pool.on('error', () => undefined);
    this.#locks.on('error', () => undefined);
    this.audit = postgresAudit(this.#pool);
  }

  /**
   * Makes or upgrades the tables; safe to run twice and by several processes at once.
   * @throws BizError `BIZ_AGENTS_STORE_FAILED`
   */
  async migrate(): Promise<void> {
    const client = await this.#connect();
    try {
      // One lock for our tables and LangGraph's, whose set-up is not safe to run twice at once.
      await client.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [`migrate:${this.#schema}`]);
      const { rows: found } = await client.query<{ there: boolean }>(
        'SELECT to_regnamespace($1) IS NOT NULL AS there',
        [this.#schema],
      );
      // Asked first: a user who may not make schemas can be given one.
      if (!found[0]?.there) await client.query(`CREATE SCHEMA ${this.#schema}`);
      await client.query(
        'CREATE TABLE IF NOT EXISTS migrations (version integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())',
      );
      const { rows } = await client.query<{ version: number }>('SELECT version FROM migrations');
      const applied = new Set(rows.map((row) => row.version));
      for (const [version, sql] of MIGRATIONS.entries()) {
        if (applied.has(version)) continue;
        await transaction(client, async () => {
          await client.query(sql);
          await client.query('INSERT INTO migrations (version) VALUES ($1)', [version]);
        });
      }
      const { setUpTables } = await import('./postgres-saver-lazy.js');
      await setUpTables(this.#pool, this.#schema);
    } catch (cause) {
      throw new BizError(
        'BIZ_AGENTS_STORE_FAILED',
        `The tables of the agents could not be made: ${messageOf(cause)}`,
        {
          hint: 'The database user needs CREATE on the database; or migrate once as an administrator and hand over the schema.',
          cause,
        },
      );
    } finally {
      await client
        .query('SELECT pg_advisory_unlock(hashtextextended($1, 0))', [`migrate:${this.#schema}`])
        .catch(() => undefined);
      client.release();
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#pool.end(), this.#locks.end()]);
  }

  readonly runs: RunStore = {
    open: async (run) => {
      await this.#pool.query(
        `INSERT INTO runs (run_id, agent, contact_id, user_id, usage) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (run_id) DO NOTHING`,
        [run.runId, run.agent, run.contactId, run.userId, JSON.stringify(noUsage())],
      );
      const known = await this.runs.get(run.runId);
      if (!known) throw runGone(run.runId);
      return known;
    },
    get: async (runId) => {
      const { rows } = await this.#pool.query('SELECT * FROM runs WHERE run_id = $1', [runId]);
      return rows.length === 0 ? undefined : toRun(rows[0]);
    },
    update: async (runId, patch) => {
      const columns = Object.entries(patch).filter(([, value]) => value !== undefined);
      const sets = columns.map(([name], index) => `${name} = $${index + 2}`);
      const values = columns.map(([name, value]) => (name === 'status' ? value : JSON.stringify(value)));
      const { rowCount } = await this.#pool.query(
        `UPDATE runs SET ${sets.join(', ')}, updated_at = now()
         ${patch.status === 'running' ? ', cancel_requested = false' : ''} WHERE run_id = $1`,
        [runId, ...values],
      );
      if (rowCount === 0) throw runGone(runId);
    },
    withLock: async (runId, work) => {
      const client = await this.#connect(this.#locks);
      try {
        const { rows } = await client.query<{ taken: boolean }>(
          'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS taken',
          [`run:${runId}`],
        );
        if (!rows[0]?.taken) throw runBusy(runId);
        try {
          return await work();
        } finally {
          await client.query('SELECT pg_advisory_unlock(hashtextextended($1, 0))', [`run:${runId}`]);
        }
      } finally {
        client.release();
      }
    },
    requestCancel: async (runId) => {
      await this.#pool.query('UPDATE runs SET cancel_requested = true WHERE run_id = $1', [runId]);
    },
    isCancelRequested: async (runId) => {
      const { rows } = await this.#pool.query<{ cancel_requested: boolean }>(
        'SELECT cancel_requested FROM runs WHERE run_id = $1',
        [runId],
      );
      return rows[0]?.cancel_requested ?? false;
    },
  };

  readonly ledger: CallLedger = {
    begin: async (runId, callId, tool) => {
      const { rowCount } = await this.#pool.query(
        'INSERT INTO calls (run_id, call_id, tool) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
        [runId, callId, tool],
      );
      if (rowCount === 1) return { state: 'new' };
      const { rows } = await this.#pool.query<{ outcome: unknown }>(
        'SELECT outcome FROM calls WHERE run_id = $1 AND call_id = $2',
        [runId, callId],
      );
      const outcome = callOutcomeSchema.safeParse(rows[0]?.outcome);
      return outcome.success ? { state: 'done', outcome: outcome.data } : { state: 'unknown' };
    },
    finish: async (runId, callId, outcome) => {
      await this.#pool.query('UPDATE calls SET outcome = $3 WHERE run_id = $1 AND call_id = $2', [
        runId,
        callId,
        JSON.stringify(outcome),
      ]);
    },
  };

  readonly conversations: ConversationStore = {
    load: async (contactId, agent) => {
      const summary = await this.#pool.query<{ text: string; up_to: string }>(
        'SELECT text, up_to FROM summaries WHERE contact_id = $1 AND agent = $2',
        [contactId, agent],
      );
      const turns = await this.#pool.query<{ role: 'contact' | 'agent'; text: string }>(
        'SELECT role, text FROM turns WHERE contact_id = $1 AND agent = $2 AND id > $3 ORDER BY id',
        [contactId, agent, summary.rows[0]?.up_to ?? '0'],
      );
      return { summary: summary.rows[0]?.text ?? null, turns: turns.rows };
    },
    append: async (contactId, agent, runId, turns) => {
      for (const [position, turn] of turns.entries()) {
        await this.#pool.query(
          `INSERT INTO turns (contact_id, agent, run_id, position, role, text)
           SELECT $1, $2, $3, $4, $5, $6 WHERE EXISTS (SELECT FROM runs WHERE run_id = $3)
           ON CONFLICT DO NOTHING`,
          [contactId, agent, runId, position, turn.role, turn.text],
        );
      }
    },
    summarise: async (contactId, agent, summary, count) => {
      // The turns that were put in short go: what nobody reads any more is not kept.
      await this.#transaction(async (client) => {
        const { rows } = await client.query<{ id: string }>(
          'SELECT id FROM turns WHERE contact_id = $1 AND agent = $2 ORDER BY id LIMIT $3 FOR UPDATE',
          [contactId, agent, count],
        );
        const last = rows.at(-1);
        if (rows.length < count || !last) return;
        await client.query(
          `INSERT INTO summaries (contact_id, agent, text, up_to) VALUES ($1, $2, $3, $4)
           ON CONFLICT (contact_id, agent) DO UPDATE SET text = excluded.text, up_to = excluded.up_to`,
          [contactId, agent, summary, last.id],
        );
        await client.query('DELETE FROM turns WHERE contact_id = $1 AND agent = $2 AND id <= $3', [
          contactId,
          agent,
          last.id,
        ]);
      });
    },
  };

  readonly qualification: QualificationStore = {
    load: async (contactId) => {
      const { rows } = await this.#pool.query<{
        field: string;
        value: string;
        quote: string;
        run_id: string;
      }>('SELECT field, value, quote, run_id FROM qualification WHERE contact_id = $1', [contactId]);
      return Object.fromEntries(
        rows.map(({ field, value, quote, run_id }) => [field, { value, quote, runId: run_id }]),
      );
    },
    save: async (contactId, answers) => {
      for (const field of QUALIFICATION_FIELDS) {
        const answer = answers[field];
        if (!answer) continue;
        await this.#pool.query(
          `INSERT INTO qualification (contact_id, field, value, quote, run_id)
           SELECT $1, $2, $3, $4, $5 WHERE EXISTS (SELECT FROM runs WHERE run_id = $5)
           ON CONFLICT (contact_id, field) DO UPDATE
             SET value = excluded.value, quote = excluded.quote, run_id = excluded.run_id, updated_at = now()`,
          [contactId, field, answer.value, answer.quote, answer.runId],
        );
      }
      return this.qualification.load(contactId);
    },
  };

  checkpoints(): Promise<BaseCheckpointSaver> {
    this.#saver ??= import('./postgres-saver-lazy.js').then(({ postgresSaver }) =>
      postgresSaver(this.#pool, this.#schema),
    );
    return this.#saver;
  }

  async forgetContact(contactId: string): Promise<ForgottenRows> {
    return this.#transaction(async (client) => {
      const count = async (sql: string, values: unknown[]) => (await client.query(sql, values)).rowCount ?? 0;
      // Locks the runs: a run that is worked on meanwhile finds itself gone and writes nothing more.
      const { rows } = await client.query<{ run_id: string }>(
        'SELECT run_id FROM runs WHERE contact_id = $1 FOR UPDATE',
        [contactId],
      );
      const ids = rows.map((row) => row.run_id);
      let checkpoints = 0;
      for (const table of ['checkpoints', 'checkpoint_blobs', 'checkpoint_writes']) {
        checkpoints += await count(`DELETE FROM ${table} WHERE thread_id = ANY($1)`, [ids]);
      }
      const turns = await count('DELETE FROM turns WHERE contact_id = $1', [contactId]);
      const summaries = await count('DELETE FROM summaries WHERE contact_id = $1', [contactId]);
      const qualification = await count('DELETE FROM qualification WHERE contact_id = $1', [contactId]);
      const calls = await count('DELETE FROM calls WHERE run_id = ANY($1)', [ids]);
      const runs = await count('DELETE FROM runs WHERE run_id = ANY($1)', [ids]);
      return { runs, calls, turns, summaries, qualification, checkpoints };
    });
  }

  async #connect(pool = this.#pool): Promise<PoolClient> {
    try {
      return await pool.connect();
    } catch (cause) {
      throw new BizError('BIZ_AGENTS_STORE_FAILED', `PostgreSQL cannot be reached: ${messageOf(cause)}`, {
        hint: 'Check the connection string and that the server runs.',
        cause,
        retryable: true,
      });
    }
  }

  async #transaction<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await this.#connect();
    try {
      return await transaction(client, () => work(client));
    } finally {
      client.release();
    }
  }
}

async function transaction<T>(client: PoolClient, work: () => Promise<T>): Promise<T> {
  await client.query('BEGIN');
  try {
    const result = await work();
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}

function toRun(row: unknown): RunRecord {
  const run = runRowSchema.parse(row);
  return {
    runId: run.run_id,
    agent: run.agent,
    contactId: run.contact_id,
    userId: run.user_id,
    status: run.status,
    calls: run.calls,
    decisions: run.decisions,
    result: run.result,
    usage: run.usage,
  };
}
