import { z } from 'zod';

export const agentInputSchema = z.strictObject({
  /** What to do. Comes from the flow's author or an employee: trusted. Never put text from outside in here. */
  task: z.string().trim().min(1).max(50_000),
  /** Text from outside the task is about: a message, a document, a page. The model sees it as quoted data. */
  data: z
    .array(z.strictObject({ source: z.string().min(1).max(200), text: z.string().max(500_000) }))
    .max(100)
    .default([]),
});
export type AgentInput = z.output<typeof agentInputSchema>;
export type AgentInputGiven = z.input<typeof agentInputSchema>;
