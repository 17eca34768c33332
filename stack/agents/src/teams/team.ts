import { z } from 'zod';
import { usageSchema } from '../providers/usage';
import { pendingCallSchema, type Decision } from '../tools/decision';
import type { AgentUser } from '../tools/user';

/** Ends a team that goes on for too long. */
export interface TeamLimits {
  /** How often the task may be handed to a member. */
  maxRounds?: number;
  maxTokens?: number;
  /** US dollars; needs a price for the model. */
  maxCostUsd?: number;
}

export interface TeamRunOptions {
  user: AgentUser;
  /** A new UUID when left out. The same id again returns the stored outcome instead of a second run. */
  runId?: string;
  /** Contact that the task is about: members remember their conversation, `forgetContact` removes it. */
  contactId?: string;
  /** Text from outside that the task is about; models see it as quoted data. */
  data?: readonly { source: string; text: string }[];
  limits?: TeamLimits;
  /** Ends the run; what was done stays done and the run can be resumed. */
  signal?: AbortSignal;
}

export interface TeamResumeOptions {
  user: AgentUser;
  limits?: TeamLimits;
  signal?: AbortSignal;
}

/** Events of a run, in this order: `started`, any of the middle ones, then exactly one of the last four. */
export const teamEventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('started'), runId: z.string(), members: z.array(z.string()) }),
  /** The task, or a part of it, goes from one to another. */
  z.object({
    type: z.literal('hand_off'),
    runId: z.string(),
    from: z.string(),
    to: z.string(),
    task: z.string(),
    round: z.number().int(),
  }),
  /** A member said something. */
  z.object({ type: z.literal('message'), runId: z.string(), from: z.string(), text: z.string() }),
  z.object({
    type: z.literal('tool'),
    runId: z.string(),
    from: z.string(),
    tool: z.string(),
    callId: z.string(),
    outcome: z.enum(['done', 'failed', 'refused', 'rejected']),
  }),
  z.object({ type: z.literal('usage'), runId: z.string(), usage: usageSchema }),
  z.object({
    type: z.literal('needs_approval'),
    runId: z.string(),
    calls: z.array(pendingCallSchema).min(1),
  }),
  z.object({
    type: z.literal('completed'),
    runId: z.string(),
    text: z.string(),
    /** Why it ended: the supervisor was done, or a limit was reached and this is what there is. */
    reason: z.enum(['finished', 'max_rounds', 'budget']),
    usage: usageSchema,
  }),
  z.object({ type: z.literal('cancelled'), runId: z.string(), usage: usageSchema }),
  z.object({
    type: z.literal('failed'),
    runId: z.string(),
    code: z.templateLiteral(['BIZ_', z.string()]),
    message: z.string(),
    /** Of a `BizError`: what was wrong with which decision, for example. */
    details: z.record(z.string(), z.unknown()).optional(),
    usage: usageSchema,
  }),
]);
export type TeamEvent = z.infer<typeof teamEventSchema>;

/** Several agents on one task, in this process or behind HTTP. */
export interface Team {
  /**
   * Starts a run. The stream ends after `needs_approval`, `completed`, `cancelled` or `failed`; what goes wrong
   * is an event, not an exception.
   */
  run(task: string, options: TeamRunOptions): AsyncIterable<TeamEvent>;
  /**
   * Goes on after `needs_approval`, with one decision for each call, or (with none) after a crash or a
   * cancellation. Decisions count once: the same ones again return the stored outcome, others fail with
   * `BIZ_AGENTS_DECISION_CONFLICT`.
   */
  resume(runId: string, decisions: readonly Decision[], options: TeamResumeOptions): AsyncIterable<TeamEvent>;
  /** Ends a run, from any process. Does nothing when it has ended. */
  cancel(runId: string): Promise<void>;
}
