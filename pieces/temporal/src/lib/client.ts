import { createHash } from 'node:crypto';
import { createConnectionPool } from '@bizstack/piece-common';
import {
  Connection,
  type QueryRejectCondition,
  ScheduleClient,
  WorkflowClient,
  type WorkflowOptions,
  type WorkflowService,
  encodeQueryRejectCondition,
} from '@temporalio/client';
import { compileWorkflowOptions } from '@temporalio/client/lib/workflow-options';
import {
  decodeArrayFromPayloads,
  decodeOptionalFailureToOptionalError,
  encodeToPayloads,
} from '@temporalio/common/lib/internal-non-workflow';
import type { temporal } from '@temporalio/proto';
import { createLenientCodec, createPayloadCodec } from './codec';
import {
  type TemporalAuthValues,
  codecKeys,
  connectionOptions,
  formatAddress,
  parseAddress,
  parseAuth,
} from './config';
import { type TemporalErrorContext, temporalError } from './errors';

/** Milliseconds that one step may talk to the server, unless it waits on purpose. */
const DEFAULT_DEADLINE_MS = 30_000;

type Payloads = temporal.api.common.v1.IPayloads | null | undefined;

/** The workflow client, with calls that can be repeated: the server drops a request id that it knows. */
export class RepeatableWorkflowClient extends WorkflowClient {
  /** Signals once per request id and run. Gives the run, if one was named. */
  async signalOnce(signal: {
    readonly workflowId: string;
    readonly runId?: string | undefined;
    readonly signalName: string;
    readonly args: readonly unknown[];
    readonly requestId: string;
  }): Promise<void> {
    const { namespace, identity } = this.options;
    await this.workflowService.signalWorkflowExecution({
      namespace,
      identity,
      requestId: signal.requestId,
      workflowExecution: { workflowId: signal.workflowId, runId: signal.runId ?? null },
      signalName: signal.signalName,
      input: { payloads: await this.#encode(signal.args) },
    });
  }

  /** Starts the workflow unless it runs, and signals it, once per request id. */
  async signalWithStartOnce(call: {
    readonly workflowType: string;
    readonly options: WorkflowOptions & { readonly args: unknown[] };
    readonly signalName: string;
    readonly signalArgs: readonly unknown[];
    readonly requestId: string;
  }): Promise<{ runId: string; started: boolean }> {
    const { requestEagerExecution: _eager, ...start } = await this.createStartWorkflowRequest({
      workflowType: call.workflowType,
      options: compileWorkflowOptions(call.options),
      headers: {},
    });
    const { runId, started } = await this.workflowService.signalWithStartWorkflowExecution({
      ...start,
      requestId: call.requestId,
      signalName: call.signalName,
      signalInput: { payloads: await this.#encode(call.signalArgs) },
    });
    return { runId, started };
  }

  /** Updates once per update id. Gives the result, or undefined when it is only accepted yet. */
  async updateOnce(update: {
    readonly workflowId: string;
    readonly runId?: string | undefined;
    readonly update: string;
    readonly args: readonly unknown[];
    readonly updateId: string;
    readonly waitFor: 'COMPLETED' | 'ACCEPTED';
  }): Promise<unknown> {
    const { workflowId, waitFor } = update;
    const started = await this._startUpdateHandler(waitFor, {
      workflowExecution: { workflowId, ...(update.runId === undefined ? {} : { runId: update.runId }) },
      updateName: update.update,
      args: [...update.args],
      headers: {},
      options: { updateId: update.updateId },
    });
    if (waitFor === 'ACCEPTED') return undefined;
    return this.createWorkflowUpdateHandle(
      started.updateId,
      workflowId,
      started.workflowRunId,
      started.outcome,
    ).result();
  }

  /** Queries with a condition of this call's own. */
  queryOnce(query: {
    readonly workflowId: string;
    readonly runId?: string | undefined;
    readonly query: string;
    readonly args: readonly unknown[];
    readonly rejectCondition: QueryRejectCondition;
  }): Promise<unknown> {
    return this._queryWorkflowHandler({
      workflowExecution: {
        workflowId: query.workflowId,
        ...(query.runId === undefined ? {} : { runId: query.runId }),
      },
      queryType: query.query,
      args: [...query.args],
      queryRejectCondition: encodeQueryRejectCondition(query.rejectCondition),
      headers: {},
    });
  }

  /** The values in payloads, decrypted. */
  decode(payloads: Payloads): Promise<unknown[]> {
    return decodeArrayFromPayloads(this.dataConverter, payloads?.payloads);
  }

  decodeFailure(failure: temporal.api.failure.v1.IFailure | null | undefined): Promise<Error | undefined> {
    return decodeOptionalFailureToOptionalError(this.dataConverter, failure);
  }

  #encode(args: readonly unknown[]) {
    return encodeToPayloads(this.dataConverter, ...args);
  }
}

/** What an action may talk to. */
export interface Temporal {
  readonly namespace: string;
  /** Name under which the server sees this client. */
  readonly identity: string;
  readonly workflow: RepeatableWorkflowClient;
  /** For lists: what it cannot decrypt reads as null. */
  readonly visible: WorkflowClient;
  readonly schedule: ScheduleClient;
  readonly service: WorkflowService;
}

interface Open {
  readonly connection: Connection;
  readonly temporal: Temporal;
}

/** A connection of its own, opened at the first call; the caller closes it. @throws BizError */
export function openTemporal(auth: TemporalAuthValues): Open {
  const keys = codecKeys(auth);
  const codec = keys === undefined ? undefined : createPayloadCodec(keys);
  const identity = `bizstack@${process.pid}`;
  const connection = Connection.lazy(connectionOptions(auth));
  const options = {
    connection,
    namespace: auth.namespace,
    identity,
    ...(codec === undefined ? {} : { dataConverter: { payloadCodecs: [codec] } }),
  };
  return {
    connection,
    temporal: {
      namespace: auth.namespace,
      identity,
      workflow: new RepeatableWorkflowClient(options),
      visible: new WorkflowClient({
        ...options,
        dataConverter: { payloadCodecs: [createLenientCodec(codec)] },
      }),
      schedule: new ScheduleClient(options),
      service: connection.workflowService,
    },
  };
}

const connections = createConnectionPool<TemporalAuthValues, Open>({
  open: openTemporal,
  close: ({ connection }) => connection.close(),
});

export interface CallOptions extends Omit<TemporalErrorContext, 'address' | 'namespace'> {
  /** Milliseconds after which the server's answer is no longer waited for. */
  readonly deadlineMs?: number;
}

/**
 * Runs `work` on the shared connection of these credentials.
 * @throws BizError with a readable text for whatever Temporal refuses.
 */
export async function withTemporal<T>(
  props: unknown,
  work: (temporal: Temporal) => Promise<T>,
  { deadlineMs = DEFAULT_DEADLINE_MS, ...context }: CallOptions = {},
): Promise<T> {
  const auth = parseAuth(props);
  try {
    return await connections.use(auth, ({ connection, temporal }) =>
      connection.withDeadline(Date.now() + deadlineMs, () => work(temporal)),
    );
  } catch (error) {
    const address = formatAddress(parseAddress(auth.address));
    throw temporalError(error, { ...context, address, namespace: auth.namespace });
  }
}

/** Closes everything that is open; for tests and for a clean end of the process. */
export async function closeConnections(): Promise<void> {
  await connections.closeAll();
}

/** A UUID that depends on nothing but the parts, for request and update ids. */
export function stableId(...parts: readonly unknown[]): string {
  const hex = createHash('sha256').update(JSON.stringify(parts)).digest('hex');
  // Version 8: a UUID of the application's own making.
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${'89ab'[Number.parseInt(hex.charAt(16), 16) % 4]}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}
