import { BizError } from '@bizstack/contracts';
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { ChatModel } from '../providers/chat-model';
import { cancelled } from '../providers/errors';
import type { Message, ToolCall } from '../providers/messages';
import { jsonIn, jsonSchemaOf, outputInvalid } from '../providers/structured';
import type { UsageMeter } from '../providers/usage';
import type { Decision, PendingCall } from '../tools/decision';
import { Quoter } from '../tools/quoting';
import { safeValue } from '../tools/safe-output';
import type { SecretGuard } from '../tools/secrets';
import type { ExecutedCall, Toolbox } from '../tools/toolbox';
import type { AgentUser } from '../tools/user';
import type { AgentDefinition, CheckContext, Checked } from './definition';
import type { AgentState } from './state';

export const SUBMIT = 'submit_result';

export interface LoopOptions<O, R> {
  definition: AgentDefinition<O, R>;
  model: ChatModel;
  meter: UsageMeter;
  secrets: SecretGuard;
  allowedHosts: readonly string[];
  maxSteps: number;
  user: AgentUser;
  signal: AbortSignal;
  /** What a person decided last about calls of this run. */
  decided: readonly Decision[];
  isCancelRequested(): Promise<boolean>;
  /** The tools of this run, with its notes. */
  toolbox(notes: AgentState['notes']): Toolbox;
  onText?: ((delta: string) => void) | undefined;
  onCall?: ((call: ToolCall, executed: ExecutedCall) => void) | undefined;
}

/** The steps of an agent's run. They only compute the next state; the graph keeps it. */
export class AgentLoop<O, R> {
  readonly #options: LoopOptions<O, R>;

  constructor(options: LoopOptions<O, R>) {
    this.#options = options;
  }

  /** Asks the model what to do next. */
  async ask(state: AgentState): Promise<Partial<AgentState>> {
    const { model, meter, signal, maxSteps, onText, definition } = this.#options;
    if (signal.aborted || (await this.#options.isCancelRequested())) throw cancelled();
    if (state.steps >= maxSteps) {
      throw new BizError('BIZ_AGENTS_STEPS_SPENT', `The agent came to no result in ${maxSteps} steps.`, {
        hint: 'Give it a smaller task, or raise maxSteps.',
      });
    }
    const quoter = new Quoter(state.nonce);
    const reply = await model.complete(
      {
        messages: [{ role: 'system', content: definition.prompt, perRun: quoter.rules }, ...state.messages],
        tools: [...this.#options.toolbox(state.notes).specs, this.#submitTool()],
        toolChoice: 'auto',
        signal,
        onText,
      },
      meter,
    );
    // Ids of our own: one that a model repeats would borrow the approval or the outcome of another call.
    const toolCalls = reply.toolCalls.map((call, index) => ({
      ...call,
      id: `call_${state.steps}_${index}_${randomBytes(6).toString('hex')}`,
    }));
    return {
      messages: [...state.messages, { role: 'assistant', content: reply.text, toolCalls }],
      steps: state.steps + 1,
      usage: meter.usage,
      decisions: [],
    };
  }

  /** Calls of the last answer that a person has to decide about. */
  waiting(state: AgentState): PendingCall[] {
    const toolbox = this.#options.toolbox(state.notes);
    return callsOf(state)
      .filter((call) => call.name !== SUBMIT)
      .map((call) => toolbox.judge(call))
      .flatMap((verdict) => (verdict.kind === 'ask' ? [verdict.pending] : []));
  }

  /** Runs the calls of the last answer, one after the other. */
  async act(state: AgentState): Promise<Partial<AgentState>> {
    const { secrets, onCall, signal, decided } = this.#options;
    const quoter = new Quoter(state.nonce);
    const notes = [...state.notes];
    const toolbox = this.#options.toolbox(notes);
    const answers: Message[] = [];
    for (const call of callsOf(state)) {
      if (call.name === SUBMIT) {
        answers.push(answerTo(call, `Call ${SUBMIT} alone, when everything else is done.`));
        continue;
      }
      if (signal.aborted) throw cancelled();
      // Where the rules changed meanwhile the gate asks nobody any more; what was decided counts all the same.
      const decision = [...state.decisions, ...decided].find((one) => one.callId === call.id);
      const executed = await toolbox.execute(call, decision);
      onCall?.(call, executed);
      answers.push(answerTo(call, quoter.quote(`tool ${call.name}`, secrets.redact(executed.text))));
    }
    return { messages: [...state.messages, ...answers], notes };
  }

  /** Checks what the model handed in. A wrong result is given back once. */
  async review(state: AgentState): Promise<Partial<AgentState>> {
    const { definition, model, user } = this.#options;
    const last = state.messages.at(-1);
    const call = callsOf(state)[0];
    const text = last?.role === 'assistant' ? last.content : '';
    const value = call === undefined ? jsonIn(text) : call.malformed === undefined ? call.input : undefined;
    const checked = await checkResult(definition, value, (given) => this.#cleaned(given), {
      user,
      input: state.input,
      notes: (kind) => state.notes.filter((note) => note.kind === kind).map((note) => note.value),
      secondTry: state.repairs > 0,
    });
    if (checked.ok) return { done: { result: checked.result } };
    if (state.repairs > 0) throw outputInvalid(model.model, checked.problem);
    const complaint = complaintOf(checked.problem);
    return {
      messages: [...state.messages, call ? answerTo(call, complaint) : { role: 'user', content: complaint }],
      repairs: state.repairs + 1,
    };
  }

  /** Where the last answer leads. */
  next(state: AgentState): 'act' | 'review' {
    const calls = callsOf(state);
    return calls.length === 0 || calls.every((call) => call.name === SUBMIT) ? 'review' : 'act';
  }

  /** No secret and no foreign link leaves, whatever the model wrote. */
  #cleaned(value: unknown): unknown {
    const { secrets, allowedHosts } = this.#options;
    return safeValue(secrets.redactValue(value), { allowedHosts });
  }

  #submitTool() {
    return {
      name: SUBMIT,
      description: 'Hands in the result and ends the task. Call it alone, exactly once.',
      parameters: jsonSchemaOf(this.#options.definition.output),
    };
  }
}

/** Checks what a model handed in; `clean` takes out secrets and foreign links, before and after. */
export async function checkResult<O, R>(
  definition: AgentDefinition<O, R>,
  value: unknown,
  clean: (value: unknown) => unknown,
  context: CheckContext,
): Promise<Checked<unknown>> {
  const parsed = definition.output.safeParse(clean(value));
  if (!parsed.success) return { ok: false, problem: problemOf(value, parsed.error) };
  const checked = await definition.check(parsed.data, context);
  return checked.ok ? { ok: true, result: clean(checked.result) } : checked;
}

/** What a model is told about a result that is wrong. */
export function complaintOf(problem: string): string {
  return `This result cannot be taken. Call ${SUBMIT} again, corrected.\n${problem}`;
}

function callsOf(state: AgentState): ToolCall[] {
  const last = state.messages.at(-1);
  return last?.role === 'assistant' ? last.toolCalls : [];
}

function answerTo(call: ToolCall, content: string): Message {
  return { role: 'tool', toolCallId: call.id, content };
}

function problemOf(value: unknown, error: z.ZodError): string {
  return value === undefined ? `There is no result. Hand it in by ${SUBMIT}.` : z.prettifyError(error);
}
