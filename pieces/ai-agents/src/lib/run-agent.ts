import type { ActionContext, InputPropertyMap } from '@activepieces/pieces-framework';
import { ExecutionType } from '@activepieces/shared';
import type { AgentDefinition, AgentDeps, AgentResult } from '@bizstack/agents/agents';
import type { AgentStore } from '@bizstack/agents/memory';
import type { AuditRecord, Decision, PendingCall, Tool } from '@bizstack/agents/tools';
import { pointId } from '@bizstack/contracts/dist/ids';
import { BizError, hashOf, isBizError } from '@bizstack/piece-common';
import { z } from 'zod';
import { type AgentPropValues, type AgentSettings, readAgentProps } from './agent-props';
import { type ApprovalPage, approvalPage, readAnswer } from './approval';
import { auditSink } from './audit';
import type { aiAgentsAuth } from './auth';
import { type Connection, readConnection, secretsOf } from './connection';
import { sendJson } from './http';
import { modelOf } from './model';
import { withDatabase } from './postgres';

type Context = ActionContext<typeof aiAgentsAuth, InputPropertyMap>;
/** What a step has of the engine, whatever its own props are. */
export type StepContext = Pick<Context, 'auth' | 'run' | 'step' | 'files'> &
  (
    | { executionType: ExecutionType.BEGIN }
    | Pick<Extract<Context, { resumePayload: unknown }>, 'executionType' | 'resumePayload'>
  );

const NOTIFY_TIMEOUT_MS = 15_000;

export interface AgentStep<O, R> {
  context: StepContext;
  props: AgentPropValues;
  /** Makes the agent; called once for each run of the step. */
  build: (parts: { store: AgentStore }) => AgentDefinition<O, R> | Promise<AgentDefinition<O, R>>;
}

/**
 * Runs an agent until it is done, or pauses the run until a person has decided about its writes. The same step,
 * run and input is the same agent run: a retry goes on, or gets the stored outcome.
 * @throws BizError `BIZ_AI_NOT_CONFIGURED`, `BIZ_AGENTS_…`, `BIZ_INPUT_INVALID`
 */
export async function runAgentStep<O, R>({ context, props, build }: AgentStep<O, R>) {
  const connection = readConnection(context.auth);
  const settings = readAgentProps(props);
  await modelOf(connection);
  return withStore(connection, async (store, isKept) => {
    const definition = await build({ store });
    if (!isKept) checkNeedsNoStore(definition, settings);
    const records: AuditRecord[] = [];
    const { Agent } = await import('@bizstack/agents/agents');
    const agent = new Agent(definition, await agentDeps({ connection, store, isKept, settings, records }));
    const runId = pointId(
      `agent-run/${context.run.id}/${context.step.name}/${hashOf([definition.name, settings.input, settings.contactId ?? null])}`,
    );
    const who = { user: settings.user };
    const start = () =>
      agent.run(settings.input, {
        ...who,
        runId,
        ...(settings.contactId === undefined ? {} : { contactId: settings.contactId }),
      });
    let outcome: AgentResult<R> = await start();
    let again: ApprovalPage['again'];
    if (outcome.status === 'needs_approval' && context.executionType === ExecutionType.RESUME) {
      const answered = await decide(context.resumePayload, outcome.calls, (decisions) =>
        agent.resume(runId, decisions, who),
      );
      if ('outcome' in answered) outcome = answered.outcome;
      else again = answered.again;
    }
    const calls = shownCalls(records);
    if (outcome.status === 'completed') {
      const { status, result, usage } = outcome;
      return { status, runId, result, calls, usage };
    }
    const page = await waitForPerson(context, {
      title: `Approval: ${definition.name}`,
      pending: outcome.calls,
      runId,
      notifyUrl: settings.notifyUrl,
      again,
    });
    return {
      status: 'approval_required',
      runId,
      calls,
      pending: outcome.calls,
      approvalPage: page,
      usage: outcome.usage,
    };
  });
}

/** What every agent of a step works with. */
export async function agentDeps({
  connection,
  store,
  isKept,
  settings,
  records,
}: {
  connection: Connection;
  store: AgentStore;
  isKept: boolean;
  settings: AgentSettings;
  /** Gets what is audited. */
  records: AuditRecord[];
}): Promise<AgentDeps> {
  return {
    model: await modelOf(connection),
    store,
    audit: auditSink(isKept ? connection : undefined, records),
    approval: settings.policy,
    secrets: secretsOf(connection),
    limits: settings.limits,
  };
}

/** The calls of a step, for its output. */
export function shownCalls(records: readonly AuditRecord[]) {
  return records.map(({ tool, label, phase, input, originalInput, reason }) => ({
    tool,
    label,
    phase,
    input,
    ...(originalInput === undefined ? {} : { originalInput }),
    reason,
  }));
}

const problemsSchema = z.record(z.string(), z.string());

/**
 * Goes on with the answer of a sent page. `again` is for the next page, when the answer decides nothing: of other
 * calls, incomplete, or with an input that the tool does not take.
 */
export async function decide<T>(
  payload: { queryParams: unknown; body: unknown },
  calls: readonly PendingCall[],
  resume: (decisions: Decision[]) => Promise<T>,
): Promise<{ outcome: T } | { again: ApprovalPage['again'] }> {
  const answer = readAnswer(payload, calls);
  if (answer.kind === 'none') return { again: undefined };
  const { filledIn } = answer;
  if (answer.kind === 'wrong') return { again: { filledIn, problems: answer.problems } };
  try {
    return { outcome: await resume(answer.decisions) };
  } catch (error) {
    if (!isBizError(error, 'BIZ_AGENTS_DECISION_INVALID')) throw error;
    const reasons = problemsSchema.safeParse(error.details['problems']).data ?? {};
    const problems = calls.flatMap(({ callId, summary }) =>
      reasons[callId] === undefined ? [] : [`${summary}: ${reasons[callId]}`],
    );
    return { again: { filledIn, problems: problems.length > 0 ? problems : [error.message] } };
  }
}

interface Wait {
  title: string;
  pending: PendingCall[];
  runId: string;
  notifyUrl: string | undefined;
  again?: ApprovalPage['again'];
}

/** Pauses the run on a waitpoint whose page shows what would happen. Gives the page's URL. */
export async function waitForPerson(
  { run, files }: Pick<StepContext, 'run' | 'files'>,
  { title, pending, runId, notifyUrl, again }: Wait,
): Promise<string> {
  const waitpoint = await run.createWaitpoint({ type: 'WEBHOOK' });
  const html = approvalPage({
    title,
    calls: pending,
    resumeUrl: waitpoint.buildResumeUrl({ queryParams: {} }),
    again,
  });
  const page = await files.write({ fileName: 'approval.html', data: Buffer.from(html) });
  if (notifyUrl !== undefined) {
    await sendJson({
      name: 'Tell This URL',
      area: 'BIZ_AI_ENDPOINT',
      url: notifyUrl,
      body: {
        title,
        runId,
        approvalPage: page,
        ...(again ? { problems: again.problems } : {}),
        calls: pending.map(({ agent, tool, label, summary, input }) => ({
          agent,
          tool,
          label,
          summary,
          input,
        })),
      },
      timeoutMs: NOTIFY_TIMEOUT_MS,
      schema: z.unknown(),
    });
  }
  run.waitForWaitpoint(waitpoint.id);
  return page;
}

/** Runs `work` with the connection's PostgreSQL, or with a memory that ends with the step. */
export async function withStore<T>(
  connection: Connection,
  work: (store: AgentStore, isKept: boolean) => Promise<T>,
): Promise<T> {
  if (connection.postgresUrl !== undefined) {
    return withDatabase(connection, ({ store }) => work(store, true));
  }
  const { MemoryStore } = await import('@bizstack/agents/memory');
  return work(new MemoryStore(), false);
}

/** A run that waits, and a conversation, have to be kept somewhere. */
export function checkNeedsNoStore(
  { tools }: { readonly tools: readonly Tool[] },
  { policy, contactId }: AgentSettings,
): void {
  const waits = tools.some(({ label }) => label !== 'read' && (policy[label] ?? 'ask') === 'ask');
  if (!waits && contactId === undefined) return;
  throw new BizError('BIZ_AI_NOT_CONFIGURED', 'The connection has no PostgreSQL to keep this run in.', {
    hint: waits
      ? 'Fill in the PostgreSQL URL, or set "Writing Calls" to Refuse.'
      : 'Fill in the PostgreSQL URL, or leave "Contact ID" empty.',
  });
}
