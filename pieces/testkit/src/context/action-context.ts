import { randomUUID } from 'node:crypto';
import type {
  Action,
  AgentContext,
  ConnectionsManager,
  CreateWaitpointParams,
  CreateWaitpointResult,
  FilesService,
  FlowsContext,
  ListFlowsContextParams,
  ServerContext,
  Store,
} from '@activepieces/pieces-framework';
import {
  ExecutionType,
  type PopulatedFlow,
  type RespondResponse,
  type ResumePayload,
  type SeekPage,
} from '@activepieces/shared';
import { BizError } from '../errors';
import type { ContextAuth } from './auth';

/** A context whose auth is any connection, or none: what both the engine and this kit hand to every action. */
export type AnyActionContext = Parameters<Action['run']>[0];

export interface Waitpoint {
  id: string;
  type: 'DELAY' | 'WEBHOOK';
  /** ISO 8601; set for DELAY. */
  resumeDateTime?: string;
  responseToSend?: RespondResponse;
  resumeUrl: string;
}

/** What an action asked of its run. */
export interface RunEffects {
  tags: string[];
  waitpoints: Waitpoint[];
  /** Id of the waitpoint that the run waits for; empty for the legacy pause hook. */
  waitFor?: string;
  stopped?: RespondResponse;
  responded?: RespondResponse;
  outputUpdates: Array<Record<string, unknown>>;
}

export function noEffects(): RunEffects {
  return { tags: [], waitpoints: [], outputUpdates: [] };
}

/** Names that a context carries; every one has a default. */
export interface Identity {
  flowId: string;
  flowVersionId: string;
  runId: string;
  stepName: string;
  projectId: string;
  externalProjectId?: string;
}

export function defaultIdentity(given: Partial<Identity> = {}): Identity {
  return {
    flowId: 'testkit-flow',
    flowVersionId: 'testkit-flow-version',
    runId: randomUUID(),
    stepName: 'step_1',
    projectId: 'testkit-project',
    ...given,
  };
}

export interface ContextServices {
  store: Store;
  files: FilesService;
  connections: ConnectionsManager;
  server: ServerContext;
  /** Base of waitpoint URLs, ends with a slash. */
  resumeBaseUrl: string;
  agentTools?: AgentContext['tools'];
}

export interface ActionContextInput {
  identity: Identity;
  services: ContextServices;
  effects: RunEffects;
  auth: ContextAuth | undefined;
  props: Record<string, unknown>;
  resumePayload?: ResumePayload;
}

export function flowsContext(identity: Identity): FlowsContext {
  return {
    list: async (_params?: ListFlowsContextParams): Promise<SeekPage<PopulatedFlow>> => ({
      data: [],
      next: null,
      previous: null,
    }),
    current: { id: identity.flowId, version: { id: identity.flowVersionId } },
  };
}

/** The context of one call of an action's `run`. What the action does to its run is collected in `effects`. */
export function createActionContext(input: ActionContextInput): AnyActionContext {
  const { identity, services, effects } = input;
  const base = {
    auth: input.auth,
    propsValue: input.props,
    store: services.store,
    files: services.files,
    connections: services.connections,
    server: services.server,
    project: { id: identity.projectId, externalId: async () => identity.externalProjectId },
    step: { name: identity.stepName },
    flows: flowsContext(identity),
    tags: {
      add: async ({ name }: { name: string }) => {
        if (!effects.tags.includes(name)) effects.tags.push(name);
      },
    },
    output: {
      update: async ({ data }: { data: Record<string, unknown> }) => {
        effects.outputUpdates.push(data);
      },
    },
    agent: {
      tools:
        services.agentTools ??
        (async () => {
          throw new BizError('BIZ_TESTKIT_AGENT_TOOLS', 'ctx.agent.tools is not available here.', {
            hint: 'Pass `agentTools` to the call, or run the flow on Activepieces.',
          });
        }),
    },
    run: {
      id: identity.runId,
      stop: (params?: { response: RespondResponse }) => {
        effects.stopped = params?.response ?? {};
      },
      respond: (params?: { response: RespondResponse }) => {
        effects.responded = params?.response ?? {};
      },
      createWaitpoint: async (params: CreateWaitpointParams) => addWaitpoint(input, params),
      waitForWaitpoint: (id: string) => {
        effects.waitFor = id;
      },
    },
  };
  return input.resumePayload === undefined
    ? { ...base, executionType: ExecutionType.BEGIN }
    : { ...base, executionType: ExecutionType.RESUME, resumePayload: input.resumePayload };
}

function addWaitpoint(
  { identity, services, effects }: ActionContextInput,
  params: CreateWaitpointParams,
): CreateWaitpointResult {
  if (params.type === 'DELAY' && Number.isNaN(Date.parse(params.resumeDateTime ?? ''))) {
    throw new BizError('BIZ_RUN_WAITPOINT_DATE', 'A DELAY waitpoint needs resumeDateTime in ISO 8601.');
  }
  const id = randomUUID();
  const resumeUrl = new URL(
    `v1/flow-runs/${identity.runId}/waitpoints/${id}`,
    services.resumeBaseUrl,
  ).toString();
  effects.waitpoints.push({
    id,
    type: params.type,
    resumeUrl,
    ...(params.resumeDateTime === undefined ? {} : { resumeDateTime: params.resumeDateTime }),
    ...(params.responseToSend === undefined ? {} : { responseToSend: params.responseToSend }),
  });
  return {
    id,
    resumeUrl,
    buildResumeUrl: ({ queryParams, sync }) => {
      const url = new URL(`${resumeUrl}${sync === true ? '/sync' : ''}`);
      url.search = new URLSearchParams(queryParams).toString();
      return url.toString();
    },
  };
}
