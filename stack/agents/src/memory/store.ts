import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint';
import type { Usage } from '../providers/usage';
import type { Decision, PendingCall } from '../tools/decision';
import type { CallLedger } from '../tools/ledger';

export type RunStatus = 'running' | 'needs_approval' | 'completed' | 'failed' | 'cancelled';

/** One run of an agent or of a team. */
export interface RunRecord {
  runId: string;
  agent: string;
  contactId: string | null;
  userId: string;
  status: RunStatus;
  /** What waits for a person, or waited last. */
  calls: PendingCall[];
  /** What was decided about `calls`; null until then. */
  decisions: Decision[] | null;
  /** Outcome of a completed run. */
  result: unknown;
  usage: Usage;
}

export type NewRun = Pick<RunRecord, 'runId' | 'agent' | 'contactId' | 'userId'>;
export type RunPatch = Partial<Pick<RunRecord, 'status' | 'calls' | 'decisions' | 'result' | 'usage'>>;

export interface RunStore {
  /** The run as it is now: new, or as an earlier call with this id made it. */
  open(run: NewRun): Promise<RunRecord>;
  get(runId: string): Promise<RunRecord | undefined>;
  /**
   * Status `running` takes back a request to cancel.
   * @throws BizError `BIZ_AGENTS_RUN_GONE` when it was removed, with its contact, meanwhile
   */
  update(runId: string, patch: RunPatch): Promise<void>;
  /**
   * Keeps every other process off the run meanwhile. Does not outlive the process.
   * @throws BizError `BIZ_AGENTS_RUN_BUSY`
   */
  withLock<T>(runId: string, work: () => Promise<T>): Promise<T>;
  requestCancel(runId: string): Promise<void>;
  isCancelRequested(runId: string): Promise<boolean>;
}

export interface Turn {
  role: 'contact' | 'agent';
  text: string;
}

export interface Conversation {
  /** What was said before the turns, in short; null when there is nothing. */
  summary: string | null;
  turns: Turn[];
}

export interface ConversationStore {
  load(contactId: string, agent: string): Promise<Conversation>;
  /** Adds turns once per run: the same run again changes nothing. */
  append(contactId: string, agent: string, runId: string, turns: readonly Turn[]): Promise<void>;
  /** Replaces the oldest `count` turns by a summary. Nothing happens when there are fewer by now. */
  summarise(contactId: string, agent: string, summary: string, count: number): Promise<void>;
}

export const QUALIFICATION_FIELDS = ['budget', 'authority', 'need', 'timeline'] as const;
export type QualificationField = (typeof QUALIFICATION_FIELDS)[number];

/** What a contact said about one of the BANT fields. */
export interface QualificationAnswer {
  value: string;
  /** The contact's own words. */
  quote: string;
  runId: string;
}
export type Qualification = Partial<Record<QualificationField, QualificationAnswer>>;

export interface QualificationStore {
  load(contactId: string): Promise<Qualification>;
  save(contactId: string, answers: Qualification): Promise<Qualification>;
}

export interface ForgottenRows {
  runs: number;
  calls: number;
  turns: number;
  summaries: number;
  qualification: number;
  /** Rows of the checkpoints. */
  checkpoints: number;
}

/** What agents remember: runs, calls, conversations, checkpoints. */
export interface AgentStore {
  readonly runs: RunStore;
  readonly ledger: CallLedger;
  readonly conversations: ConversationStore;
  readonly qualification: QualificationStore;
  checkpoints(): Promise<BaseCheckpointSaver>;
  /** Removes everything about a contact; the counts are for the record of the deletion. */
  forgetContact(contactId: string): Promise<ForgottenRows>;
}
