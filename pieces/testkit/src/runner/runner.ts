import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { join } from 'node:path';
import { TriggerStrategy } from '@activepieces/pieces-framework';
import type { RespondResponse, ResumePayload, TriggerPayload } from '@activepieces/shared';
import { createStore, type StoreBackend } from '../context/store';
import { createTriggerContext, type TriggerEffects } from '../context/trigger-context';
import { isConnectionValue } from '../context/auth';
import { sleep, withDeadline } from '../deadline';
import { DedupeWindow } from '../dedupe';
import { BizError, codeOf, describeError } from '../errors';
import { ExpressionSandbox } from '../expressions/sandbox';
import { resolveTemplate } from '../expressions/template';
import { CodePool } from '../flow/code-pool';
import { executeFlow, RunInterrupted, type Verdict } from '../flow/execute';
import type { FlowPlan, PlannedTrigger } from '../flow/plan';
import { stepRecordsSchema, type StepRecords, withoutFailures } from '../flow/state';
import { LIMITS } from '../limits';
import type { Redactor, RunnerLog } from '../log';
import { definitionsOf, isPlainObject } from '../values';
import { processPropsOrThrow } from '../props/process';
import { runTriggerHook, toTriggerPayload } from '../trigger';
import type { Connections } from './connections';
import { RunFiles } from './files';
import { lockState } from './lock';
import { PollingLoop } from './polling-loop';
import { isSettled, type RunRecord, type StoreChanges } from './records';
import { Scheduler } from './scheduler';
import { RunnerState } from './state';

export interface RunnerOptions {
  flows: readonly FlowPlan[];
  connections: Connections;
  stateDir: string;
  log: RunnerLog;
  redactor: Redactor;
  /** Runs at the same time, over all flows. 8 by default. */
  concurrency?: number;
  /** Milliseconds between two polls that found nothing. 1000 by default. */
  pollMs?: number;
  /** Ended runs that are kept. 1000 by default. */
  keepRuns?: number;
  /** Milliseconds; the server's values by default. */
  retryBaseMs?: number;
  flowTimeoutMs?: number;
  syncTimeoutMs?: number;
}

/** Runs that wait; a webhook is refused beyond that. */
const MAX_QUEUED = 10_000;
/** Bytes of step outputs that are kept for an ended run. */
const MAX_KEPT_STEPS = 64 * 1024;
/** Milliseconds; setTimeout takes no more. */
const MAX_TIMER = 2_147_483_647;

export interface FlowStatus {
  id: string;
  displayName: string;
  trigger: string;
  strategy: string;
  enabled: boolean;
  error?: string;
  webhookUrl?: string;
}

interface FlowEntry {
  plan: FlowPlan;
  enabled: boolean;
  error?: string;
  dedupe: DedupeWindow;
  loop?: PollingLoop;
}

/** Answer of a synchronous call. */
export interface SyncAnswer {
  status: number;
  headers: Record<string, string>;
  body: unknown;
}

/**
 * Runs flows: polls triggers, takes webhooks, executes runs, keeps all of it in the state directory.
 * A development and demo tool; production is Activepieces.
 */
export class FlowRunner {
  readonly files: RunFiles;
  private readonly entries = new Map<string, FlowEntry>();
  private readonly scheduler: Scheduler;
  private readonly sandbox = new ExpressionSandbox();
  private readonly code = new CodePool();
  private readonly stopping = new AbortController();
  private readonly cutOff = new AbortController();
  private readonly responders = new Map<string, (answer: SyncAnswer) => void>();
  private readonly settledWaiters = new Map<string, Array<() => void>>();
  private readonly timers = new Map<string, NodeJS.Timeout>();
  /** Resume calls that came before their run had paused. */
  private readonly early = new Map<string, ResumePayload>();
  private baseUrl = 'http://127.0.0.1/';

  private constructor(
    private readonly options: RunnerOptions,
    private readonly state: RunnerState,
    private readonly unlock: () => void,
  ) {
    this.files = new RunFiles(join(options.stateDir, 'files'));
    this.scheduler = new Scheduler(options.concurrency ?? 8);
    // One listener for each step under way is no leak.
    setMaxListeners(0, this.stopping.signal, this.cutOff.signal);
    for (const plan of options.flows) {
      if (this.entries.has(plan.id)) {
        throw new BizError('BIZ_FLOW_DUPLICATE', `Two flows are named "${plan.displayName}".`, {
          hint: 'Rename one of them: the name is part of its URL.',
        });
      }
      this.entries.set(plan.id, { plan, enabled: false, dedupe: new DedupeWindow() });
    }
  }

  /** Rejects with `BIZ_RUNNER_LOCKED`, `BIZ_RUNNER_STATE` or `BIZ_FLOW_DUPLICATE`. */
  static async open(options: RunnerOptions): Promise<FlowRunner> {
    const unlock = lockState(options.stateDir);
    let state: RunnerState | undefined;
    try {
      state = await RunnerState.open(join(options.stateDir, 'journal'), { keepRuns: options.keepRuns });
      return new FlowRunner(options, state, unlock);
    } catch (error) {
      await state?.close();
      unlock();
      throw error;
    }
  }

  /** Takes up what was left undone and enables the triggers. `baseUrl` ends with a slash. */
  start(baseUrl: string): void {
    this.baseUrl = baseUrl;
    this.files.prune();
    for (const run of this.state.runs.values()) {
      if (run.status === 'PAUSED') this.armDelay(run);
      else if (!isSettled(run)) this.restore(run);
    }
    for (const entry of this.entries.values()) void this.enable(entry);
  }

  get ready(): boolean {
    return [...this.entries.values()].every(({ enabled }) => enabled);
  }

  get isStopping(): boolean {
    return this.stopping.signal.aborted;
  }

  flows(): FlowStatus[] {
    return [...this.entries.values()].map(({ plan, enabled, error }) => ({
      id: plan.id,
      displayName: plan.displayName,
      trigger:
        plan.trigger === undefined ? 'manual' : `${plan.trigger.pieceName}:${plan.trigger.trigger.name}`,
      strategy: String(plan.trigger?.trigger.type ?? TriggerStrategy.MANUAL),
      enabled,
      ...(error === undefined ? {} : { error }),
      ...(plan.trigger?.trigger.type === TriggerStrategy.WEBHOOK
        ? { webhookUrl: this.webhookUrl(plan) }
        : {}),
    }));
  }

  /** Newest first. */
  runs(filter: { limit: number; flow?: string | undefined; status?: string | undefined }): RunRecord[] {
    const matching = [...this.state.runs.values()].filter(
      (run) =>
        (filter.flow === undefined || run.flow === filter.flow) &&
        (filter.status === undefined || run.status === filter.status),
    );
    return matching.slice(-filter.limit).reverse();
  }

  run(id: string): RunRecord | undefined {
    return this.state.runs.get(id);
  }

  /**
   * A call of a flow's webhook. Undefined when there is no such flow with a webhook.
   * The runs are durable when this resolves.
   */
  async webhook(flowId: string, payload: TriggerPayload, sync: boolean): Promise<SyncAnswer | undefined> {
    const entry = this.entries.get(flowId);
    const trigger = entry?.plan.trigger;
    if (entry === undefined || trigger?.trigger.type !== TriggerStrategy.WEBHOOK) return undefined;
    if (!entry.enabled || this.isStopping || this.scheduler.size >= MAX_QUEUED) {
      return {
        status: 503,
        headers: { 'retry-after': '5' },
        body: { message: 'The flow takes no calls now.' },
      };
    }
    const handshake = trigger.trigger.handshakeConfiguration;
    if (matchesHandshake(handshake.strategy, handshake.paramName, payload)) {
      const context = await this.triggerContext(entry.plan, trigger, this.state.store, payload);
      const response = await trigger.trigger.onHandshake(context);
      return { status: response.status, headers: response.headers ?? {}, body: response.body };
    }
    const buffer = this.state.buffered();
    const context = await this.triggerContext(entry.plan, trigger, buffer.store, payload);
    const items = entry.dedupe.filter(await runTriggerHook(trigger.trigger, 'run', context));
    const runs = this.newRuns(entry.plan, items);
    const first = runs[0];
    const answer = sync && first !== undefined ? this.answerOf(first.id) : undefined;
    await this.accept(runs, buffer.take());
    if (answer !== undefined) return answer;
    return { status: 200, headers: {}, body: {} };
  }

  /** Starts a flow by hand; the payload is the trigger's output. */
  async startFlow(flowId: string, payload: unknown): Promise<RunRecord | undefined> {
    const entry = this.entries.get(flowId);
    if (entry === undefined) return undefined;
    const [run] = this.newRuns(entry.plan, [payload]);
    if (run === undefined) return undefined;
    await this.accept([run], []);
    return run;
  }

  /**
   * Starts a run that failed once more, from its beginning or from the step that failed.
   * @throws BizError `BIZ_RUN_UNKNOWN`, `BIZ_RUN_NOT_FAILED`.
   */
  async retry(id: string, fromFailedStep: boolean): Promise<RunRecord> {
    const run = this.state.runs.get(id);
    if (run === undefined) throw new BizError('BIZ_RUN_UNKNOWN', `There is no run ${id}.`);
    if (run.status !== 'FAILED' && run.status !== 'TIMEOUT') {
      throw new BizError(
        'BIZ_RUN_NOT_FAILED',
        `Run ${id} is ${run.status}; only a failed run can be retried.`,
      );
    }
    const {
      failedStep: _failed,
      finishedAt: _finished,
      startedAt: _started,
      steps,
      batch: _batch,
      ...kept
    } = run;
    const again: RunRecord = {
      ...kept,
      status: 'QUEUED',
      attempt: run.attempt + 1,
      ...(fromFailedStep && steps !== undefined ? { steps: withoutFailures(steps) } : {}),
    };
    await this.state.saveRun(again);
    this.enqueue(again);
    return again;
  }

  /** A hit of a waitpoint's URL. `waitpointId` undefined resumes whatever the run waits for. */
  async resume(
    runId: string,
    waitpointId: string | undefined,
    payload: ResumePayload,
    sync: boolean,
  ): Promise<SyncAnswer> {
    const run = this.state.runs.get(runId);
    if (run === undefined) return { status: 404, headers: {}, body: { message: 'There is no such run.' } };
    if (run.status === 'PAUSED' && (waitpointId === undefined || run.waitpoint?.id === waitpointId)) {
      const answer = sync ? this.answerOf(runId) : undefined;
      await this.continueRun(run, payload);
      return answer ?? { status: 200, headers: {}, body: { message: 'The run goes on.' } };
    }
    if (!isSettled(run) && waitpointId !== undefined && run.waitpoint?.id !== waitpointId) {
      this.early.set(`${runId} ${waitpointId}`, payload);
      return { status: 200, headers: {}, body: { message: 'The run goes on as soon as it waits.' } };
    }
    return { status: 410, headers: {}, body: { message: 'The run does not wait for this any more.' } };
  }

  /** Finishes what runs within `graceMs`; what is left is started again by the next runner. */
  async stop(graceMs: number): Promise<void> {
    if (this.isStopping) return;
    this.stopping.abort();
    for (const timer of this.timers.values()) clearTimeout(timer);
    for (const id of [...this.settledWaiters.keys()]) this.announce(id);
    const loops = [...this.entries.values()].map(({ loop }) => loop?.stopped());
    const drained = Promise.all([this.scheduler.stop(), ...loops]).then(() => true);
    const inTime = await Promise.race([
      drained,
      new Promise<false>((resolve) => setTimeout(resolve, graceMs, false).unref()),
    ]);
    if (!inTime) {
      this.options.log('warn', 'runs are cut off', { running: this.scheduler.running });
      this.cutOff.abort();
      await this.scheduler.stop();
    }
    this.code.close();
    await this.state.close();
    this.unlock();
  }

  private async enable(entry: FlowEntry): Promise<void> {
    const { plan } = entry;
    const trigger = plan.trigger;
    for (let attempt = 0; !entry.enabled && !this.isStopping; attempt += 1) {
      try {
        if (trigger !== undefined) await this.enableTrigger(plan, trigger);
        entry.enabled = true;
        delete entry.error;
        this.options.log('info', 'flow enabled', { flow: plan.id });
      } catch (error) {
        entry.error = this.options.redactor.text(describeError(error));
        this.options.log('warn', 'trigger cannot be enabled, trying again', {
          flow: plan.id,
          error: entry.error,
          code: codeOf(error),
        });
        await sleep(Math.min(30_000, 500 * 2 ** Math.min(attempt, 6)), this.stopping.signal);
      }
    }
    if (entry.enabled && trigger?.trigger.type === TriggerStrategy.POLLING && !this.isStopping) {
      entry.loop = new PollingLoop({
        pollMs: this.options.pollMs ?? 1_000,
        schedule: this.state.triggerState(plan.id)?.schedule,
        signal: this.stopping.signal,
        poll: () => this.poll(entry, trigger),
        onError: (error, waitMs) => {
          entry.error = this.options.redactor.text(describeError(error));
          this.options.log('warn', 'poll failed', {
            flow: plan.id,
            error: entry.error,
            code: codeOf(error),
            nextPollMs: waitMs,
          });
        },
      });
      entry.loop.start();
    }
  }

  /**
   * Calls `onEnable` when the flow is new or its trigger changed: a restart is no publishing, and must not make a
   * trigger forget what happened meanwhile.
   */
  private async enableTrigger(plan: FlowPlan, trigger: PlannedTrigger): Promise<void> {
    const kind = String(trigger.trigger.type);
    if (kind === String(TriggerStrategy.APP_WEBHOOK)) {
      throw new BizError('BIZ_FLOW_TRIGGER_KIND', `Trigger "${trigger.trigger.name}" is an app webhook.`, {
        hint: 'Run this flow on Activepieces.',
      });
    }
    const webhook = kind === String(TriggerStrategy.WEBHOOK);
    const fingerprint = webhook ? `${trigger.fingerprint} ${this.webhookUrl(plan)}` : trigger.fingerprint;
    if (this.state.triggerState(plan.id)?.fingerprint === fingerprint) return;
    const effects: TriggerEffects = { listeners: [] };
    const context = await this.triggerContext(plan, trigger, this.state.store, toTriggerPayload({}), effects);
    const enabling: Promise<unknown> = trigger.trigger.onEnable(context);
    await withDeadline(enabling, LIMITS.triggerHookTimeoutMs, {
      code: 'BIZ_TRIGGER_TIMEOUT',
      message: `onEnable of "${trigger.trigger.name}" took more than ${LIMITS.triggerHookTimeoutMs / 1000} s.`,
    });
    await this.state.saveTrigger(plan.id, {
      fingerprint,
      ...(effects.schedule === undefined ? {} : { schedule: effects.schedule }),
    });
  }

  /** One poll. Resolves with the number of runs when all of them are settled. */
  private async poll(entry: FlowEntry, trigger: PlannedTrigger): Promise<number> {
    // What a crash left of the last batch comes first: the next poll may commit it.
    await this.settled(
      this.state.unsettled().filter((run) => run.flow === entry.plan.id && run.batch !== undefined),
    );
    if (this.isStopping) return 0;
    const buffer = this.state.buffered();
    const context = await this.triggerContext(entry.plan, trigger, buffer.store, toTriggerPayload({}));
    const items = entry.dedupe.filter(await runTriggerHook(trigger.trigger, 'run', context));
    delete entry.error;
    const runs = this.newRuns(entry.plan, items, randomUUID());
    await this.accept(runs, buffer.take());
    await this.settled(runs);
    return runs.length;
  }

  private newRuns(plan: FlowPlan, items: readonly unknown[], batch?: string): RunRecord[] {
    return items.map((payload) => {
      const key = isPlainObject(payload) ? payload['key'] : undefined;
      return {
        id: randomUUID(),
        flow: plan.id,
        status: 'QUEUED',
        payload,
        attempt: 1,
        createdAt: new Date().toISOString(),
        ...(typeof key === 'string' && key !== '' ? { key } : {}),
        ...(batch === undefined ? {} : { batch }),
      };
    });
  }

  private async accept(runs: RunRecord[], store: StoreChanges): Promise<void> {
    await this.state.addRuns(runs, store);
    for (const run of runs) this.enqueue(run);
  }

  private restore(run: RunRecord): void {
    if (this.entries.has(run.flow)) {
      this.options.log('info', 'run is started again', { flow: run.flow, run: run.id });
      this.enqueue(run);
    } else {
      this.options.log('warn', 'run of a flow that is not loaded waits', { flow: run.flow, run: run.id });
    }
  }

  private enqueue(run: RunRecord): void {
    this.scheduler.add({
      key: run.key === undefined ? undefined : `${run.flow} ${run.key}`,
      work: () => this.execute(run.id),
    });
  }

  private async execute(id: string): Promise<void> {
    const queued = this.state.runs.get(id);
    const plan = queued === undefined ? undefined : this.entries.get(queued.flow)?.plan;
    if (queued === undefined || plan === undefined) return;
    const run: RunRecord = {
      ...queued,
      status: 'RUNNING',
      startedAt: queued.startedAt ?? new Date().toISOString(),
    };
    this.state.runs.set(id, run);
    const steps = stepRecordsSchema.parse(structuredClone(run.steps ?? {}));
    steps[plan.trigger?.name ?? 'trigger'] = {
      type: 'PIECE_TRIGGER',
      status: 'SUCCEEDED',
      output: run.payload,
    };
    const tags = new Set(run.tags);
    try {
      const verdict = await this.walk(plan, run, steps, tags);
      await this.conclude(run, verdict, steps, [...tags]);
    } catch (error) {
      if (error instanceof RunInterrupted) return;
      // Only the disk gets here; the run is started again by the next runner.
      this.options.log('error', 'run cannot be recorded', {
        flow: run.flow,
        run: id,
        error: describeError(error),
      });
    }
  }

  private async walk(
    plan: FlowPlan,
    run: RunRecord,
    steps: StepRecords,
    tags: Set<string>,
  ): Promise<Verdict> {
    const { connections, retryBaseMs, flowTimeoutMs } = this.options;
    if (plan.trigger !== undefined && run.resumePayload === undefined)
      await this.callOnStart(plan, plan.trigger, run);
    return executeFlow({
      plan,
      identity: { ...this.identity(plan), runId: run.id },
      services: {
        store: createStore(this.state.store, { flowId: plan.id }),
        files: this.files.service(() => this.baseUrl),
        connections: { get: async (id) => connections.get(id) ?? null },
        server: this.server(),
        resumeBaseUrl: this.baseUrl,
      },
      connection: (id) => connections.get(id),
      sandbox: this.sandbox,
      code: this.code,
      steps,
      signal: this.cutOff.signal,
      respond: (response) => this.answer(run.id, toAnswer(response)),
      onTags: (added) => added.forEach((tag) => tags.add(tag)),
      ...(run.resumePayload === undefined ? {} : { resumePayload: run.resumePayload }),
      ...(retryBaseMs === undefined ? {} : { retryBaseMs }),
      ...(flowTimeoutMs === undefined ? {} : { flowTimeoutMs }),
    });
  }

  private async callOnStart(plan: FlowPlan, trigger: PlannedTrigger, run: RunRecord): Promise<void> {
    const { flows: _flows, ...context } = await this.triggerContext(
      plan,
      trigger,
      this.state.store,
      toTriggerPayload({}),
    );
    await trigger.trigger.onStart({ ...context, run: { id: run.id }, payload: run.payload });
  }

  private async conclude(
    run: RunRecord,
    verdict: Verdict,
    steps: StepRecords,
    tags: string[],
  ): Promise<void> {
    const { resumePayload: _resumed, waitpoint: _waited, ...rest } = run;
    const base = { ...rest, ...(tags.length > 0 ? { tags } : {}) };
    if (verdict.status === 'PAUSED') {
      const paused: RunRecord = { ...base, status: 'PAUSED', waitpoint: verdict.waitpoint, steps };
      await this.state.saveRun(paused);
      this.options.log('info', 'run paused', {
        flow: run.flow,
        run: run.id,
        waitpoint: verdict.waitpoint.type,
      });
      this.announce(run.id);
      const key = `${run.id} ${verdict.waitpoint.id}`;
      const early = this.early.get(key);
      this.early.delete(key);
      if (early !== undefined) await this.continueRun(paused, early);
      else this.armDelay(paused);
      return;
    }
    const finishedAt = new Date().toISOString();
    if (verdict.status === 'SUCCEEDED') {
      await this.state.saveRun({ ...base, ...keptSteps(steps), status: 'SUCCEEDED', finishedAt });
      this.options.log('info', 'run succeeded', { flow: run.flow, run: run.id });
      this.answer(run.id, { status: 204, headers: {}, body: undefined });
    } else {
      const message = this.options.redactor.text(verdict.failedStep.message);
      const failedStep = { ...verdict.failedStep, message };
      await this.state.saveRun({
        ...base,
        ...keptSteps(this.options.redactor.value(steps)),
        status: verdict.status,
        failedStep,
        finishedAt,
      });
      this.options.log('error', 'run failed', {
        flow: run.flow,
        run: run.id,
        status: verdict.status,
        step: failedStep.name,
        error: message,
      });
      this.answer(run.id, {
        status: verdict.status === 'TIMEOUT' ? 504 : 500,
        headers: {},
        body: { message: 'The flow has failed and there is no response returned' },
      });
    }
    this.announce(run.id);
  }

  private async continueRun(run: RunRecord, payload: ResumePayload): Promise<void> {
    clearTimeout(this.timers.get(run.id));
    this.timers.delete(run.id);
    const queued: RunRecord = { ...run, status: 'QUEUED', resumePayload: payload };
    await this.state.saveRun(queued);
    if (!this.isStopping) this.enqueue(queued);
  }

  private armDelay(run: RunRecord): void {
    if (run.waitpoint?.type !== 'DELAY' || this.isStopping || !this.entries.has(run.flow)) return;
    const waitMs = Date.parse(run.waitpoint.resumeDateTime ?? '') - Date.now();
    const timer = setTimeout(
      () => {
        const current = this.state.runs.get(run.id);
        if (current?.status !== 'PAUSED' || current.waitpoint?.id !== run.waitpoint?.id) return;
        if (waitMs > MAX_TIMER) this.armDelay(current);
        else {
          this.continueRun(current, toTriggerPayload({})).catch((error: unknown) => {
            this.options.log('error', 'run cannot go on', { run: run.id, error: describeError(error) });
          });
        }
      },
      Math.min(MAX_TIMER, Math.max(0, waitMs)),
    );
    this.timers.set(run.id, timer);
  }

  /** Resolves when every run is settled: done, failed or durably paused. */
  private async settled(runs: readonly RunRecord[]): Promise<void> {
    for (const { id } of runs) {
      const current = this.state.runs.get(id);
      if (current === undefined || isSettled(current) || this.isStopping) continue;
      await new Promise<void>((resolve) => {
        const waiters = this.settledWaiters.get(id) ?? [];
        waiters.push(resolve);
        this.settledWaiters.set(id, waiters);
      });
    }
  }

  private announce(id: string): void {
    for (const resolve of this.settledWaiters.get(id) ?? []) resolve();
    this.settledWaiters.delete(id);
  }

  private answerOf(runId: string): Promise<SyncAnswer> {
    return new Promise((resolve) => {
      const timer = setTimeout(
        () => this.answer(runId, { status: 204, headers: {}, body: undefined }),
        this.options.syncTimeoutMs ?? LIMITS.syncWebhookTimeoutMs,
      );
      this.responders.set(runId, (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
    });
  }

  private answer(runId: string, answer: SyncAnswer): void {
    this.responders.get(runId)?.(answer);
    this.responders.delete(runId);
  }

  private async triggerContext(
    plan: FlowPlan,
    trigger: PlannedTrigger,
    store: StoreBackend,
    payload: TriggerPayload,
    effects: TriggerEffects = { listeners: [] },
  ) {
    const { connections } = this.options;
    const { value } = resolveTemplate(
      trigger.input,
      { steps: {}, connection: (id) => structuredClone(connections.get(id)) },
      this.sandbox,
    );
    const input = isPlainObject(value) ? value : {};
    const props = await processPropsOrThrow(input, definitionsOf(trigger.trigger), trigger.propertySettings);
    return createTriggerContext({
      identity: { ...this.identity(plan), runId: '', stepName: trigger.trigger.name },
      services: {
        store: createStore(store, { flowId: plan.id }),
        files: this.files.service(() => this.baseUrl),
        connections: { get: async (id) => connections.get(id) ?? null },
        server: this.server(),
      },
      effects,
      auth: isConnectionValue(props['auth']) ? props['auth'] : undefined,
      props,
      webhookUrl: this.webhookUrl(plan),
      payload,
    });
  }

  private identity(plan: FlowPlan) {
    return { flowId: plan.id, flowVersionId: `${plan.id}-version`, projectId: 'flow-runner' };
  }

  private server() {
    return { apiUrl: this.baseUrl, publicUrl: this.baseUrl, token: 'flow-runner' };
  }

  private webhookUrl(plan: FlowPlan): string {
    return new URL(`webhooks/${plan.id}`, this.baseUrl).toString();
  }
}

function toAnswer(response: RespondResponse): SyncAnswer {
  return { status: response.status ?? 200, headers: response.headers ?? {}, body: response.body ?? {} };
}

/** Large outputs are not kept: the list of runs is a help for people, not an archive. */
function keptSteps(steps: StepRecords): { steps?: StepRecords } {
  return JSON.stringify(steps).length <= MAX_KEPT_STEPS ? { steps } : {};
}

function matchesHandshake(strategy: string, paramName: string | undefined, payload: TriggerPayload): boolean {
  if (paramName === undefined) return false;
  if (strategy === 'HEADER_PRESENT') return Object.hasOwn(payload.headers, paramName.toLowerCase());
  if (strategy === 'QUERY_PRESENT') return Object.hasOwn(payload.queryParams, paramName);
  return (
    strategy === 'BODY_PARAM_PRESENT' && isPlainObject(payload.body) && Object.hasOwn(payload.body, paramName)
  );
}
