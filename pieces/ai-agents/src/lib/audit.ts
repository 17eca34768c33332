import type { AuditRecord, AuditSink } from '@bizstack/agents/tools';
import type { Connection } from './connection';
import { SCHEMA, withDatabase } from './postgres';

/**
 * Keeps the records of a run in `records` and, with a connection, in the table of the audit as the events that
 * `bizstack.audit` takes. The same record twice is one row.
 */
export async function auditSink(
  connection: Connection | undefined,
  records: AuditRecord[],
): Promise<AuditSink> {
  const { auditEvent } = await import('@bizstack/agents/tools');
  return {
    record: async (record) => {
      if (connection !== undefined) {
        const event = auditEvent(record);
        await withDatabase(connection, ({ pool }) =>
          pool.query(`INSERT INTO ${SCHEMA}.audit (event_id, event) VALUES ($1, $2) ON CONFLICT DO NOTHING`, [
            event.id,
            JSON.stringify(event),
          ]),
        );
      }
      records.push(record);
    },
  };
}
