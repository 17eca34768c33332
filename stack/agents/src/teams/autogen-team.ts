import { BizError } from '@bizstack/contracts';
import type { AgentDefinition } from '../agents/definition';
import { PROMPTS } from '../agents/prompts';
import { parseProviderConfig, type ProviderConfig, type ProviderConfigInput } from '../providers/config';
import { cancelled } from '../providers/errors';
import { jsonSchemaOf } from '../providers/structured';
import { safeText } from '../tools/safe-output';
import { SecretGuard } from '../tools/secrets';
import { AutogenClient, type AutogenEvent, type AutogenService } from './autogen-client';
import { AutogenDesk, type DeskMember } from './autogen-desk';
import { MEMBER_TASK, memberRunId } from './member';
import { StoredTeam, type StoredTeamOptions, type TeamJob, type TeamOutcome } from './stored-team';
import type { TeamLimits } from './team';

/** An agent whose model the service asks; `Agent` is one. */
export interface AutogenMember extends DeskMember {
  readonly definition: AgentDefinition<unknown, unknown>;
}

export interface AutogenTeamOptions extends StoredTeamOptions {
  service: AutogenService;
  /** Of the supervisor and the members. The service must be allowed to reach it. */
  model: ProviderConfigInput;
  members: readonly { agent: AutogenMember; description: string }[];
  secrets?: readonly string[];
  allowedHosts?: readonly string[];
  limits?: AutogenLimits;
}

export interface AutogenLimits extends TeamLimits {
  /** Answers of a member's model to one task, 1–100. */
  maxSteps?: number;
  /** Seconds at work; a person's time to decide does not count. */
  maxSeconds?: number;
}

const TEXT_MAX = 500_000;

type Ended = Extract<AutogenEvent, { type: 'tool_calls' | 'completed' | 'cancelled' | 'failed' }>;

/**
 * A team on AutoGen, behind HTTP. The service asks the models and says which calls they want; everything that a call
 * does happens here, through the toolbox of the agent: the service has no tools.
 */
export class AutogenTeam extends StoredTeam {
  protected readonly kind = 'autogen_team';
  readonly #options: AutogenTeamOptions;
  readonly #client: AutogenClient;
  readonly #model: ProviderConfig;
  readonly #secrets: SecretGuard;

  /** @throws BizError `BIZ_AGENTS_CONFIG_INVALID` */
  constructor(options: AutogenTeamOptions) {
    super(options);
    this.#options = options;
    this.#client = new AutogenClient(options.service);
    this.#model = parseProviderConfig(options.model);
    this.#secrets = new SecretGuard([...(options.secrets ?? []), options.service.token, this.#model.apiKey]);
  }

  protected async work(job: TeamJob): Promise<TeamOutcome> {
    const { run, signal, user } = job;
    if (signal.aborted) throw cancelled();
    // With an abort the service stops too: otherwise it would go on until it needs a result.
    let stopped: Promise<void> | undefined;
    const stop = () => (stopped = this.#client.cancel(run.runId).catch(() => undefined));
    signal.addEventListener('abort', stop, { once: true });
    const common = { userId: user.id, limits: this.#limitsOf(job), model: modelOf(this.#model) };
    try {
      let ended = await this.#follow(
        job.task === undefined
          ? this.#client.resume(run.runId, common, signal)
          : this.#client.start({ ...common, ...(await this.#spec(job, job.task)) }, signal),
        job,
      );
      while (ended.type === 'tool_calls') {
        const outcome = await this.#handle(ended, job);
        if (outcome.kind === 'waiting') return outcome;
        const body = { ...common, results: outcome.results };
        ended = await this.#follow(this.#client.resume(run.runId, body, signal), job);
      }
      if (ended.type === 'cancelled') throw cancelled();
      if (ended.type === 'failed') {
        throw new BizError(ended.code, this.#secrets.redact(ended.message));
      }
      return { kind: 'done', done: { text: this.#clean(ended.text), reason: ended.reason } };
    } finally {
      signal.removeEventListener('abort', stop);
      await stopped;
    }
  }

  protected cancelElsewhere(runId: string): Promise<void> {
    return this.#client.cancel(runId);
  }

  /** Passes events on until one ends the stream. */
  async #follow(events: AsyncIterable<AutogenEvent>, { run, emit, used }: TeamJob): Promise<Ended> {
    const { runId } = run;
    for await (const event of events) {
      switch (event.type) {
        case 'started':
        case 'ping':
          break;
        case 'hand_off':
          emit({ ...event, runId, task: this.#secrets.redact(event.task) });
          break;
        case 'message':
          emit({ ...event, runId, text: this.#secrets.redact(event.text) });
          break;
        case 'usage':
          used(event.usage);
          emit({ ...event, runId });
          break;
        default:
          used(event.usage);
          return event;
      }
    }
    throw new BizError('BIZ_AUTOGEN_STREAM_CUT', 'The stream of the AutoGen service ended too early.', {
      hint: 'The run stands as it was after its last turn; resume it.',
      retryable: true,
    });
  }

  async #handle(event: Extract<AutogenEvent, { type: 'tool_calls' }>, job: TeamJob) {
    const { store, members } = this.#options;
    const { run, user, signal, emit } = job;
    const { from, task, round, calls } = event;
    const entry = members.find(({ agent }) => agent.definition.name === from);
    if (!entry) {
      throw new BizError('BIZ_AUTOGEN_ANSWER_INVALID', `The team has no member "${from.slice(0, 64)}".`, {
        hint: 'Resume the run with the members it was started with.',
      });
    }
    const handOff = await store.runs.open({
      runId: memberRunId(run.runId, round),
      agent: from,
      contactId: run.contactId,
      userId: user.id,
    });
    const desk = new AutogenDesk({
      member: entry.agent,
      store,
      run: handOff,
      user,
      task,
      signal,
      onCall: (call, { outcome }) =>
        emit({ type: 'tool', runId: run.runId, from, tool: call.name, callId: call.id, outcome }),
    });
    return desk.handle(calls, job.decisions ?? []);
  }

  async #spec({ run, data }: TeamJob, task: string): Promise<object> {
    const { store, members } = this.#options;
    const redact = (text: string) => this.#secrets.redact(text);
    const quotable = (parts: readonly { source: string; text: string }[]) =>
      parts.map(({ source, text }) => ({
        source: redact(source).slice(0, 200),
        text: redact(text).slice(0, TEXT_MAX),
      }));
    const { contactId } = run;
    return {
      runId: run.runId,
      ...(contactId === null ? {} : { contactId }),
      task: redact(task),
      data: quotable(data),
      supervisorPrompt: PROMPTS.supervisor,
      memberPrompt: MEMBER_TASK,
      members: await Promise.all(
        members.map(async ({ agent: { definition }, description }) => {
          const { name, prompt, tools, output } = definition;
          const talk =
            contactId === null
              ? { summary: null, turns: [] }
              : await store.conversations.load(contactId, name);
          return {
            name,
            description,
            prompt,
            tools: tools.map((tool) => ({
              name: tool.name,
              description: tool.description,
              parameters: tool.parameters,
              label: tool.label,
            })),
            resultSchema: jsonSchemaOf(output),
            data: quotable([
              ...(talk.summary === null
                ? []
                : [{ source: 'earlier conversation, in short', text: talk.summary }]),
              ...talk.turns.map(({ role, text }) => ({ source: `earlier: ${role}`, text })),
            ]),
          };
        }),
      ),
    };
  }

  #limitsOf({ limits, maxRounds }: TeamJob): object {
    const { maxSteps, maxSeconds } = this.#options.limits ?? {};
    const { maxTokens, maxCostUsd } = limits;
    // What is undefined is left out of the JSON.
    return { maxRounds, maxTokens, maxCostUsd, maxSteps, maxSeconds };
  }

  #clean(text: string): string {
    return safeText(this.#secrets.redact(text), { allowedHosts: this.#options.allowedHosts ?? [] });
  }
}

function modelOf({ provider, model, apiKey, ...config }: ProviderConfig): object {
  const { baseUrl, temperature, maxOutputTokens, timeoutMs, retries, prices } = config;
  const price = prices[model];
  return {
    provider,
    model,
    apiKey,
    baseUrl,
    temperature,
    maxOutputTokens,
    timeoutMs,
    retries: retries.max,
    price: price && { input: price.input, output: price.output },
  };
}
