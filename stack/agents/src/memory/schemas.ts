import { z } from 'zod';
import { usageSchema } from '../providers/usage';
import { decisionSchema, pendingCallSchema } from '../tools/decision';

/** What is stored about a run, checked when it comes back. */
export const runRecordSchema = z.object({
  runId: z.string(),
  agent: z.string(),
  contactId: z.string().nullable(),
  userId: z.string(),
  status: z.enum(['running', 'needs_approval', 'completed', 'failed', 'cancelled']),
  calls: z.array(pendingCallSchema),
  decisions: z.array(decisionSchema).nullable(),
  result: z.unknown(),
  usage: usageSchema,
});

export const callOutcomeSchema = z.object({ ok: z.boolean(), text: z.string() });
