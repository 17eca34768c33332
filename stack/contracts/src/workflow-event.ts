import { z } from 'zod';

const decimal = z.string().regex(/^-?\d+(\.\d+)?$/);

/** Data of an event that a durable workflow emits. Amounts are decimal text: JSON numbers lose cents. */
export const workflowEventSchema = z.looseObject({
  workflowId: z.string().min(1),
  amount: decimal.optional(),
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/)
    .optional(),
});
export type WorkflowEvent = z.infer<typeof workflowEventSchema>;

/** Asks for a message to a customer: a flow sends it, once for each event id. */
export const messageRequestedSchema = workflowEventSchema.extend({
  template: z.string().min(1),
  to: z.email(),
  values: z.record(z.string(), z.unknown()),
});
export type MessageRequested = z.infer<typeof messageRequestedSchema>;
