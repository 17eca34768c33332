import { BizError, type BizErrorCode, isBizError, messageOf, unreachableError } from '@bizstack/piece-common';
import { status } from '@grpc/grpc-js';
import {
  QueryNotRegisteredError,
  QueryRejectedError,
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  WorkflowContinuedAsNewError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  isGrpcServiceError,
} from '@temporalio/client';
import { NamespaceNotFoundError, ValueError } from '@temporalio/common';
import { describeFailure } from './failures';

export interface TemporalErrorContext {
  readonly address: string;
  readonly namespace: string;
  readonly workflowId?: string | undefined;
  readonly scheduleId?: string | undefined;
  /** What is waited for when the deadline passes: an answer of the worker, not of the server. */
  readonly needsWorker?: boolean;
}

/** Turns whatever the client throws into a coded, readable error. Arguments and results are kept out of it. */
export function temporalError(error: unknown, context: TemporalErrorContext): BizError {
  if (isBizError(error)) return error;
  const details = {
    ...(context.workflowId === undefined ? {} : { workflowId: context.workflowId }),
    ...(context.scheduleId === undefined ? {} : { scheduleId: context.scheduleId }),
  };
  const failed = (
    code: BizErrorCode,
    message: string,
    hint?: string,
    more: { retryable?: boolean; details?: Record<string, unknown> } = {},
  ) =>
    new BizError(code, message, {
      cause: error,
      ...(hint === undefined ? {} : { hint }),
      retryable: more.retryable ?? false,
      details: { ...details, ...more.details },
    });
  return (
    knownClass(error, context, failed) ??
    knownStatus(error, context, failed) ??
    unreachableError({ code: 'BIZ_TEMPORAL_UNREACHABLE', where: where(context), cause: error }) ??
    failed('BIZ_TEMPORAL_FAILED', `Temporal: ${messageOf(error)}`)
  );
}

type Failed = (
  code: BizErrorCode,
  message: string,
  hint?: string,
  more?: { retryable?: boolean; details?: Record<string, unknown> },
) => BizError;

function knownClass(error: unknown, context: TemporalErrorContext, failed: Failed): BizError | undefined {
  const workflow = nameOf(context);
  if (error instanceof WorkflowExecutionAlreadyStartedError) {
    return failed(
      'BIZ_TEMPORAL_WORKFLOW_EXISTS',
      `${workflow} exists already.`,
      'Use another id, or choose what to do with an existing one.',
    );
  }
  if (error instanceof ScheduleAlreadyRunning) {
    return failed(
      'BIZ_TEMPORAL_SCHEDULE_EXISTS',
      `Schedule "${error.scheduleId}" exists already.`,
      'Use "Update Schedule", or let "Create Schedule" keep the existing one.',
    );
  }
  if (error instanceof ScheduleNotFoundError) return scheduleUnknown(error.scheduleId, context, failed);
  if (error instanceof WorkflowNotFoundError) return notFound(error.message, context, failed);
  if (error instanceof NamespaceNotFoundError) return namespaceUnknown(context, failed);
  if (error instanceof WorkflowFailedError) {
    const failure = describeFailure(error.cause);
    return failed(
      'BIZ_TEMPORAL_WORKFLOW_FAILED',
      `${workflow} ended without a result: ${trimmed(failure?.message ?? error.message)}.`,
      'Look at its history with "Get History".',
      { details: { failure } },
    );
  }
  if (error instanceof WorkflowContinuedAsNewError) {
    return failed(
      'BIZ_TEMPORAL_WORKFLOW_CONTINUED',
      `${workflow} continued as new run ${error.newExecutionRunId}.`,
      'Leave the run id empty to follow it.',
    );
  }
  if (error instanceof WorkflowUpdateFailedError) {
    const failure = describeFailure(error.cause);
    return failed(
      'BIZ_TEMPORAL_UPDATE_FAILED',
      `${workflow} refused the update: ${trimmed(failure?.message ?? error.message)}.`,
      'Check the name of the update and its arguments.',
      { details: { failure } },
    );
  }
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) return workerAway(context, failed);
  if (error instanceof ValueError && /unknown encoding/i.test(error.message)) {
    return failed(
      'BIZ_TEMPORAL_PAYLOAD_UNREADABLE',
      `A payload cannot be read: ${trimmed(error.message)}.`,
      'If it is encrypted, set the payload codec key of the connection.',
    );
  }
  if (error instanceof QueryRejectedError) {
    return failed(
      'BIZ_TEMPORAL_QUERY_REJECTED',
      `${workflow} is closed, and closed workflows are not to be queried here.`,
      'Allow it in "When the workflow is closed".',
    );
  }
  if (error instanceof QueryNotRegisteredError) {
    return failed(
      'BIZ_TEMPORAL_QUERY_UNKNOWN',
      `The query was refused: ${trimmed(error.message)}.`,
      'Check the name of the query and its arguments.',
    );
  }
  return undefined;
}

interface Grpc {
  readonly code: status;
  readonly details: string;
}

/** The gRPC status in an error or its causes: the SDK wraps it. */
function grpcStatus(error: unknown): Grpc | undefined {
  for (let current = error, depth = 0; current instanceof Error && depth < 6; depth += 1) {
    if (isGrpcServiceError(current)) return { code: current.code, details: current.details };
    current = current.cause;
  }
  return undefined;
}

function knownStatus(error: unknown, context: TemporalErrorContext, failed: Failed): BizError | undefined {
  const grpc = grpcStatus(error);
  if (grpc === undefined) {
    // waitForReady of the channel fails with a plain error.
    if (error instanceof Error && /failed to connect before the deadline/i.test(error.message)) {
      return unreachable('no answer', context, failed);
    }
    return undefined;
  }
  const said = trimmed(grpc.details);
  switch (grpc.code) {
    case status.UNAUTHENTICATED:
      return failed(
        'BIZ_TEMPORAL_AUTHENTICATION_FAILED',
        `${where(context)} does not accept the credentials: ${said}.`,
        'Check that the API key or the client certificate is right and has not expired.',
      );
    case status.PERMISSION_DENIED:
      return failed(
        'BIZ_TEMPORAL_NOT_AUTHORIZED',
        `This is not allowed in namespace "${context.namespace}": ${said}.`,
        'Check the API key and its rights on the namespace.',
      );
    case status.NOT_FOUND:
      return notFound(said, context, failed);
    case status.ALREADY_EXISTS:
      return failed('BIZ_TEMPORAL_WORKFLOW_EXISTS', `${nameOf(context)} exists already.`, 'Use another id.');
    case status.INVALID_ARGUMENT:
      return invalid(said, failed);
    case status.FAILED_PRECONDITION:
      return /no poller|worker/i.test(said)
        ? workerAway(context, failed)
        : failed('BIZ_TEMPORAL_NOT_POSSIBLE', `Temporal refuses this now: ${said}.`);
    case status.DEADLINE_EXCEEDED:
    case status.CANCELLED:
      return context.needsWorker === true
        ? workerAway(context, failed)
        : failed('BIZ_TEMPORAL_TIMEOUT', `${where(context)} did not answer in time.`, 'Try again later.', {
            retryable: true,
          });
    case status.RESOURCE_EXHAUSTED:
      return /larger than max|size/i.test(said)
        ? tooLarge(said, failed)
        : failed(
            'BIZ_TEMPORAL_OVERLOADED',
            `Temporal is at a limit: ${said}.`,
            'Try again later, or raise the limit of the namespace.',
            {
              retryable: true,
            },
          );
    case status.UNAVAILABLE:
      return unreachable(said, context, failed);
    case status.UNIMPLEMENTED:
      return failed(
        'BIZ_TEMPORAL_UNSUPPORTED',
        `The server does not know this operation: ${said}.`,
        'Use a newer Temporal server.',
      );
    default:
      return failed('BIZ_TEMPORAL_FAILED', `Temporal: ${said || messageOf(error)}.`);
  }
}

function notFound(text: string, context: TemporalErrorContext, failed: Failed): BizError {
  const said = trimmed(text);
  if (/namespace/i.test(said) && !/workflow/i.test(said)) return namespaceUnknown(context, failed);
  if (/completed|closed/i.test(said)) {
    return failed(
      'BIZ_TEMPORAL_WORKFLOW_CLOSED',
      `${nameOf(context)} is closed already.`,
      'Only a running workflow can be signalled, updated or ended.',
    );
  }
  if (context.scheduleId !== undefined) return scheduleUnknown(context.scheduleId, context, failed);
  return failed(
    'BIZ_TEMPORAL_WORKFLOW_UNKNOWN',
    `${nameOf(context)} was not found in namespace "${context.namespace}": ${said}.`,
    'Check the workflow id, the run id and the namespace; closed workflows are kept for the retention time only.',
  );
}

function scheduleUnknown(scheduleId: string, { namespace }: TemporalErrorContext, failed: Failed): BizError {
  return failed(
    'BIZ_TEMPORAL_SCHEDULE_UNKNOWN',
    `There is no schedule "${scheduleId}" in namespace "${namespace}".`,
    'Check its id; "List Schedules" shows all.',
  );
}

function namespaceUnknown({ namespace }: TemporalErrorContext, failed: Failed): BizError {
  return failed(
    'BIZ_TEMPORAL_NAMESPACE_UNKNOWN',
    `There is no namespace "${namespace}".`,
    'Check its name; in Temporal Cloud it ends with the account id (name.account).',
  );
}

function invalid(said: string, failed: Failed): BizError {
  if (/exceeds? (size )?limit|size limit|larger than/i.test(said)) return tooLarge(said, failed);
  if (/search attribute/i.test(said)) {
    return failed(
      'BIZ_TEMPORAL_SEARCH_ATTRIBUTE_INVALID',
      `Temporal: ${said}.`,
      'Register it: temporal operator search-attribute create --name <name> --type Keyword; and check the type of its value.',
    );
  }
  if (/\bquery\b/i.test(said)) {
    return failed(
      'BIZ_TEMPORAL_FILTER_INVALID',
      `Temporal: ${said}.`,
      'Check the visibility query: names, quotes and operators.',
    );
  }
  return failed('BIZ_TEMPORAL_REQUEST_INVALID', `Temporal: ${said}.`, 'Check the values of this step.');
}

function tooLarge(said: string, failed: Failed): BizError {
  return failed(
    'BIZ_TEMPORAL_PAYLOAD_TOO_LARGE',
    `The arguments are too large: ${said}.`,
    'Temporal takes 2 MB a payload and 4 MB a request: store the data elsewhere and pass a reference.',
  );
}

function workerAway(context: TemporalErrorContext, failed: Failed): BizError {
  return failed(
    'BIZ_TEMPORAL_WORKER_AWAY',
    `No worker answered for ${nameOf(context, false)} in time.`,
    'Check that a worker runs for its task queue and knows this workflow type.',
    { retryable: true },
  );
}

const SYSTEM_ERROR = /\b(E[A-Z]{4,}|[A-Z]+(?:_[A-Z]+)*_CERT(?:_[A-Z]+)*|ERR_(?:SSL|TLS)_[A-Z0-9_]+)\b/;

/** gRPC gives the cause as text only. */
const TEXTS: readonly (readonly [RegExp, string])[] = [
  [/name resolution failed/i, 'ENOTFOUND'],
  [/self[- ]signed certificate in certificate chain/i, 'SELF_SIGNED_CERT_IN_CHAIN'],
  [/self[- ]signed certificate/i, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
  [/unable to get local issuer certificate/i, 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'],
  [/unable to verify the first certificate/i, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  [/certificate has expired/i, 'CERT_HAS_EXPIRED'],
  [/does not match certificate/i, 'ERR_TLS_CERT_ALTNAME_INVALID'],
  [/wrong version number|packet length too long/i, 'ERR_SSL_WRONG_VERSION_NUMBER'],
  [/certificate required/i, 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'],
];

function unreachable(said: string, context: TemporalErrorContext, failed: Failed): BizError {
  const code = TEXTS.find(([pattern]) => pattern.test(said))?.[1] ?? SYSTEM_ERROR.exec(said)?.[1];
  const cause = Object.assign(new Error(said), code === undefined ? {} : { code });
  return (
    unreachableError({ code: 'BIZ_TEMPORAL_UNREACHABLE', where: where(context), cause }) ??
    failed(
      'BIZ_TEMPORAL_UNREACHABLE',
      `Cannot reach ${where(context)}: ${said}.`,
      'Check the address, the port and whether TLS is on or off on both sides.',
      { retryable: true },
    )
  );
}

function where({ address }: TemporalErrorContext): string {
  return `Temporal at ${address}`;
}

function nameOf({ workflowId }: TemporalErrorContext, capital = true): string {
  if (workflowId === undefined) return capital ? 'The workflow' : 'the workflow';
  return `${capital ? 'Workflow' : 'workflow'} "${workflowId}"`;
}

/** Messages are put into sentences: without a full stop and not endless. */
export function trimmed(text: string): string {
  const line = text.replace(/^\d+ [A-Z_]+: /, '').replace(/[.\s]+$/, '');
  return line.length > 500 ? `${line.slice(0, 500)}…` : line;
}
