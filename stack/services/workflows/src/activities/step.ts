/** What every step's input has. */
export interface StepInput {
  readonly workflowId: string;
  /** Unique within the workflow, the same at every attempt. */
  readonly step: string;
  /** Workflow time, ISO 8601: what is done late is still booked on its day. */
  readonly at: string;
}

export function keyOf({ workflowId, step }: Pick<StepInput, 'workflowId' | 'step'>): string {
  return `${workflowId}:${step}`;
}
