import type { ResumeOptions, RunOptions } from '../agents/agent';
import type { AgentInputGiven } from '../agents/input';
import type { RunRecord } from '../memory/store';
import type { Usage } from '../providers/usage';
import type { Decision, PendingCall } from '../tools/decision';
import type { AgentUser } from '../tools/user';

export type MemberResult =
  | { status: 'completed'; result: unknown; usage: Usage }
  | { status: 'needs_approval'; calls: PendingCall[]; usage: Usage };

/** An agent as a team sees it; `Agent` is one. */
export interface TeamMember {
  readonly definition: { readonly name: string };
  run(input: AgentInputGiven, options: RunOptions): Promise<MemberResult>;
  resume(runId: string, decisions: readonly Decision[], options: ResumeOptions): Promise<MemberResult>;
  /** Throws `BIZ_AGENTS_DECISION_INVALID` for a changed input that a tool of this member does not take. */
  checkDecisions?(run: RunRecord, decisions: readonly Decision[], user: AgentUser): void;
}

export interface MemberEntry {
  agent: TeamMember;
  /** When to hand a task to it; the supervisor reads this. */
  description: string;
}
