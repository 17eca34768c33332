import { type Connection, type RequestState } from '../engine/connection';
import { type SessionLease } from '../engine/sessions';
import { failure } from '../errors';
import { type QueryContext } from './context';

export interface ConnectionNeeds {
  readonly state: RequestState;
  readonly session: SessionLease | undefined;
  readonly readonly: boolean;
  /** Parameters that the statement uses; undefined = unknown, the engine must find a missing one itself. */
  readonly placeholders: ReadonlySet<string> | undefined;
  /** True when the statement itself leaves a state behind that only its own session may keep. */
  readonly changesSession: boolean;
}

/** Runs an action on a connection that has the request's settings, and takes them off again. */
export async function withConnection<T>(
  context: QueryContext,
  needs: ConnectionNeeds,
  action: (connection: Connection) => Promise<T>,
): Promise<T> {
  const { session, state, placeholders } = needs;
  if (session !== undefined) {
    assertParameters(session, needs);
    await session.connection.apply(state, true);
    return action(session.connection);
  }
  const kind = needs.readonly ? 'readonly' : 'normal';
  const complete =
    placeholders !== undefined && [...placeholders].every((name) => state.parameters.has(name));
  const connection = await context.pool.take(kind, !complete);
  try {
    await connection.apply(state, false);
    return await action(connection);
  } finally {
    if (needs.changesSession) connection.spoiled = true;
    await context.pool.give(kind, connection);
  }
}

/**
 * A parameter of an earlier request of the session is still set in the engine, but it is not one of this
 * request.
 */
function assertParameters(session: SessionLease, { state, placeholders }: ConnectionNeeds): void {
  for (const name of placeholders ?? []) {
    const stale = session.connection.parameters.has(name) && !session.ownParameters.has(name);
    if (stale && !state.parameters.has(name)) {
      throw failure('UNKNOWN_QUERY_PARAMETER', `Substitution \`${name}\` is not set.`);
    }
  }
}
