import { BizError, isBizError, messageOf, newEventId } from '@bizstack/contracts';
import { z } from 'zod';
import type { AgentStore, RunRecord } from '../memory/store';
import type { ChatModel } from '../providers/chat-model';
import { UsageMeter } from '../providers/usage';
import { decisionSchema, type Decision } from '../tools/decision';
import { Quoter } from '../tools/quoting';
import { SecretGuard } from '../tools/secrets';
import type { AgentUser } from '../tools/user';
import { EventQueue } from './event-queue';
import type { MemberEntry } from './member';
import type { TeamOutcome } from './supervisor-graph-lazy';
import { memberRunId, SupervisorLoop } from './supervisor-loop';
import type { Team, TeamEvent, TeamLimits, TeamResumeOptions, TeamRunOptions } from './team';

export interface SupervisorTeamOptions {
  /** Of the supervisor; members have their own. */
  model: ChatModel;
  store: AgentStore;
  members: readonly MemberEntry[];
  secrets?: readonly string[];
  allowedHosts?: readonly string[];
  /** Where a run names none of its own. */
  limits?: TeamLimits;
}

const AGENT = 'team';
const DEFAULT_ROUNDS = 8;
const MOST_ROUNDS = 50;
const doneSchema = z.object({ text: z.string(), reason: z.enum(['finished', 'max_rounds', 'budget']) });

/** A team led by a supervisor, in this process. */
export class SupervisorTeam implements Team {
  readonly #options: SupervisorTeamOptions;
  readonly #running = new Map<string, AbortController>();

  constructor(options: SupervisorTeamOptions) {
    this.#options = options;
  }

  run(task: string, options: TeamRunOptions): AsyncIterable<TeamEvent> {
    const runId = options.runId ?? newEventId();
    return this.#stream(runId, options, async (queue) => {
      const run = await this.#options.store.runs.open({
        runId,
        agent: AGENT,
        contactId: options.contactId ?? null,
        userId: options.user.id,
      });
      await this.#drive(run, options, queue, { task, decisions: null });
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
      await this.#drive(run, options, queue, { task: undefined, decisions: given.length > 0 ? given : null });
    });
  }

  async cancel(runId: string): Promise<void> {
    const { runs } = this.#options.store;
    await runs.requestCancel(runId);
    // Members look for their own id; one that has not begun is stopped by the supervisor.
    for (let round = 1; round <= MOST_ROUNDS; round++) await runs.requestCancel(memberRunId(runId, round));
    this.#running.get(runId)?.abort();
    const run = await runs.get(runId);
    if (run?.status === 'needs_approval') await runs.update(runId, { status: 'cancelled' });
  }

  #stream(
    runId: string,
    options: { signal?: AbortSignal },
    work: (queue: EventQueue<TeamEvent>) => Promise<void>,
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
          await work(queue);
        } finally {
          this.#running.delete(runId);
        }
      })
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
    { task, decisions }: { task: string | undefined; decisions: Decision[] | null },
  ): Promise<void> {
    const { store, members, model, secrets = [], allowedHosts = [] } = this.#options;
    const { runId } = run;
    if (run.userId !== options.user.id || run.agent !== AGENT) {
      throw new BizError('BIZ_AGENTS_RUN_OTHER_USER', `The run ${runId} belongs to another user or agent.`);
    }
    queue.push({ type: 'started', runId, members: members.map((member) => member.agent.definition.name) });
    if (run.status === 'completed') {
      if (decisions !== null && JSON.stringify(decisions) !== JSON.stringify(run.decisions))
        throw conflict(runId);
      queue.push({ type: 'completed', runId, ...doneSchema.parse(run.result), usage: run.usage });
      return;
    }
    if (run.status === 'needs_approval') {
      const wanted = run.calls.map((call) => call.callId).sort();
      const given = (decisions ?? []).map((decision) => decision.callId).sort();
      if (decisions === null) {
        queue.push({ type: 'needs_approval', runId, calls: run.calls });
        return;
      }
      if (JSON.stringify(wanted) !== JSON.stringify(given)) {
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
    const maxRounds = Math.min(MOST_ROUNDS, limits.maxRounds ?? DEFAULT_ROUNDS);
    const meter = new UsageMeter({ maxTokens: limits.maxTokens, maxCostUsd: limits.maxCostUsd }, run.usage);
    const guard = new SecretGuard(secrets);
    const loop = new SupervisorLoop({
      runId,
      contactId: run.contactId ?? undefined,
      user: options.user,
      members,
      model,
      meter,
      secrets: guard,
      allowedHosts,
      maxRounds,
      signal: this.#running.get(runId)?.signal ?? new AbortController().signal,
      isCancelRequested: () => store.runs.isCancelRequested(runId),
      emit: (event) => queue.push(event),
    });
    const { supervisorGraph } = await import('./supervisor-graph-lazy.js');
    const graph = supervisorGraph(loop, { runId, checkpointer: await store.checkpoints(), maxRounds });
    try {
      const first = task !== undefined && !(await graph.hasStarted());
      const outcome = first
        ? await graph.start({
            nonce: new Quoter().nonce,
            messages: [{ role: 'user', content: guard.redact(task) }],
          })
        : await graph.proceed(decisions ?? run.decisions);
      await this.#finish(runId, outcome, meter, queue);
    } catch (error) {
      await store.runs.update(runId, { usage: meter.usage }).catch(() => undefined);
      throw error;
    }
  }

  async #finish(
    runId: string,
    outcome: TeamOutcome,
    meter: UsageMeter,
    queue: EventQueue<TeamEvent>,
  ): Promise<void> {
    const { runs } = this.#options.store;
    const { usage } = meter;
    if (outcome.kind === 'waiting') {
      await runs.update(runId, { status: 'needs_approval', calls: outcome.calls, decisions: null, usage });
      queue.push({ type: 'needs_approval', runId, calls: outcome.calls });
    } else {
      await runs.update(runId, { status: 'completed', result: outcome.done, usage });
      queue.push({ type: 'completed', runId, ...outcome.done, usage });
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
    queue.push({ type: 'failed', runId, code, message: messageOf(error), usage });
  }
}

function conflict(runId: string): BizError {
  return new BizError('BIZ_AGENTS_DECISION_CONFLICT', `The run ${runId} waits for no such decision.`);
}
