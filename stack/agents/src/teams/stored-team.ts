import { BizError, isBizError, messageOf, newEventId } from '@bizstack/contracts';
import { z } from 'zod';
import { agentInputSchema } from '../agents/input';
import type { AgentStore, RunRecord } from '../memory/store';
import { UsageMeter, type Usage } from '../providers/usage';
import { decisionSchema, type Decision, type PendingCall } from '../tools/decision';
import type { AgentUser } from '../tools/user';
import { EventQueue } from './event-queue';
import type { TeamMember } from './member';
import type { Team, TeamEvent, TeamLimits, TeamResumeOptions, TeamRunOptions } from './team';

export interface TeamDone {
  text: string;
  reason: 'finished' | 'max_rounds' | 'budget';
}
export type TeamOutcome = { kind: 'done'; done: TeamDone } | { kind: 'waiting'; calls: PendingCall[] };

/** One stretch of work on a run, until it is done or somebody has to decide. */
export interface TeamJob {
  run: RunRecord;
  user: AgentUser;
  /** Undefined when a run is resumed. */
  task: string | undefined;
  /** Text from outside. */
  data: readonly { source: string; text: string }[];
  /** Made now, or earlier when the run broke off after them. */
  decisions: readonly Decision[] | null;
  limits: TeamLimits;
  maxRounds: number;
  signal: AbortSignal;
  emit: (event: TeamEvent) => void;
  /** Says what the run has used altogether; kept also when the work fails. */
  used: (usage: Usage) => void;
}

export interface StoredTeamOptions {
  store: AgentStore;
  members: readonly { agent: Pick<TeamMember, 'definition' | 'checkDecisions'> }[];
  /** Where a run names none of its own. */
  limits?: TeamLimits;
}

const DEFAULT_ROUNDS = 8;
export const MOST_ROUNDS = 50;
const doneSchema = z.object({ text: z.string(), reason: z.enum(['finished', 'max_rounds', 'budget']) });

/** What every team does alike: its runs are kept in the store, decisions count once, and what fails is an event. */
export abstract class StoredTeam implements Team {
  /** `agent` of the team's runs in the store. */
  protected abstract readonly kind: string;
  readonly #options: StoredTeamOptions;
  readonly #running = new Map<string, AbortController>();

  constructor(options: StoredTeamOptions) {
    this.#options = options;
  }

  protected abstract work(job: TeamJob): Promise<TeamOutcome>;
  /** Ends what works on the run outside of this object. */
  protected abstract cancelElsewhere(runId: string): Promise<void>;

  run(task: string, options: TeamRunOptions): AsyncIterable<TeamEvent> {
    const runId = options.runId ?? newEventId();
    return this.#stream(runId, options, async (queue) => {
      const input = agentInputSchema.safeParse({ task, data: options.data ?? [] });
      if (!input.success) {
        throw new BizError('BIZ_AGENTS_INPUT_INVALID', `The input is wrong: ${z.prettifyError(input.error)}`);
      }
      const run = await this.#options.store.runs.open({
        runId,
        agent: this.kind,
        contactId: options.contactId ?? null,
        userId: options.user.id,
      });
      return this.#drive(run, options, queue, { ...input.data, decisions: null });
    });
  }

  resume(
    runId: string,
    decisions: readonly Decision[],
    options: TeamResumeOptions,
  ): AsyncIterable<TeamEvent> {
    return this.#stream(runId, options, async (queue) => {
      const run = await this.#options.store.runs.get(runId);
      if (!run) throw new BizError('BIZ_AGENTS_RUN_GONE', `There is no run ${runId} of a team.`);
      const given = z.array(decisionSchema).parse(decisions);
      return this.#drive(run, options, queue, {
        task: undefined,
        data: [],
        decisions: given.length > 0 ? given : null,
      });
    });
  }

  async cancel(runId: string): Promise<void> {
    const { runs } = this.#options.store;
    await runs.requestCancel(runId);
    this.#running.get(runId)?.abort();
    await this.cancelElsewhere(runId);
    const run = await runs.get(runId);
    if (run?.status === 'needs_approval') await runs.update(runId, { status: 'cancelled' });
  }

  #stream(
    runId: string,
    options: { signal?: AbortSignal },
    work: (queue: EventQueue<TeamEvent>) => Promise<TeamEvent>,
  ): AsyncIterable<TeamEvent> {
    const queue = new EventQueue<TeamEvent>();
    const { runs } = this.#options.store;
    const controller = new AbortController();
    const abort = () => controller.abort();
    options.signal?.addEventListener('abort', abort, { once: true });
    if (options.signal?.aborted) abort();
    void runs
      .withLock(runId, async () => {
        this.#running.set(runId, controller);
        try {
          return await work(queue);
        } finally {
          this.#running.delete(runId);
        }
      })
      // After the lock is gone: who sees the last event may resume the run at once.
      .then((last) => queue.push(last))
      .catch((error: unknown) => this.#failed(runId, error, queue))
      .finally(() => {
        options.signal?.removeEventListener('abort', abort);
        queue.close();
      });
    return queue;
  }

  async #drive(
    run: RunRecord,
    options: { user: AgentUser; limits?: TeamLimits },
    queue: EventQueue<TeamEvent>,
    given: Pick<TeamJob, 'task' | 'data'> & { decisions: Decision[] | null },
  ): Promise<TeamEvent> {
    const { store, members } = this.#options;
    const { runId } = run;
    const { decisions } = given;
    if (run.userId !== options.user.id || run.agent !== this.kind) {
      throw new BizError('BIZ_AGENTS_RUN_OTHER_USER', `The run ${runId} belongs to another user or agent.`);
    }
    queue.push({ type: 'started', runId, members: members.map((member) => member.agent.definition.name) });
    if (run.status === 'completed') {
      if (decisions !== null && JSON.stringify(decisions) !== JSON.stringify(run.decisions))
        throw conflict(runId);
      return { type: 'completed', runId, ...doneSchema.parse(run.result), usage: run.usage };
    }
    if (run.status === 'needs_approval') {
      const wanted = run.calls.map((call) => call.callId).sort();
      const decided = (decisions ?? []).map((decision) => decision.callId).sort();
      if (decisions === null) return { type: 'needs_approval', runId, calls: run.calls };
      if (JSON.stringify(wanted) !== JSON.stringify(decided)) {
        throw new BizError(
          'BIZ_AGENTS_DECISION_MISSING',
          'Exactly one decision is needed for each call that waits.',
        );
      }
      for (const { agent } of members) agent.checkDecisions?.(run, decisions, options.user);
      await store.runs.update(runId, { status: 'running', decisions });
    } else if (decisions !== null && JSON.stringify(decisions) !== JSON.stringify(run.decisions)) {
      throw conflict(runId);
    }
    await store.runs.update(runId, { status: 'running' });
    const limits = { ...this.#options.limits, ...options.limits };
    let usage = run.usage;
    try {
      const outcome = await this.work({
        ...given,
        run,
        user: options.user,
        decisions: decisions ?? run.decisions,
        limits,
        maxRounds: Math.min(MOST_ROUNDS, limits.maxRounds ?? DEFAULT_ROUNDS),
        signal: this.#running.get(runId)?.signal ?? new AbortController().signal,
        emit: (event) => queue.push(event),
        used: (now) => (usage = now),
      });
      if (outcome.kind === 'waiting') {
        const { calls } = outcome;
        await store.runs.update(runId, { status: 'needs_approval', calls, decisions: null, usage });
        return { type: 'needs_approval', runId, calls };
      }
      await store.runs.update(runId, { status: 'completed', result: outcome.done, usage });
      return { type: 'completed', runId, ...outcome.done, usage };
    } catch (error) {
      await store.runs.update(runId, { usage }).catch(() => undefined);
      throw error;
    }
  }

  async #failed(runId: string, error: unknown, queue: EventQueue<TeamEvent>): Promise<void> {
    const { runs } = this.#options.store;
    const run = await runs.get(runId).catch(() => undefined);
    const usage = run?.usage ?? new UsageMeter().usage;
    if (isBizError(error, 'BIZ_AGENTS_CANCELLED')) {
      await runs.update(runId, { status: 'cancelled' }).catch(() => undefined);
      queue.push({ type: 'cancelled', runId, usage });
      return;
    }
    if (run?.status === 'running' && !isBizError(error, 'BIZ_AGENTS_RUN_BUSY')) {
      await runs.update(runId, { status: 'failed' }).catch(() => undefined);
    }
    const code = isBizError(error) ? error.code : 'BIZ_AGENTS_TEAM_FAILED';
    const details =
      isBizError(error) && Object.keys(error.details).length > 0 ? { details: error.details } : {};
    queue.push({ type: 'failed', runId, code, message: messageOf(error), ...details, usage });
  }
}

function conflict(runId: string): BizError {
  return new BizError('BIZ_AGENTS_DECISION_CONFLICT', `The run ${runId} waits for no such decision.`);
}
