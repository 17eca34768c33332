import { z } from 'zod';

export interface StepRecord {
  type: string;
  status: 'SUCCEEDED' | 'FAILED' | 'PAUSED';
  /** As resolved, with connections redacted. */
  input?: unknown;
  output?: unknown;
  errorMessage?: string | undefined;
  /** Milliseconds. */
  duration?: number | undefined;
}

export type StepRecords = Record<string, StepRecord>;

/** Output of a loop step; `item` and `index` are those of the current iteration. */
export interface LoopOutput {
  item: unknown;
  /** Starts at 1. */
  index: number;
  iterations: StepRecords[];
}

export const loopOutputSchema: z.ZodType<LoopOutput> = z.lazy(() =>
  z.object({ item: z.unknown(), index: z.number(), iterations: z.array(stepRecordsSchema) }),
);

export const stepRecordSchema: z.ZodType<StepRecord> = z.object({
  type: z.string(),
  status: z.enum(['SUCCEEDED', 'FAILED', 'PAUSED']),
  input: z.unknown().optional(),
  output: z.unknown().optional(),
  errorMessage: z.string().optional(),
  duration: z.number().optional(),
});

export const stepRecordsSchema: z.ZodType<StepRecords> = z.record(z.string(), stepRecordSchema);

export const routerOutputSchema = z.object({
  branches: z.array(z.object({ branchName: z.string(), branchIndex: z.number(), evaluation: z.boolean() })),
});

/** Step outputs that an expression sees: the flow's, hidden by those of the innermost iteration. */
export function visibleOutputs(scopes: readonly StepRecords[]): Record<string, unknown> {
  const outputs: Record<string, unknown> = {};
  for (const records of scopes) {
    for (const name of Object.keys(records)) outputs[name] = records[name]?.output;
  }
  return outputs;
}

/** Drops what did not succeed, so that a retry from the failed step does it again. */
export function withoutFailures(records: StepRecords): StepRecords {
  const kept: StepRecords = {};
  for (const [name, record] of Object.entries(records)) {
    if (record.status !== 'SUCCEEDED') continue;
    const loop = record.type === 'LOOP_ON_ITEMS' ? loopOutputSchema.safeParse(record.output) : undefined;
    kept[name] =
      loop?.success === true
        ? { ...record, output: { ...loop.data, iterations: loop.data.iterations.map(withoutFailures) } }
        : record;
  }
  return kept;
}
