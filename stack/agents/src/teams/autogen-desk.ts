import { z } from 'zod';
import type { CheckContext, Checked } from '../agents/definition';
import { complaintOf, SUBMIT } from '../agents/loop';
import type { AgentStore, RunRecord } from '../memory/store';
import { jsonIn } from '../providers/structured';
import type { ToolCall } from '../providers/messages';
import type { Decision, PendingCall } from '../tools/decision';
import type { ExecutedCall, Toolbox } from '../tools/toolbox';
import type { AgentUser } from '../tools/user';
import type { AutogenCall, AutogenResult } from './autogen-client';
import { MEMBER_TASK, type TeamMember } from './member';

/** A member whose model is asked elsewhere, and whose tools and checks are here; `Agent` is one. */
export interface DeskMember extends Pick<TeamMember, 'checkDecisions'> {
  readonly definition: { readonly name: string };
  toolbox(run: RunRecord, user: AgentUser, signal: AbortSignal, notes: Note[]): Toolbox;
  checkResult(value: unknown, context: CheckContext): Promise<Checked<unknown>>;
  remember(run: RunRecord, value: unknown, heard: () => Promise<readonly string[]>): Promise<boolean>;
}

type Note = { kind: string; value: unknown };

export interface DeskOptions {
  member: DeskMember;
  store: AgentStore;
  /** Of the hand-off: a run of its own, under which writes are remembered. */
  run: RunRecord;
  user: AgentUser;
  /** What the supervisor handed to the member. */
  task: string;
  signal: AbortSignal;
  onCall: (call: ToolCall, executed: ExecutedCall) => void;
}

/** Kept with the run of the hand-off while it is at work. */
const stateSchema = z.object({
  notes: z.array(z.object({ kind: z.string(), value: z.unknown() })),
  repairs: z.int(),
});

const CONTENT_MAX = 500_000;

export type DeskOutcome =
  { kind: 'waiting'; calls: PendingCall[] } | { kind: 'results'; results: AutogenResult[] };

/**
 * Carries out what a member of a remote team asks for: its calls go through the toolbox, with approval, audit and the
 * user's permissions, and its result through the agent's own check.
 */
export class AutogenDesk {
  readonly #options: DeskOptions;

  constructor(options: DeskOptions) {
    this.#options = options;
  }

  async handle(given: readonly AutogenCall[], decisions: readonly Decision[]): Promise<DeskOutcome> {
    const { member, run, user, signal, onCall } = this.#options;
    const { notes, repairs } = stateSchema.catch({ notes: [], repairs: 0 }).parse(run.result);
    const calls = given.map(toCall);
    const [only] = calls;
    if (only?.name === SUBMIT && calls.length === 1) {
      return { kind: 'results', results: [await this.#review(only, notes, repairs)] };
    }
    const toolbox = member.toolbox(run, user, signal, notes);
    const asked = calls.flatMap((call) => {
      const verdict = call.name === SUBMIT ? undefined : toolbox.judge(call);
      return verdict?.kind === 'ask' ? [{ call, pending: verdict.pending }] : [];
    });
    if (asked.some(({ call }) => !decisions.some((decision) => decision.callId === call.id))) {
      for (const { call } of asked) await toolbox.record(call, 'asked');
      return { kind: 'waiting', calls: asked.map(({ pending }) => pending) };
    }
    const results: AutogenResult[] = [];
    for (const call of calls) {
      if (call.name === SUBMIT) {
        const content = `Call ${SUBMIT} alone, when everything else is done.`;
        results.push({ callId: call.id, ok: false, content });
        continue;
      }
      const executed = await toolbox.execute(
        call,
        decisions.find((decision) => decision.callId === call.id),
      );
      onCall(call, executed);
      results.push({ callId: call.id, ok: executed.ok, content: cut(executed.text) });
    }
    await this.#keep(notes, repairs);
    return { kind: 'results', results };
  }

  async #review(call: ToolCall, notes: Note[], repairs: number): Promise<AutogenResult> {
    const { member, store, run, user, task } = this.#options;
    const value = call.malformed === undefined ? call.input : jsonIn(call.malformed);
    const checked = await member.checkResult(value, {
      user,
      input: { task: MEMBER_TASK, data: [{ source: 'task from the supervisor', text: task }] },
      notes: (kind) => notes.filter((note) => note.kind === kind).map((note) => note.value),
      secondTry: repairs > 0,
    });
    if (checked.ok) {
      await member.remember(run, checked.result, async () => [task]);
      await store.runs.update(run.runId, { status: 'completed', result: { value: checked.result } });
      return { callId: call.id, ok: true, content: cut(JSON.stringify(checked.result)), ends: true };
    }
    if (repairs > 0) {
      return { callId: call.id, ok: false, content: 'Failed: BIZ_AGENTS_OUTPUT_INVALID', ends: true };
    }
    await this.#keep(notes, repairs + 1);
    return { callId: call.id, ok: false, content: complaintOf(checked.problem) };
  }

  async #keep(notes: Note[], repairs: number): Promise<void> {
    const { store, run } = this.#options;
    await store.runs.update(run.runId, { result: { notes, repairs } });
  }
}

/** More would not fit into a model's context anyway. */
function cut(text: string): string {
  return text.length <= CONTENT_MAX ? text : `${text.slice(0, CONTENT_MAX)} [cut]`;
}

function toCall({ callId, tool, input, raw }: AutogenCall): ToolCall {
  const call = { id: callId, name: tool, input: input ?? {} };
  return raw === undefined ? call : { ...call, malformed: raw };
}
