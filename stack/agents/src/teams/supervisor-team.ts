import type { ChatModel } from '../providers/chat-model';
import { UsageMeter } from '../providers/usage';
import { Quoter } from '../tools/quoting';
import { SecretGuard } from '../tools/secrets';
import { memberRunId, type MemberEntry } from './member';
import {
  MOST_ROUNDS,
  StoredTeam,
  type StoredTeamOptions,
  type TeamJob,
  type TeamOutcome,
} from './stored-team';
import { SupervisorLoop } from './supervisor-loop';

export interface SupervisorTeamOptions extends StoredTeamOptions {
  /** Of the supervisor; members have their own. */
  model: ChatModel;
  members: readonly MemberEntry[];
  secrets?: readonly string[];
  allowedHosts?: readonly string[];
}

/** A team led by a supervisor, in this process. */
export class SupervisorTeam extends StoredTeam {
  protected readonly kind = 'team';
  readonly #options: SupervisorTeamOptions;

  constructor(options: SupervisorTeamOptions) {
    super(options);
    this.#options = options;
  }

  protected async work({ run, task, decisions, limits, ...job }: TeamJob): Promise<TeamOutcome> {
    const { store, members, model, secrets = [], allowedHosts = [] } = this.#options;
    const { runId } = run;
    const meter = new UsageMeter({ maxTokens: limits.maxTokens, maxCostUsd: limits.maxCostUsd }, run.usage);
    const guard = new SecretGuard(secrets);
    const loop = new SupervisorLoop({
      runId,
      contactId: run.contactId ?? undefined,
      user: job.user,
      members,
      model,
      meter,
      secrets: guard,
      allowedHosts,
      maxRounds: job.maxRounds,
      signal: job.signal,
      isCancelRequested: () => store.runs.isCancelRequested(runId),
      emit: job.emit,
    });
    const { supervisorGraph } = await import('./supervisor-graph-lazy.js');
    const graph = supervisorGraph(loop, {
      runId,
      checkpointer: await store.checkpoints(),
      maxRounds: job.maxRounds,
    });
    try {
      if (task === undefined || (await graph.hasStarted())) return await graph.proceed(decisions);
      const quoter = new Quoter();
      const data = job.data.map(({ source, text }) => quoter.quote(guard.redact(source), guard.redact(text)));
      return await graph.start({
        nonce: quoter.nonce,
        messages: [{ role: 'user', content: [guard.redact(task), ...data].join('\n\n') }],
      });
    } finally {
      job.used(meter.usage);
    }
  }

  /** Members look for their own id; one that has not begun is stopped by the supervisor. */
  protected async cancelElsewhere(runId: string): Promise<void> {
    const { runs } = this.#options.store;
    for (let round = 1; round <= MOST_ROUNDS; round++) await runs.requestCancel(memberRunId(runId, round));
  }
}
