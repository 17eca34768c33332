import type { AuditRecord, AuditSink } from '@bizstack/agents/tools';
import type { Connection } from './connection';
import { withDatabase } from './postgres';

/** Keeps the records of a run in `records` and, with a connection, in its database. */
export function auditSink(connection: Connection | undefined, records: AuditRecord[]): AuditSink {
  return {
    record: async (record) => {
      if (connection !== undefined) await withDatabase(connection, ({ store }) => store.audit.record(record));
      records.push(record);
    },
  };
}
