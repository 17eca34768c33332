import { isBizError } from '@bizstack/contracts';
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { PROMPTS } from '../agents/prompts';
import type { ChatModel } from '../providers/chat-model';
import { cancelled } from '../providers/errors';
import type { Message, ToolCall, ToolSpec } from '../providers/messages';
import type { UsageMeter } from '../providers/usage';
import type { Decision, PendingCall } from '../tools/decision';
import { Quoter } from '../tools/quoting';
import { safeText } from '../tools/safe-output';
import type { SecretGuard } from '../tools/secrets';
import type { AgentUser } from '../tools/user';
import { MEMBER_TASK, memberRunId, type MemberEntry } from './member';
import type { TeamEvent } from './team';

/** What a checkpoint holds: plain JSON. */
export interface SupervisorState {
  nonce: string;
  messages: Message[];
  round: number;
  handOff: { callId: string; member: string; task: string } | null;
  waiting: PendingCall[];
  decisions: Decision[];
  done: { text: string; reason: 'finished' | 'max_rounds' | 'budget' } | null;
}

export interface SupervisorLoopOptions {
  runId: string;
  contactId: string | undefined;
  user: AgentUser;
  members: readonly MemberEntry[];
  model: ChatModel;
  meter: UsageMeter;
  secrets: SecretGuard;
  allowedHosts: readonly string[];
  maxRounds: number;
  signal: AbortSignal;
  isCancelRequested: () => Promise<boolean>;
  emit: (event: TeamEvent) => void;
}

const HAND_OFF = 'hand_off_to_';
const SUBMIT = 'submit_result';
const taskSchema = z.object({ task: z.string().trim().min(1).max(20_000) });
const answerSchema = z.object({ answer: z.string().min(1) });

/** The steps of a team's run. */
export class SupervisorLoop {
  readonly #options: SupervisorLoopOptions;

  constructor(options: SupervisorLoopOptions) {
    this.#options = options;
  }

  /** Asks the supervisor who goes on, or for the answer. */
  async supervise(state: SupervisorState): Promise<Partial<SupervisorState>> {
    const { model, meter, signal, maxRounds, runId, emit } = this.#options;
    await this.#throwIfCancelled();
    const over = state.round >= maxRounds;
    const quoter = new Quoter(state.nonce);
    const rule = over
      ? 'Nobody can be asked any more: hand in what there is.'
      : `Round ${state.round + 1} of ${maxRounds}.`;
    let reply;
    try {
      reply = await model.complete(
        {
          messages: [
            { role: 'system', content: PROMPTS.supervisor, perRun: `${quoter.rules}\n\n${rule}` },
            ...state.messages,
          ],
          tools: [...(over ? [] : this.#handOffTools()), submitTool()],
          toolChoice: 'auto',
          signal,
        },
        meter,
      );
    } catch (error) {
      if (isBizError(error, 'BIZ_AGENTS_BUDGET_SPENT'))
        return { done: { text: lastWords(state), reason: 'budget' } };
      throw error;
    }
    emit({ type: 'usage', runId, usage: meter.usage });
    const calls = reply.toolCalls.map((call, index) => ({
      ...call,
      id: `hand_${state.round}_${index}_${randomBytes(6).toString('hex')}`,
    }));
    const messages: Message[] = [
      ...state.messages,
      { role: 'assistant', content: reply.text, toolCalls: calls },
    ];
    const submitted = calls.find((call) => call.name === SUBMIT);
    const answer = submitted ? answerSchema.safeParse(submitted.input).data?.answer : reply.text;
    if ((submitted && calls.length === 1) || calls.length === 0) {
      if (answer) {
        return { messages, done: { text: this.#clean(answer), reason: over ? 'max_rounds' : 'finished' } };
      }
      messages.push(...calls.map((call) => answerTo(call, 'The answer is missing.')));
      if (calls.length === 0)
        messages.push({ role: 'user', content: `Call ${SUBMIT} or hand the task off.` });
      return { messages, round: state.round + 1 };
    }
    const chosen = over
      ? undefined
      : calls.find((call) => this.#memberOf(call) && taskSchema.safeParse(call.input).success);
    for (const call of calls) {
      if (call !== chosen)
        messages.push(answerTo(call, over ? rule : 'Not done: hand off to one known member at a time.'));
    }
    if (!chosen) return { messages, round: state.round + 1 };
    const task = taskSchema.parse(chosen.input).task;
    const member = chosen.name.slice(HAND_OFF.length);
    const round = state.round + 1;
    emit({ type: 'hand_off', runId, from: 'supervisor', to: member, task, round });
    return { messages, round, handOff: { callId: chosen.id, member, task }, decisions: [] };
  }

  /** Lets the chosen member work; its run has an id of its own, so that nothing happens twice. */
  async member(state: SupervisorState): Promise<Partial<SupervisorState>> {
    const { runId, contactId, user, meter, signal, emit, secrets } = this.#options;
    await this.#throwIfCancelled();
    const { handOff } = state;
    const entry = this.#options.members.find((one) => one.agent.definition.name === handOff?.member);
    if (!handOff || !entry) return { handOff: null };
    const quoter = new Quoter(state.nonce);
    const options = {
      user,
      meter,
      signal,
      onCall: (call: ToolCall, { outcome }: { outcome: 'done' | 'failed' | 'refused' | 'rejected' }) =>
        emit({ type: 'tool', runId, from: handOff.member, tool: call.name, callId: call.id, outcome }),
    };
    const answer = (text: string): Partial<SupervisorState> => ({
      messages: [...state.messages, { role: 'tool', toolCallId: handOff.callId, content: text }],
      handOff: null,
      decisions: [],
    });
    const memberRun = memberRunId(runId, state.round);
    try {
      const result =
        state.decisions.length > 0
          ? await entry.agent.resume(memberRun, state.decisions, options)
          : await entry.agent.run(
              // What the supervisor writes was made from text of others: it is no instruction for a member.
              { task: MEMBER_TASK, data: [{ source: 'task from the supervisor', text: handOff.task }] },
              { ...options, runId: memberRun, ...(contactId === undefined ? {} : { contactId }) },
            );
      emit({ type: 'usage', runId, usage: meter.usage });
      if (result.status === 'needs_approval') return { waiting: result.calls };
      const text = secrets.redact(JSON.stringify(result.result));
      emit({ type: 'message', runId, from: handOff.member, text });
      return answer(quoter.quote(`result of ${handOff.member}`, text));
    } catch (error) {
      if (isBizError(error, 'BIZ_AGENTS_BUDGET_SPENT'))
        return { done: { text: lastWords(state), reason: 'budget' } };
      if (isBizError(error) && MEMBER_FAULTS.has(error.code)) return answer(`Failed: ${error.code}`);
      throw error;
    }
  }

  #handOffTools(): ToolSpec[] {
    return this.#options.members.map(({ agent, description }) => ({
      name: `${HAND_OFF}${agent.definition.name}`,
      description,
      parameters: {
        type: 'object',
        properties: { task: { type: 'string', description: 'Everything the member needs.' } },
        required: ['task'],
      },
    }));
  }

  #memberOf(call: ToolCall): MemberEntry | undefined {
    return this.#options.members.find((one) => `${HAND_OFF}${one.agent.definition.name}` === call.name);
  }

  #clean(text: string): string {
    return safeText(this.#options.secrets.redact(text), { allowedHosts: this.#options.allowedHosts });
  }

  async #throwIfCancelled(): Promise<void> {
    if (this.#options.signal.aborted || (await this.#options.isCancelRequested())) throw cancelled();
  }
}

/** Faults of one member that the others can work around. */
const MEMBER_FAULTS: ReadonlySet<string> = new Set([
  'BIZ_AGENTS_OUTPUT_INVALID',
  'BIZ_AGENTS_STEPS_SPENT',
  'BIZ_AGENTS_REFUSED',
]);

function submitTool(): ToolSpec {
  return {
    name: SUBMIT,
    description: 'Hands in the answer and ends the task.',
    parameters: { type: 'object', properties: { answer: { type: 'string' } }, required: ['answer'] },
  };
}

function answerTo(call: ToolCall, content: string): Message {
  return { role: 'tool', toolCallId: call.id, content };
}

function lastWords(state: SupervisorState): string {
  const last = state.messages.findLast((message) => message.role === 'assistant' && message.content !== '');
  return last?.content ?? '';
}
