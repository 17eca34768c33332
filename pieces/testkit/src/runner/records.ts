import { z } from 'zod';
import { stepRecordsSchema } from '../flow/state';

/** QUEUED and RUNNING runs are started again after a crash; PAUSED ones wait for their waitpoint. */
export const RUN_STATUSES = ['QUEUED', 'RUNNING', 'PAUSED', 'SUCCEEDED', 'FAILED', 'TIMEOUT'] as const;

export type RunStatus = (typeof RUN_STATUSES)[number];

const responseSchema = z.object({
  status: z.number().optional(),
  body: z.unknown().optional(),
  headers: z.record(z.string(), z.string()).optional(),
});

const waitpointSchema = z.object({
  id: z.string(),
  type: z.enum(['DELAY', 'WEBHOOK']),
  resumeUrl: z.string(),
  resumeDateTime: z.string().optional(),
  responseToSend: responseSchema.optional(),
});

const payloadSchema = z.object({
  body: z.unknown(),
  rawBody: z.unknown().optional(),
  headers: z.record(z.string(), z.string()),
  queryParams: z.record(z.string(), z.string()),
});

const failedStepSchema = z.object({ name: z.string(), displayName: z.string(), message: z.string() });

export const runSchema = z.object({
  id: z.string(),
  flow: z.string(),
  status: z.enum(RUN_STATUSES),
  /** The trigger's output. */
  payload: z.unknown(),
  /** Runs of one flow with one key are done one after the other. */
  key: z.string().optional(),
  /** The poll that this run belongs to. */
  batch: z.string().optional(),
  /** Starts at 1; a retry adds one. */
  attempt: z.number(),
  createdAt: z.string(),
  startedAt: z.string().optional(),
  finishedAt: z.string().optional(),
  tags: z.array(z.string()).optional(),
  steps: stepRecordsSchema.optional(),
  failedStep: failedStepSchema.optional(),
  waitpoint: waitpointSchema.optional(),
  /** Set between the hit of the waitpoint and the end of the run. */
  resumePayload: payloadSchema.optional(),
});

export type RunRecord = z.infer<typeof runSchema>;

const storeChangesSchema = z.array(z.tuple([z.string(), z.string().nullable()]));

export type StoreChanges = z.infer<typeof storeChangesSchema>;

export const triggerStateSchema = z.object({
  fingerprint: z.string(),
  schedule: z.object({ cronExpression: z.string(), timezone: z.string() }).optional(),
});

export type TriggerState = z.infer<typeof triggerStateSchema>;

/** One line of the journal. `runs` carries the store changes of the poll that made them: both or neither. */
export const entrySchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('runs'), runs: z.array(runSchema), store: storeChangesSchema.optional() }),
  z.object({ type: z.literal('run'), run: runSchema }),
  z.object({ type: z.literal('store'), store: storeChangesSchema }),
  z.object({ type: z.literal('trigger'), flow: z.string(), state: triggerStateSchema }),
]);

export type JournalEntry = z.infer<typeof entrySchema>;

export const snapshotSchema = z.object({
  store: z.record(z.string(), z.string()),
  runs: z.array(runSchema),
  triggers: z.record(z.string(), triggerStateSchema),
});

export type Snapshot = z.infer<typeof snapshotSchema>;

export function isSettled(run: RunRecord): boolean {
  return run.status !== 'QUEUED' && run.status !== 'RUNNING';
}

export function isEnded(run: RunRecord): boolean {
  return isSettled(run) && run.status !== 'PAUSED';
}
