import { EVENT_TOPICS, newEventId } from '@bizstack/contracts';
import type { Pool } from 'pg';
import { auditEvent, auditId, type AuditSink } from '../tools/audit';

/** The outbox of the stack: what stands here, its relay puts on Kafka. */
const OUTBOX = { schema: 'outbox', table: 'events' };
const COLUMNS = ['id', 'topic', 'aggregateid', 'type', 'payload', 'publishedAt'];

const KEEP =
  'INSERT INTO audit (event_id, event) VALUES ($1::uuid, $2::jsonb) ON CONFLICT DO NOTHING RETURNING event';
/** One statement, so that a record is kept and published, or neither. */
const KEEP_AND_PUBLISH = `WITH kept AS (${KEEP})
  INSERT INTO ${OUTBOX.schema}.${OUTBOX.table} (id, topic, aggregateid, type, payload)
  SELECT (event->>'id')::uuid, $3, event->>'subject', event->>'type', event FROM kept`;

/**
 * Keeps each record once in the table `audit`, and where the database has the stack's outbox puts its event there for
 * `bizstack.audit`. The event gets an id of its own, made when it is kept: the relay publishes in the order of ids.
 */
export function postgresAudit(pool: Pool): AuditSink {
  let hasOutbox = false;
  return {
    record: async (record) => {
      const event = auditEvent(record, newEventId());
      const values = [auditId(record), JSON.stringify(event)];
      // Asked again until there is one: the stack may be installed later.
      hasOutbox ||= await findOutbox(pool);
      if (hasOutbox) await pool.query(KEEP_AND_PUBLISH, [...values, EVENT_TOPICS['audit.action.performed']]);
      else await pool.query(KEEP, values);
    },
  };
}

async function findOutbox(pool: Pool): Promise<boolean> {
  const { rows } = await pool.query<{ columns: string }>(
    `SELECT count(*) AS columns
       FROM pg_namespace n
       JOIN pg_class c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'p')
       JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = ANY($3)
      WHERE n.nspname = $1 AND c.relname = $2
        AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'INSERT')`,
    [OUTBOX.schema, OUTBOX.table, COLUMNS],
  );
  return Number(rows[0]?.columns) === COLUMNS.length;
}
