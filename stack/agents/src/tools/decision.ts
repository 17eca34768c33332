import { z } from 'zod';

/** What a tool may do: read changes nothing, write can be taken back, destructive cannot. */
export const TOOL_LABELS = ['read', 'write', 'destructive'] as const;
export type ToolLabel = (typeof TOOL_LABELS)[number];

export const pendingCallSchema = z.strictObject({
  /** Names the call in a decision. */
  callId: z.string().min(1),
  agent: z.string().min(1),
  tool: z.string().min(1),
  label: z.enum(TOOL_LABELS),
  /** The exact input the tool would get. Show it to the person who decides. */
  input: z.record(z.string(), z.unknown()),
  /** One sentence made by code, not by the model. */
  summary: z.string(),
});
/** A call that waits for a person. */
export type PendingCall = z.infer<typeof pendingCallSchema>;

export const decisionSchema = z.discriminatedUnion('action', [
  z.strictObject({ callId: z.string().min(1), action: z.literal('approve'), by: z.string().min(1) }),
  z.strictObject({
    callId: z.string().min(1),
    action: z.literal('reject'),
    by: z.string().min(1),
    reason: z.string().max(500).optional(),
  }),
  z.strictObject({
    callId: z.string().min(1),
    action: z.literal('edit'),
    by: z.string().min(1),
    /** Replaces the input as a whole; checked like any other input. */
    input: z.record(z.string(), z.unknown()),
  }),
]);
/** What a person decided about one call; `by` is who. */
export type Decision = z.infer<typeof decisionSchema>;
