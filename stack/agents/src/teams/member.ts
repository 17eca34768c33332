import type { ResumeOptions, RunOptions } from '../agents/agent';
import type { AgentInputGiven } from '../agents/input';
import type { Usage } from '../providers/usage';
import type { Decision, PendingCall } from '../tools/decision';

export type MemberResult =
  | { status: 'completed'; result: unknown; usage: Usage }
  | { status: 'needs_approval'; calls: PendingCall[]; usage: Usage };

/** An agent as a team sees it; `Agent` is one. */
export interface TeamMember {
  readonly definition: { readonly name: string };
  run(input: AgentInputGiven, options: RunOptions): Promise<MemberResult>;
  resume(runId: string, decisions: readonly Decision[], options: ResumeOptions): Promise<MemberResult>;
}

export interface MemberEntry {
  agent: TeamMember;
  /** When to hand a task to it; the supervisor reads this. */
  description: string;
}
