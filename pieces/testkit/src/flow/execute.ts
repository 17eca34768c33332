import { backwardCompatabilityContextUtils, LATEST_CONTEXT_VERSION } from '@activepieces/pieces-framework';
import type { RespondResponse, ResumePayload } from '@activepieces/shared';
import {
  type AnyActionContext,
  type ContextServices,
  createActionContext,
  type Identity,
  noEffects,
  type RunEffects,
  type Waitpoint,
} from '../context/action-context';
import { type ContextAuth, isConnectionValue } from '../context/auth';
import { sleep } from '../deadline';
import { BizError, describeError } from '../errors';
import type { ExpressionSandbox } from '../expressions/sandbox';
import { resolveTemplate, type Resolved, type Scope, type Template } from '../expressions/template';
import { LIMITS } from '../limits';
import { definitionsOf, isPlainObject } from '../values';
import { processPropsOrThrow } from '../props/process';
import type { CodePool } from './code-pool';
import { conditionsMatch } from './conditions';
import type { FlowPlan, PlannedCode, PlannedLoop, PlannedPiece, PlannedRouter, PlannedStep } from './plan';
import {
  type LoopOutput,
  loopOutputSchema,
  routerOutputSchema,
  type StepRecords,
  visibleOutputs,
} from './state';

export interface FailedStep {
  name: string;
  displayName: string;
  message: string;
}

export type Verdict =
  | { status: 'SUCCEEDED'; stopResponse?: RespondResponse }
  | { status: 'FAILED' | 'TIMEOUT'; failedStep: FailedStep }
  | { status: 'PAUSED'; waitpoint: Waitpoint };

export interface ExecuteOptions {
  plan: FlowPlan;
  identity: Omit<Identity, 'stepName'>;
  services: ContextServices;
  connection(id: string): ContextAuth | undefined;
  sandbox: ExpressionSandbox;
  code: CodePool;
  /** Holds the trigger's output already; filled in place. */
  steps: StepRecords;
  /** Present when a paused run goes on. */
  resumePayload?: ResumePayload;
  /** Answers the waiting caller of a synchronous webhook. */
  respond?(response: RespondResponse): void;
  onTags?(tags: readonly string[]): void;
  /** Milliseconds; 4000 as the server. */
  retryBaseMs?: number;
  flowTimeoutMs?: number;
  signal: AbortSignal;
}

/** Thrown out of a run that was cut off by the runner's end: it is neither done nor failed. */
export class RunInterrupted extends Error {
  override readonly name = 'RunInterrupted';
}

/** Ends a run from inside of a sequence. */
class Stop {
  constructor(readonly verdict: Verdict) {}
}

/**
 * Walks a flow from its first step. Steps that are done in `steps` are not run again, so a paused run goes on
 * where it stopped. Never rejects for what a step does; rejects with {@link RunInterrupted} when `signal` aborts.
 */
export async function executeFlow(options: ExecuteOptions): Promise<Verdict> {
  return new Execution(options).run();
}

class Execution {
  private readonly deadline: number;
  private readonly timeoutMs: number;

  constructor(private readonly options: ExecuteOptions) {
    this.timeoutMs = options.flowTimeoutMs ?? LIMITS.flowTimeoutMs;
    this.deadline = Date.now() + this.timeoutMs;
  }

  async run(): Promise<Verdict> {
    const stop = await this.sequence(this.options.plan.steps, [this.options.steps]);
    return stop?.verdict ?? { status: 'SUCCEEDED' };
  }

  private async sequence(
    steps: readonly PlannedStep[],
    scopes: readonly StepRecords[],
  ): Promise<Stop | undefined> {
    for (const step of steps) {
      if (step.skip) continue;
      if (this.options.signal.aborted) throw new RunInterrupted();
      if (Date.now() >= this.deadline) return this.timedOut(step);
      const stop = await this.step(step, scopes);
      if (stop !== undefined) return stop;
    }
    return undefined;
  }

  private step(step: PlannedStep, scopes: readonly StepRecords[]): Promise<Stop | undefined> {
    switch (step.type) {
      case 'LOOP_ON_ITEMS':
        return this.loop(step, scopes);
      case 'ROUTER':
        return this.router(step, scopes);
      case 'PIECE':
      case 'CODE':
        return this.task(step, scopes);
    }
  }

  /** A PIECE or CODE step, with its retries and its continueOnFailure. */
  private async task(
    step: PlannedPiece | PlannedCode,
    scopes: readonly StepRecords[],
  ): Promise<Stop | undefined> {
    const records = innermost(scopes);
    const done = records[step.name];
    if (done !== undefined && done.status !== 'PAUSED') return undefined;
    const resume = done?.status === 'PAUSED';
    const attempts = step.onError.retryOnFailure ? LIMITS.retryAttempts : 1;
    for (let attempt = 1; ; attempt += 1) {
      const started = performance.now();
      let input: Resolved = { value: {}, censored: {} };
      try {
        input = this.resolve(step.name, step.input, scopes);
        const stop =
          step.type === 'PIECE'
            ? await this.piece(step, input, records, resume, started)
            : await this.code(step, input, records, started);
        return stop;
      } catch (error) {
        if (error instanceof RunInterrupted) throw error;
        const message = describeError(error);
        records[step.name] = {
          type: step.type,
          status: 'FAILED',
          input: input.censored,
          errorMessage: message,
          duration: elapsed(started),
        };
        if (Date.now() >= this.deadline) return this.timedOut(step);
        if (attempt < attempts) {
          await this.pause((this.options.retryBaseMs ?? LIMITS.retryBaseMs) * 2 ** (attempt - 1));
          if (Date.now() >= this.deadline) return this.timedOut(step);
          continue;
        }
        return step.onError.continueOnFailure ? undefined : failed(step, message);
      }
    }
  }

  private async piece(
    step: PlannedPiece,
    input: Resolved,
    records: StepRecords,
    resume: boolean,
    started: number,
  ): Promise<Stop | undefined> {
    const { identity, services, plan } = this.options;
    const props = await this.inTime(
      processPropsOrThrow(asRecord(input.value), definitionsOf(step.action), step.propertySettings),
    );
    const effects = noEffects();
    const context = createActionContext({
      identity: { ...identity, stepName: step.name },
      services,
      effects,
      auth: isConnectionValue(props['auth']) ? props['auth'] : undefined,
      props,
      ...(resume && this.options.resumePayload !== undefined
        ? { resumePayload: this.options.resumePayload }
        : {}),
    });
    const output = toJson(await this.inTime(callAction(step, context)));
    this.options.onTags?.(effects.tags);
    const record = { type: step.type, input: input.censored, output, duration: elapsed(started) };
    const waitpoint = waitedFor(effects);
    // The server lets only the trigger's own piece answer the trigger's caller.
    if (step.pieceName === plan.trigger?.pieceName) {
      const response = effects.stopped ?? effects.responded ?? waitpoint?.responseToSend;
      if (response !== undefined) this.options.respond?.(response);
    }
    if (effects.stopped !== undefined) {
      records[step.name] = { ...record, status: 'SUCCEEDED' };
      return new Stop({ status: 'SUCCEEDED', stopResponse: effects.stopped });
    }
    if (waitpoint !== undefined) {
      records[step.name] = { ...record, status: 'PAUSED' };
      return new Stop({ status: 'PAUSED', waitpoint });
    }
    records[step.name] = { ...record, status: 'SUCCEEDED' };
    return undefined;
  }

  private async code(
    step: PlannedCode,
    input: Resolved,
    records: StepRecords,
    started: number,
  ): Promise<undefined> {
    const remaining = Math.max(1, this.deadline - Date.now());
    const output = await this.inTime(this.options.code.run(step.code, asRecord(input.value), remaining));
    records[step.name] = {
      type: step.type,
      status: 'SUCCEEDED',
      input: input.censored,
      output,
      duration: elapsed(started),
    };
  }

  private async loop(step: PlannedLoop, scopes: readonly StepRecords[]): Promise<Stop | undefined> {
    const started = performance.now();
    const records = innermost(scopes);
    const { value: items, censored } = this.resolve(step.name, step.items, scopes);
    const input = { items: censored };
    if (!Array.isArray(items)) {
      const message = `The items of a loop must be a list; these are ${items === '' ? 'empty' : typeof items}.`;
      records[step.name] = {
        type: step.type,
        status: 'FAILED',
        input,
        errorMessage: message,
        duration: elapsed(started),
      };
      return failed(step, message);
    }
    const before = loopOutputSchema.safeParse(records[step.name]?.output);
    const output: LoopOutput = before.success ? before.data : { item: '', index: 0, iterations: [] };
    const keep = (): void => {
      records[step.name] = {
        type: step.type,
        status: 'SUCCEEDED',
        input,
        output,
        duration: elapsed(started),
      };
    };
    keep();
    for (const [position, item] of items.entries()) {
      output.item = item;
      output.index = position + 1;
      const iteration = (output.iterations[position] ??= {});
      const stop = await this.sequence(step.body, [...scopes, iteration]);
      keep();
      if (stop !== undefined) return stop;
    }
    return undefined;
  }

  private async router(step: PlannedRouter, scopes: readonly StepRecords[]): Promise<Stop | undefined> {
    const started = performance.now();
    const records = innermost(scopes);
    // A resumed run keeps the decision that it made before it paused.
    const before = routerOutputSchema.safeParse(records[step.name]?.output);
    const output = before.success ? before.data : { branches: this.evaluate(step, scopes) };
    records[step.name] = { type: step.type, status: 'SUCCEEDED', output, duration: elapsed(started) };
    for (const [index, branch] of step.branches.entries()) {
      if (output.branches[index]?.evaluation !== true) continue;
      const stop = await this.sequence(branch.body, scopes);
      if (stop !== undefined) return stop;
      if (step.firstMatchOnly) break;
    }
    return undefined;
  }

  private evaluate(step: PlannedRouter, scopes: readonly StepRecords[]) {
    const value = (template: Template): unknown => this.resolve(step.name, template, scopes).value;
    const matches = step.branches.map(
      (branch) =>
        branch.type === 'CONDITION' &&
        conditionsMatch(
          branch.conditions.map((group) =>
            group.map(({ first, second, caseSensitive, operator }) => ({
              firstValue: value(first),
              secondValue: value(second),
              caseSensitive,
              operator,
            })),
          ),
        ),
    );
    const none = !matches.includes(true);
    return step.branches.map((branch, index) => ({
      branchName: branch.name,
      branchIndex: index + 1,
      evaluation: branch.type === 'FALLBACK' ? none : matches[index] === true,
    }));
  }

  private resolve(step: string, template: Template, scopes: readonly StepRecords[]): Resolved {
    const scope: Scope = {
      steps: visibleOutputs(scopes),
      connection: (id) => {
        const found = this.options.connection(id);
        if (found !== undefined) return structuredClone(found);
        throw new BizError('BIZ_FLOW_CONNECTION_MISSING', `Step "${step}" needs the connection "${id}".`);
      },
    };
    return resolveTemplate(template, scope, this.options.sandbox);
  }

  /** Waits for a step's work until the flow's time is over or the runner ends; the work itself cannot be stopped. */
  private inTime<T>(work: Promise<T>): Promise<T> {
    const { signal } = this.options;
    return new Promise<T>((resolve, reject) => {
      const late = (): void =>
        settle(() =>
          reject(new BizError('BIZ_RUN_TIMEOUT', `The flow took more than ${this.timeoutMs / 1000} s.`)),
        );
      const interrupted = (): void => settle(() => reject(new RunInterrupted()));
      const timer = setTimeout(late, Math.max(0, this.deadline - Date.now()));
      const settle = (done: () => void): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', interrupted);
        done();
      };
      signal.addEventListener('abort', interrupted, { once: true });
      work.then(
        (value) => settle(() => resolve(value)),
        (error: unknown) =>
          settle(() =>
            reject(error instanceof Error ? error : new Error(describeError(error), { cause: error })),
          ),
      );
    });
  }

  private async pause(ms: number): Promise<void> {
    await sleep(Math.min(ms, Math.max(0, this.deadline - Date.now())), this.options.signal);
    if (this.options.signal.aborted) throw new RunInterrupted();
  }

  private timedOut(step: PlannedStep): Stop {
    const message = `The flow took more than ${this.timeoutMs / 1000} s. Use a waitpoint for work that takes longer.`;
    return new Stop({
      status: 'TIMEOUT',
      failedStep: { name: step.name, displayName: step.displayName, message },
    });
  }
}

/**
 * Gives pieces of older frameworks the methods that they know. The framework types the helper for pieces with a
 * connection only, so it is called untyped; what it returns goes to the piece and nowhere else.
 */
async function callAction(step: PlannedPiece, context: AnyActionContext): Promise<unknown> {
  if (step.contextVersion === LATEST_CONTEXT_VERSION) return step.action.run(context);
  const makeOlder = (input: never): unknown =>
    backwardCompatabilityContextUtils.makeActionContextBackwardCompatible(input);
  const older: unknown = Reflect.apply(makeOlder, undefined, [
    { context, contextVersion: step.contextVersion },
  ]);
  return Reflect.apply(step.action.run, step.action, [older]);
}

function waitedFor(effects: RunEffects): Waitpoint | undefined {
  if (effects.waitFor === undefined) return undefined;
  const found =
    effects.waitFor === ''
      ? effects.waitpoints.at(-1)
      : effects.waitpoints.find(({ id }) => id === effects.waitFor);
  if (found === undefined) {
    throw new BizError(
      'BIZ_RUN_WAITPOINT_UNKNOWN',
      `The step waits for "${effects.waitFor}", which it never created.`,
    );
  }
  return found;
}

/** Outputs are kept as JSON, so that a run that was paused or restarted sees what the others see. */
function toJson(value: unknown): unknown {
  if (value === undefined) return undefined;
  try {
    const text = JSON.stringify(value);
    if (text === undefined) return undefined;
    const copy: unknown = JSON.parse(text);
    return copy;
  } catch (cause) {
    throw new BizError('BIZ_RUN_OUTPUT', 'The output of the step is not JSON.', {
      hint: 'Return plain objects, lists, texts, numbers and booleans.',
      cause,
    });
  }
}

function asRecord(value: unknown): Record<string, unknown> {
  return isPlainObject(value) ? value : {};
}

function innermost(scopes: readonly StepRecords[]): StepRecords {
  const last = scopes.at(-1);
  if (last === undefined) throw new BizError('BIZ_RUN_STATE', 'A run has no scope.');
  return last;
}

function failed(step: PlannedStep, message: string): Stop {
  return new Stop({
    status: 'FAILED',
    failedStep: { name: step.name, displayName: step.displayName, message },
  });
}

function elapsed(started: number): number {
  return Math.round(performance.now() - started);
}
