import { createEvent, pointId, type BizEvent } from '@bizstack/contracts';
import type { ToolLabel } from './decision';

/** What happened to a call: `asked` and one of the decisions only where a person was needed. */
export type AuditPhase = 'asked' | 'approved' | 'edited' | 'rejected' | 'refused' | 'done' | 'failed';

export interface AuditRecord {
  runId: string;
  callId: string;
  agent: string;
  tool: string;
  label: ToolLabel | 'unknown';
  phase: AuditPhase;
  /** User the agent works for. */
  userId: string;
  contactId?: string;
  /** Who decided; of a rule when nobody had to: `policy`. */
  decidedBy?: string;
  /** Input without secrets. */
  input: unknown;
  /** Of an edited call: what the agent had asked for, without secrets. */
  originalInput?: unknown;
  /** Why it was refused, rejected or failed. */
  reason?: string;
  /** ISO 8601, UTC. */
  at: string;
}

/** Takes the records. When it throws before a write, the write does not happen. */
export interface AuditSink {
  record(record: AuditRecord): Promise<void>;
}

/** Depends on run, call and phase alone: the same record sent twice, after a crash, has one id. */
export function auditId({ runId, callId, phase }: AuditRecord): string {
  return pointId(`agent-audit:${runId}:${callId}:${phase}`);
}

/** The record as a CloudEvent for `bizstack.audit`; its id is {@link auditId} when none is given. */
export function auditEvent(record: AuditRecord, id = auditId(record)): BizEvent<Record<string, unknown>> {
  return createEvent({
    id,
    type: 'audit.action.performed',
    source: '/bizstack/agents',
    subject: `agent-run/${record.runId}`.slice(0, 300),
    time: new Date(record.at),
    data: { ...record },
  });
}
