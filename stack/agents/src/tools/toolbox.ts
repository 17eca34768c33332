import { BizError, isBizError, messageOf, pointId } from '@bizstack/contracts';
import type { ToolCall, ToolSpec } from '../providers/messages';
import { ruleFor, type ApprovalPolicy } from './approval';
import type { AuditPhase, AuditSink } from './audit';
import type { Decision, PendingCall } from './decision';
import type { Tool, ToolContext } from './define-tool';
import type { GuardedFetch } from './guarded-fetch';
import type { CallLedger, CallOutcome } from './ledger';
import type { SecretGuard } from './secrets';
import { isAllowed, type AgentUser } from './user';

export interface ToolboxOptions {
  agent: string;
  tools: readonly Tool[];
  policy: ApprovalPolicy;
  user: AgentUser;
  runId: string;
  contactId: string | undefined;
  audit: AuditSink;
  ledger: CallLedger;
  secrets: SecretGuard;
  fetch: GuardedFetch;
  signal: AbortSignal;
  note: (kind: string, value: unknown) => void;
  notes: (kind: string) => readonly unknown[];
}

export type Verdict =
  { kind: 'run' } | { kind: 'ask'; pending: PendingCall } | { kind: 'refuse'; reason: string };

export type ExecutedCall = CallOutcome & { outcome: 'done' | 'failed' | 'refused' | 'rejected' };

/** The tools of one run: who may call what, with whose approval, and the record of it. */
export class Toolbox {
  readonly #options: ToolboxOptions;
  readonly #tools: ReadonlyMap<string, Tool>;

  /** @throws BizError `BIZ_AGENTS_TOOL_NAME` when two tools have one name */
  constructor(options: ToolboxOptions) {
    this.#options = options;
    this.#tools = new Map(options.tools.map((tool) => [tool.name, tool]));
    if (this.#tools.size !== options.tools.length) {
      throw new BizError('BIZ_AGENTS_TOOL_NAME', `Two tools of "${options.agent}" have the same name.`);
    }
  }

  get specs(): ToolSpec[] {
    return [...this.#tools.values()].map(({ name, description, parameters }) => ({
      name,
      description,
      parameters,
    }));
  }

  /** What is to happen with a call, before anything happens. */
  judge(call: ToolCall): Verdict {
    const { user, secrets, policy, agent } = this.#options;
    const tool = this.#tools.get(call.name);
    if (!tool) return { kind: 'refuse', reason: `There is no tool "${call.name.slice(0, 64)}".` };
    if (call.malformed !== undefined) return { kind: 'refuse', reason: 'The arguments are no JSON object.' };
    const checked = tool.check(call.input);
    if (!checked.ok) return { kind: 'refuse', reason: checked.problem };
    if (tool.permission !== undefined && !isAllowed(user, tool.permission)) {
      return { kind: 'refuse', reason: `The user may not do this: it needs "${tool.permission}".` };
    }
    if (secrets.finds(JSON.stringify(call.input))) {
      return { kind: 'refuse', reason: 'The arguments contain a secret.' };
    }
    const rule = ruleFor(policy, tool.name, tool.label);
    if (rule === 'auto') return { kind: 'run' };
    if (rule === 'refuse') return { kind: 'refuse', reason: 'Calls of this kind are not allowed here.' };
    const { input, summary } = checked;
    return {
      kind: 'ask',
      pending: { callId: call.id, agent, tool: tool.name, label: tool.label, input, summary },
    };
  }

  /** Runs a call that may run, or says why it may not. Throws only what ends the whole run. */
  async execute(call: ToolCall, decision: Decision | undefined): Promise<ExecutedCall> {
    const decided = decision?.action === 'edit' ? { ...call, input: decision.input } : call;
    const verdict = this.judge(decided);
    const tool = this.#tools.get(call.name);
    if (verdict.kind === 'refuse' || !tool) {
      const reason = verdict.kind === 'refuse' ? verdict.reason : 'There is no such tool.';
      await this.record(decided, 'refused', { reason });
      return { ok: false, text: `Refused: ${reason}`, outcome: 'refused' };
    }
    if (decision === undefined && verdict.kind === 'ask') {
      await this.record(decided, 'refused', { reason: 'Nobody approved it.' });
      return { ok: false, text: 'Refused: nobody approved it.', outcome: 'refused' };
    }
    // What a person decided counts also where the rules would let the call run by now.
    if (decision?.action === 'reject') {
      const reason = decision.reason ?? 'A person rejected it.';
      await this.record(decided, 'rejected', { reason, decidedBy: decision.by });
      return { ok: false, text: `Rejected by a person: ${reason}`, outcome: 'rejected' };
    }
    if (decision?.action === 'edit') {
      await this.record(decided, 'edited', { decidedBy: decision.by, originalInput: call.input });
      const executed = await this.#run(tool, decided);
      // Otherwise the model takes its own input for what happened.
      const input = JSON.stringify(this.#options.secrets.redactValue(decided.input));
      return { ...executed, text: `A person changed the input to ${input}. ${executed.text}` };
    }
    if (decision !== undefined || tool.label !== 'read') {
      await this.record(decided, 'approved', { decidedBy: decision?.by ?? 'policy' });
    }
    return this.#run(tool, decided);
  }

  async record(
    call: ToolCall,
    phase: AuditPhase,
    extra: { reason?: string; decidedBy?: string; originalInput?: unknown } = {},
  ): Promise<void> {
    const { agent, runId, user, contactId, audit, secrets } = this.#options;
    await audit.record({
      runId,
      callId: call.id,
      agent,
      tool: call.name.slice(0, 64),
      label: this.#tools.get(call.name)?.label ?? 'unknown',
      phase,
      userId: user.id,
      ...(contactId === undefined ? {} : { contactId }),
      ...(extra.decidedBy === undefined ? {} : { decidedBy: extra.decidedBy }),
      input: secrets.redactValue(call.input),
      ...(extra.originalInput === undefined
        ? {}
        : { originalInput: secrets.redactValue(extra.originalInput) }),
      ...(extra.reason === undefined ? {} : { reason: secrets.redact(extra.reason) }),
      at: new Date().toISOString(),
    });
  }

  async #run(tool: Tool, call: ToolCall): Promise<ExecutedCall> {
    const { runId, ledger, secrets } = this.#options;
    const writes = tool.label !== 'read';
    if (writes) {
      const known = await ledger.begin(runId, call.id, tool.name);
      if (known.state === 'done') return { ...known.outcome, outcome: known.outcome.ok ? 'done' : 'failed' };
      if (known.state === 'unknown' && !tool.idempotent) {
        const reason = 'It was begun before and may have happened. A person has to look.';
        await this.record(call, 'failed', { reason });
        return { ok: false, text: `Failed: ${reason}`, outcome: 'failed' };
      }
    }
    let outcome: CallOutcome;
    try {
      const value = await tool.run(call.input, this.#contextOf(call));
      outcome = { ok: true, text: secrets.redact(textOf(value)) };
    } catch (error) {
      if (isBizError(error, 'BIZ_AGENTS_CANCELLED') || this.#options.signal.aborted) throw error;
      // Only our own messages are meant for others; what a library says may carry anything.
      const said = isBizError(error) ? `${error.code}: ${messageOf(error)}` : 'The tool failed.';
      outcome = { ok: false, text: `Failed: ${secrets.redact(said)}` };
    }
    if (writes) await ledger.finish(runId, call.id, outcome);
    await this.record(call, outcome.ok ? 'done' : 'failed', outcome.ok ? {} : { reason: outcome.text });
    return { ...outcome, outcome: outcome.ok ? 'done' : 'failed' };
  }

  #contextOf(call: ToolCall): ToolContext {
    const { user, runId, contactId, signal, fetch, note, notes } = this.#options;
    const idempotencyKey = pointId(`agent-call:${runId}:${call.id}`);
    return { user, runId, contactId, signal, idempotencyKey, fetch, note, notes };
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value ?? null) ?? 'null');
}
