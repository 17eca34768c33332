import type { DropdownOption, DropdownState } from '@activepieces/pieces-framework';
import { dropdownState } from '@bizstack/piece-common';
import type { WorkflowExecutionInfo } from '@temporalio/client';
import { z } from 'zod';
import type { TemporalAuth } from './auth';
import { type Temporal, withTemporal } from './client';
import { secretsOf } from './config';
import { listExecutions, quoted } from './visibility';

/** Executions that are looked at for names: the open ones first, then the last closed. */
const LOOKED_AT = 500;
const SHOWN = 100;
const METADATA_QUERY = '__temporal_workflow_metadata';

/** Workflow types that were started in the namespace lately. */
export function workflowTypeOptions(auth: TemporalAuth | undefined): Promise<DropdownState<string>> {
  return fromServer(auth, {
    empty: 'No workflow was started here yet: write the type as a dynamic value',
    load: (temporal) => seen(temporal, ({ type }) => type),
  });
}

/** Task queues that workflows were started on lately. */
export function taskQueueOptions(auth: TemporalAuth | undefined): Promise<DropdownState<string>> {
  return fromServer(auth, {
    empty: 'No task queue was used here yet: write its name as a dynamic value',
    load: (temporal) => seen(temporal, ({ taskQueue }) => taskQueue),
  });
}

/** Workflows whose id begins with what was typed. */
export function workflowIdOptions(
  auth: TemporalAuth | undefined,
  { search, openOnly }: { search: string | undefined; openOnly: boolean },
): Promise<DropdownState<string>> {
  const query = [
    ...(openOnly ? [`ExecutionStatus = 'Running'`] : []),
    ...(search ? [`WorkflowId STARTS_WITH ${quoted(search)}`] : []),
  ].join(' AND ');
  return fromServer(auth, {
    empty: openOnly ? 'No workflow is running' : 'There is no workflow',
    load: async (temporal) => {
      const { executions } = await listExecutions(temporal, { query, limit: SHOWN });
      // An id has one entry however often it ran; the first is the newest.
      const ids = executions.map(({ workflowId }) => workflowId);
      return executions
        .filter(({ workflowId }, index) => ids.indexOf(workflowId) === index)
        .map(({ workflowId, type, status }) => ({
          label: `${workflowId} (${type}, ${status.name.toLowerCase()})`,
          value: workflowId,
        }));
    },
  });
}

export function scheduleOptions(auth: TemporalAuth | undefined): Promise<DropdownState<string>> {
  return fromServer(auth, {
    empty: 'There is no schedule',
    load: async ({ schedule }) => {
      const options: DropdownOption<string>[] = [];
      for await (const { scheduleId, action, state } of schedule.list({ pageSize: LOOKED_AT })) {
        const about = [action?.workflowType, state.paused ? 'paused' : undefined].filter(Boolean).join(', ');
        options.push({ label: about ? `${scheduleId} (${about})` : scheduleId, value: scheduleId });
        if (options.length === LOOKED_AT) break;
      }
      return options.sort((a, b) => a.label.localeCompare(b.label));
    },
  });
}

export type HandlerKind = 'signal' | 'query' | 'update';

const handlersSchema = z
  .array(z.object({ name: z.string().optional(), description: z.string().optional() }))
  .nullish()
  .transform((handlers) => handlers ?? []);

const metadataSchema = z.object({
  definition: z
    .object({
      signalDefinitions: handlersSchema,
      queryDefinitions: handlersSchema,
      updateDefinitions: handlersSchema,
    })
    .nullish(),
});

/** What a workflow answers to, as its worker says; needs a worker that runs. */
export function handlerOptions(
  auth: TemporalAuth | undefined,
  { workflowId, kind }: { workflowId: unknown; kind: HandlerKind },
): Promise<DropdownState<string>> {
  return fromServer(auth, {
    requires: { 'Workflow ID': workflowId },
    empty: `The workflow names no ${kind}: write it as a dynamic value`,
    deadlineMs: 8_000,
    load: async ({ workflow }) => {
      const said = await workflow.getHandle(String(workflowId)).query(METADATA_QUERY);
      const { definition } = metadataSchema.parse(said);
      return (definition?.[`${kind}Definitions`] ?? [])
        .filter(({ name }) => name !== undefined && !name.startsWith('__'))
        .map(({ name = '', description }) => ({
          label: description ? `${name}: ${description}` : name,
          value: name,
        }));
    },
  });
}

function fromServer(
  auth: TemporalAuth | undefined,
  request: {
    load: (temporal: Temporal) => Promise<DropdownOption<string>[]>;
    empty: string;
    requires?: Record<string, unknown>;
    deadlineMs?: number;
  },
): Promise<DropdownState<string>> {
  const { load, empty, requires, deadlineMs = 20_000 } = request;
  return dropdownState({
    auth,
    empty,
    ...(requires === undefined ? {} : { requires }),
    load: ({ props }) => withTemporal(props, load, { deadlineMs, needsWorker: requires !== undefined }),
    secrets: auth ? secretsOf(auth.props) : [],
  });
}

async function seen(
  temporal: Temporal,
  pick: (info: WorkflowExecutionInfo) => string,
): Promise<DropdownOption<string>[]> {
  const { executions } = await listExecutions(temporal, { query: '', limit: LOOKED_AT });
  return [...new Set(executions.map(pick))]
    .filter((name) => name !== '' && !name.startsWith('temporal-sys'))
    .sort()
    .map((name) => ({ label: name, value: name }));
}
