import { BizError, isBizError, newEventId } from '@bizstack/contracts';
import { z } from 'zod';
import type { AgentStore, RunRecord } from '../memory/store';
import { summariseConversation } from '../memory/summarise';
import type { ChatModel } from '../providers/chat-model';
import type { Message, ToolCall } from '../providers/messages';
import { UsageMeter, type Usage, type UsageLimits } from '../providers/usage';
import type { ApprovalPolicy } from '../tools/approval';
import type { AuditSink } from '../tools/audit';
import { decisionSchema, type Decision, type PendingCall } from '../tools/decision';
import { guardedFetch } from '../tools/guarded-fetch';
import { Quoter } from '../tools/quoting';
import { safeValue } from '../tools/safe-output';
import { SecretGuard } from '../tools/secrets';
import { Toolbox, type ExecutedCall } from '../tools/toolbox';
import type { AgentUser } from '../tools/user';
import type { AgentDefinition, CheckContext, Checked } from './definition';
import type { GraphOutcome, RunGraph } from './graph-lazy';
import { agentInputSchema, type AgentInput, type AgentInputGiven } from './input';
import { AgentLoop, checkResult } from './loop';
import type { AgentState } from './state';

export interface AgentDeps {
  model: ChatModel;
  store: AgentStore;
  audit: AuditSink;
  /** Writes and destructive calls wait for a person unless this says otherwise. */
  approval?: ApprovalPolicy;
  /** Values that must never reach the model or leave: keys, passwords of connections. */
  secrets?: readonly string[];
  /** Hosts that tools may fetch from and links may name. None by default. */
  allowedHosts?: readonly string[];
  /** Lets tools reach private addresses on allowed hosts. */
  allowPrivateAddresses?: boolean;
  limits?: UsageLimits & {
    /** Answers of the model, 1–100. */
    maxSteps?: number;
  };
  /** Tokens (estimated) of a contact's conversation before its older half is put in short. */
  memoryBudget?: number;
}

export interface RunOptions {
  user: AgentUser;
  /** A new id when left out; the same id again returns the stored outcome. */
  runId?: string;
  /** Whose conversation this is: it is remembered, and `forgetContact` removes it. */
  contactId?: string;
  signal?: AbortSignal;
  /** Shared by the agents of a team. */
  meter?: UsageMeter;
  onText?: (delta: string) => void;
  onCall?: (call: ToolCall, executed: ExecutedCall) => void;
}

export type ResumeOptions = Omit<RunOptions, 'runId' | 'contactId'>;

export type AgentResult<R> =
  | { status: 'completed'; runId: string; result: R; usage: Usage }
  /** Show `calls` to a person, keep `state`, and call `resume(state.runId, decisions, …)`. */
  | { status: 'needs_approval'; runId: string; calls: PendingCall[]; state: { runId: string }; usage: Usage };

const DEFAULT_STEPS = 20;
const DEFAULT_MEMORY_BUDGET = 2_000;

/** Runs one agent. Safe to share between runs. */
export class Agent<O, R> {
  readonly definition: AgentDefinition<O, R>;
  readonly #deps: AgentDeps;
  readonly #secrets: SecretGuard;
  readonly #result: z.ZodType<R>;

  constructor(definition: AgentDefinition<O, R>, deps: AgentDeps) {
    this.definition = definition;
    this.#deps = deps;
    this.#secrets = new SecretGuard(deps.secrets);
    // Results are stored as JSON and come from our own check; there is nothing to validate again.
    this.#result = z.custom<R>();
  }

  /**
   * Runs until there is a result or a person has to decide.
   * @throws BizError `BIZ_AGENTS_…` of the model, `STEPS_SPENT`, `OUTPUT_INVALID`, `RUN_BUSY`, `RUN_GONE`,
   *   `INPUT_INVALID`, `RUN_OTHER_USER`
   */
  async run(given: AgentInputGiven, options: RunOptions): Promise<AgentResult<R>> {
    const parsed = agentInputSchema.safeParse(given);
    if (!parsed.success) {
      throw new BizError('BIZ_AGENTS_INPUT_INVALID', `The input is wrong: ${z.prettifyError(parsed.error)}`);
    }
    const runId = options.runId ?? newEventId();
    const { store } = this.#deps;
    return store.runs.withLock(runId, async () => {
      const run = await store.runs.open({
        runId,
        agent: this.definition.name,
        contactId: options.contactId ?? null,
        userId: options.user.id,
      });
      this.#checkOwner(run, options.user);
      const known = this.#known(run);
      if (known) return known;
      return this.#drive(run, options, async (graph) =>
        (await graph.stored()) === undefined
          ? graph.start(await this.#firstState(parsed.data, run, options))
          : graph.proceed(null),
      );
    });
  }

  /**
   * Goes on with the decisions of a person, one for each call that waits. Each counts once: the same ones
   * again return what came of them. With none, a run that broke off goes on.
   * @throws BizError also `BIZ_AGENTS_DECISION_CONFLICT`, `BIZ_AGENTS_DECISION_MISSING`, `BIZ_AGENTS_RUN_GONE`,
   *   and as {@link Agent.checkDecisions}; then the run waits as before
   */
  async resume(runId: string, given: readonly Decision[], options: ResumeOptions): Promise<AgentResult<R>> {
    const { store } = this.#deps;
    const decisions = parseDecisions(given);
    return store.runs.withLock(runId, async () => {
      const run = await store.runs.get(runId);
      if (!run || run.agent !== this.definition.name) {
        throw new BizError('BIZ_AGENTS_RUN_GONE', `There is no run ${runId} of "${this.definition.name}".`);
      }
      this.#checkOwner(run, options.user);
      if (decisions.length > 0 && run.decisions !== null && isSame(run.decisions, decisions)) {
        // Decided already; the process may have died before it went on.
        return this.#known(run) ?? this.#drive(run, options, (graph) => graph.proceed(decisions));
      }
      if (run.status !== 'needs_approval') {
        if (decisions.length > 0) throw conflict(runId);
        return this.#known(run) ?? this.#drive(run, options, (graph) => graph.proceed(run.decisions));
      }
      checkComplete(run.calls, decisions);
      this.checkDecisions(run, decisions, options.user);
      await store.runs.update(runId, { status: 'running', decisions });
      return this.#drive({ ...run, status: 'running', decisions }, options, (graph) =>
        graph.proceed(decisions),
      );
    });
  }

  /**
   * Checks the inputs that a person changed as those of the model are checked.
   * @throws BizError `BIZ_AGENTS_DECISION_INVALID`, with `details.problems`: the reason by `callId`
   */
  checkDecisions(run: RunRecord, decisions: readonly Decision[], user: AgentUser): void {
    const toolbox = this.toolbox(run, user, new AbortController().signal, []);
    const problems = decisions.flatMap((decision) => {
      if (decision.action !== 'edit') return [];
      const call = run.calls.find(({ callId, agent }) => {
        return callId === decision.callId && agent === this.definition.name;
      });
      if (!call) return [];
      const verdict = toolbox.judge({ id: call.callId, name: call.tool, input: decision.input });
      return verdict.kind === 'refuse'
        ? [{ callId: call.callId, tool: call.tool, reason: verdict.reason }]
        : [];
    });
    if (problems.length === 0) return;
    const message = problems.map(({ tool, reason }) => `${tool}: ${reason}`).join('\n');
    throw new BizError('BIZ_AGENTS_DECISION_INVALID', `The changed input cannot be taken. ${message}`, {
      details: { problems: Object.fromEntries(problems.map(({ callId, reason }) => [callId, reason])) },
    });
  }

  async #drive(
    run: RunRecord,
    options: ResumeOptions,
    go: (graph: RunGraph) => Promise<GraphOutcome>,
  ): Promise<AgentResult<R>> {
    const { store, limits = {} } = this.#deps;
    const { runId } = run;
    const meter = options.meter ?? new UsageMeter(limits, run.usage);
    const before = meter.usage;
    const signal = options.signal ?? new AbortController().signal;
    const maxSteps = limits.maxSteps ?? DEFAULT_STEPS;
    const toolbox = (notes: AgentState['notes']) => this.toolbox(run, options.user, signal, notes);
    const loop = new AgentLoop({
      definition: this.definition,
      model: this.#deps.model,
      meter,
      secrets: this.#secrets,
      allowedHosts: this.#deps.allowedHosts ?? [],
      maxSteps,
      user: options.user,
      signal,
      decided: run.decisions ?? [],
      isCancelRequested: () => store.runs.isCancelRequested(runId),
      toolbox,
      onText: options.onText,
      onCall: options.onCall,
    });
    const { runGraph } = await import('./graph-lazy.js');
    const graph = runGraph(loop, { runId, checkpointer: await store.checkpoints(), maxSteps });
    let outcome: GraphOutcome;
    await store.runs.update(runId, { status: 'running' });
    try {
      outcome = await go(graph);
    } catch (error) {
      const status = isBizError(error, 'BIZ_AGENTS_CANCELLED') ? 'cancelled' : 'failed';
      await store.runs.update(runId, { status, usage: meter.usage }).catch(() => undefined);
      await this.#removeIfForgotten(runId);
      throw error;
    }
    const used = () => (options.meter ? difference(meter.usage, before) : meter.usage);
    if (outcome.kind === 'waiting') return this.#wait(run, outcome.calls, used(), toolbox([]));
    return this.#complete(run, outcome.result, { meter, signal, used });
  }

  async #wait(run: RunRecord, calls: PendingCall[], usage: Usage, toolbox: Toolbox): Promise<AgentResult<R>> {
    const { runId } = run;
    for (const { callId, tool, input } of calls)
      await toolbox.record({ id: callId, name: tool, input }, 'asked');
    await this.#deps.store.runs.update(runId, { status: 'needs_approval', calls, decisions: null, usage });
    return { status: 'needs_approval', runId, calls, state: { runId }, usage };
  }

  async #complete(
    run: RunRecord,
    value: unknown,
    { meter, signal, used }: { meter: UsageMeter; signal: AbortSignal; used: () => Usage },
  ): Promise<AgentResult<R>> {
    const { store, model, memoryBudget = DEFAULT_MEMORY_BUDGET } = this.#deps;
    const { runId, contactId } = run;
    const result = this.#result.parse(value);
    // Learns before it is completed: after a crash in between it learns again, which changes nothing.
    if ((await this.remember(run, value, () => this.#heard(runId))) && contactId !== null) {
      // The answer stands already: a memory that could not be put in short is put in short next time.
      await summariseConversation(
        store,
        { contactId, agent: this.definition.name },
        { model, meter, secrets: this.#secrets, budget: memoryBudget, signal },
      ).catch(() => undefined);
    }
    const usage = used();
    await store.runs
      .update(runId, { status: 'completed', result: { value }, usage })
      .catch(async (error: unknown) => {
        await this.#removeIfForgotten(runId);
        throw error;
      });
    return { status: 'completed', runId, result, usage };
  }

  /** Learns from a result, and keeps what was said to the contact; gives whether something was said. */
  async remember(run: RunRecord, value: unknown, heard: () => Promise<readonly string[]>): Promise<boolean> {
    const { runId, contactId } = run;
    const result = this.#result.parse(value);
    await this.definition.learn?.(result, { runId, contactId: contactId ?? undefined });
    const said = this.definition.said?.(result);
    if (contactId === null || said === undefined) return false;
    await this.#deps.store.conversations.append(contactId, this.definition.name, runId, [
      ...(await heard()).map((text) => ({ role: 'contact' as const, text })),
      { role: 'agent', text: said },
    ]);
    return true;
  }

  /** Checks by code what a model handed in, without secrets and foreign links. */
  checkResult(value: unknown, context: CheckContext): Promise<Checked<unknown>> {
    const { allowedHosts = [] } = this.#deps;
    const clean = (given: unknown) => safeValue(this.#secrets.redactValue(given), { allowedHosts });
    return checkResult(this.definition, value, clean, context);
  }

  async #firstState(input: AgentInput, run: RunRecord, options: RunOptions) {
    const quoter = new Quoter();
    const redact = (text: string) => this.#secrets.redact(text);
    const quote = (source: string, text: string) => quoter.quote(redact(source), redact(text));
    const parts = [redact(input.task)];
    if (run.contactId !== null) {
      const talk = await this.#deps.store.conversations.load(run.contactId, this.definition.name);
      if (talk.summary !== null) parts.push(quote('earlier conversation, in short', talk.summary));
      for (const turn of talk.turns) parts.push(quote(`earlier: ${turn.role}`, turn.text));
    }
    for (const { source, text } of input.data) parts.push(quote(source, text));
    parts.push(
      `Today is ${new Date().toISOString().slice(0, 10)} (UTC). User: ${JSON.stringify(options.user.id)}.`,
    );
    const messages: Message[] = [{ role: 'user', content: parts.join('\n\n') }];
    const data = input.data.map(({ source, text }) => ({ source: redact(source), text: redact(text) }));
    return { input: { task: redact(input.task), data }, nonce: quoter.nonce, messages };
  }

  async #heard(runId: string): Promise<string[]> {
    const tuple = await (
      await this.#deps.store.checkpoints()
    ).getTuple({ configurable: { thread_id: runId } });
    const input = agentInputSchema.safeParse(tuple?.checkpoint.channel_values.input);
    return input.success ? input.data.data.map(({ text }) => text) : [];
  }

  /** The tools of a run, with everything that stands in front of them. */
  toolbox(run: RunRecord, user: AgentUser, signal: AbortSignal, notes: AgentState['notes']): Toolbox {
    const { store, audit, approval = {}, allowedHosts = [], allowPrivateAddresses = false } = this.#deps;
    return new Toolbox({
      agent: this.definition.name,
      tools: this.definition.tools,
      policy: approval,
      user,
      runId: run.runId,
      contactId: run.contactId ?? undefined,
      audit,
      ledger: store.ledger,
      secrets: this.#secrets,
      fetch: guardedFetch({ allowedHosts, allowPrivateAddresses }),
      signal,
      note: (kind, value) => notes.push({ kind, value }),
      notes: (kind) => notes.filter((one) => one.kind === kind).map((one) => one.value),
    });
  }

  #known(run: RunRecord): AgentResult<R> | undefined {
    const { runId, usage, calls } = run;
    if (run.status === 'completed') {
      const { value } = z.object({ value: z.unknown() }).parse(run.result);
      return { status: 'completed', runId, result: this.#result.parse(value), usage };
    }
    return run.status === 'needs_approval'
      ? { status: 'needs_approval', runId, calls, state: { runId }, usage }
      : undefined;
  }

  #checkOwner(run: RunRecord, user: AgentUser): void {
    if (run.userId === user.id && run.agent === this.definition.name) return;
    throw new BizError(
      'BIZ_AGENTS_RUN_OTHER_USER',
      `The run ${run.runId} belongs to another user or agent.`,
      {
        hint: 'Resume it as the user it was started for; who decides stands in the decisions.',
      },
    );
  }

  /** A contact may be forgotten while a run works: then its checkpoints, written since, go as well. */
  async #removeIfForgotten(runId: string): Promise<void> {
    const { store } = this.#deps;
    if ((await store.runs.get(runId)) === undefined) await (await store.checkpoints()).deleteThread(runId);
  }
}

function parseDecisions(given: readonly Decision[]): Decision[] {
  const parsed = z.array(decisionSchema).safeParse(given);
  if (parsed.success) return parsed.data;
  throw new BizError('BIZ_AGENTS_INPUT_INVALID', `The decisions are wrong: ${z.prettifyError(parsed.error)}`);
}

function checkComplete(calls: readonly PendingCall[], decisions: readonly Decision[]): void {
  const wanted = calls.map((call) => call.callId).sort();
  const given = decisions.map((decision) => decision.callId).sort();
  if (JSON.stringify(wanted) === JSON.stringify(given)) return;
  throw new BizError(
    'BIZ_AGENTS_DECISION_MISSING',
    'Exactly one decision is needed for each call that waits.',
    {
      hint: `Calls that wait: ${wanted.join(', ')}.`,
    },
  );
}

function isSame(left: readonly Decision[], right: readonly Decision[]): boolean {
  // Parsed again: the schema gives both the same order of keys.
  const text = (list: readonly Decision[]) =>
    JSON.stringify(
      list.map((one) => decisionSchema.parse(one)).sort((one, other) => (one.callId < other.callId ? -1 : 1)),
    );
  return text(left) === text(right);
}

function conflict(runId: string): BizError {
  return new BizError('BIZ_AGENTS_DECISION_CONFLICT', `The run ${runId} waits for no such decision.`, {
    hint: 'It was decided before, perhaps by somebody else.',
  });
}

function difference(after: Usage, before: Usage): Usage {
  return {
    requests: after.requests - before.requests,
    inputTokens: after.inputTokens - before.inputTokens,
    outputTokens: after.outputTokens - before.outputTokens,
    cachedInputTokens: after.cachedInputTokens - before.cachedInputTokens,
    cacheWriteTokens: after.cacheWriteTokens - before.cacheWriteTokens,
    costUsd: after.costUsd === null || before.costUsd === null ? null : after.costUsd - before.costUsd,
  };
}
