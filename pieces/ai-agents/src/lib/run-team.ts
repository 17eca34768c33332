import { ExecutionType } from '@activepieces/shared';
import type { Agent as AgentOf } from '@bizstack/agents/agents';
import type { AgentStore } from '@bizstack/agents/memory';
import type { AutogenLimits, Team, TeamEvent } from '@bizstack/agents/teams';
import type { AuditRecord } from '@bizstack/agents/tools';
import { pointId } from '@bizstack/contracts/dist/ids';
import { BizError, hashOf, parseInput } from '@bizstack/piece-common';
import { z } from 'zod';
import { type AgentPropValues, readAgentProps } from './agent-props';
import type { ApprovalPage } from './approval';
import { autogenOf, type Connection, readConnection, secretsOf } from './connection';
import { modelConfigOf, modelOf } from './model';
import {
  agentDeps,
  checkNeedsNoStore,
  decide,
  shownCalls,
  type StepContext,
  waitForPerson,
  withStore,
} from './run-agent';
import { type MemberValues, readMembers } from './team-members';

export interface TeamPropValues extends AgentPropValues, MemberValues {
  engine?: unknown;
  maxRounds?: number | undefined;
}

const ENGINES = ['langgraph', 'autogen'] as const;
type Engine = (typeof ENGINES)[number];
interface Member {
  agent: AgentOf<unknown, unknown>;
  description: string;
}

/** A step of a flow may take 600 s. */
const MOST_SECONDS = 540;

/** What ended a stretch of the team's work. */
type Ended = Extract<TeamEvent, { type: 'completed' | 'needs_approval' }>;
/** Who handed what to whom, and what came back. */
type Said = { from: string; to?: string; text: string };

/**
 * Runs a team until it is done, or pauses the run until a person has decided about its writes. The same step, run and
 * input is the same run of the team.
 * @throws BizError `BIZ_AI_NOT_CONFIGURED`, `BIZ_AGENTS_…`, `BIZ_AUTOGEN_…`, `BIZ_INPUT_INVALID`
 */
export async function runTeamStep({ context, props }: { context: StepContext; props: TeamPropValues }) {
  const connection = readConnection(context.auth);
  const settings = readAgentProps(props);
  const engine = parseInput('Engine', props.engine ?? 'langgraph', z.enum(ENGINES));
  const maxRounds = parseInput('Most Rounds', props.maxRounds ?? 8, z.number().int().min(1).max(50));
  await modelOf(connection);
  if (engine === 'autogen') autogenOf(connection);
  const chosen = await readMembers(props, connection);
  return withStore(connection, async (store, isKept) => {
    const records: AuditRecord[] = [];
    const deps = await agentDeps({ connection, store, isKept, settings, records });
    const { Agent } = await import('@bizstack/agents/agents');
    const members: Member[] = [];
    for (const { description, build } of chosen) {
      const definition = await build({ store });
      if (!isKept) checkNeedsNoStore(definition, settings);
      members.push({ agent: new Agent(definition, deps), description });
    }
    const limits = { ...settings.limits, maxRounds };
    const team = await teamOf(engine, { connection, store, members, limits });
    const { contactId, input } = settings;
    const runId = pointId(
      `team-run/${context.run.id}/${context.step.name}/${hashOf([engine, chosen.map(({ name }) => name), input, contactId ?? null])}`,
    );
    const said: Said[] = [];
    const { user } = settings;
    let ended = await follow(
      team.run(input.task, {
        user,
        runId,
        data: input.data ?? [],
        ...(contactId === undefined ? {} : { contactId }),
      }),
      said,
    );
    let again: ApprovalPage['again'];
    if (ended.type === 'needs_approval' && context.executionType === ExecutionType.RESUME) {
      const answered = await decide(context.resumePayload, ended.calls, (decisions) =>
        follow(team.resume(runId, decisions, { user }), said),
      );
      if ('outcome' in answered) ended = answered.outcome;
      else again = answered.again;
    }
    const calls = shownCalls(records);
    if (ended.type === 'completed') {
      const { text, reason, usage } = ended;
      return { status: 'completed', runId, result: { answer: text, reason }, said, calls, usage };
    }
    const approvalPage = await waitForPerson(context, {
      title: 'Approval: team',
      pending: ended.calls,
      runId,
      notifyUrl: settings.notifyUrl,
      again,
    });
    return { status: 'approval_required', runId, said, calls, pending: ended.calls, approvalPage };
  });
}

interface Parts {
  connection: Connection;
  store: AgentStore;
  members: readonly Member[];
  limits: AutogenLimits;
}

async function teamOf(engine: Engine, { connection, limits, ...parts }: Parts): Promise<Team> {
  const { AutogenTeam, SupervisorTeam } = await import('@bizstack/agents/teams');
  const secrets = secretsOf(connection);
  if (engine === 'langgraph') {
    return new SupervisorTeam({ ...parts, limits, secrets, model: await modelOf(connection) });
  }
  return new AutogenTeam({
    ...parts,
    secrets,
    limits: { ...limits, maxSeconds: MOST_SECONDS },
    service: autogenOf(connection),
    model: await modelConfigOf(connection),
  });
}

/** Waits until the team is done or somebody has to decide; notes what is said. @throws BizError as the team failed */
async function follow(events: AsyncIterable<TeamEvent>, said: Said[]): Promise<Ended> {
  for await (const event of events) {
    switch (event.type) {
      case 'hand_off':
        said.push({ from: event.from, to: event.to, text: event.task });
        break;
      case 'message':
        said.push({ from: event.from, text: event.text });
        break;
      case 'completed':
      case 'needs_approval':
        return event;
      case 'cancelled':
        throw new BizError('BIZ_AGENTS_CANCELLED', 'The run was cancelled.');
      case 'failed':
        throw new BizError(event.code, event.message, { details: event.details ?? {} });
      default:
    }
  }
  throw new BizError('BIZ_AGENTS_TEAM_FAILED', 'The team ended without an outcome.', { retryable: true });
}
