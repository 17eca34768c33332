import {
  type Action,
  type AgentContext,
  type AppConnectionValueForAuthProperty,
  type ExtractPieceAuthPropertyTypeForMethods,
  type InputPropertyMap,
  type Piece,
  type PieceAuthProperty,
  type PiecePropValueSchema,
} from '@activepieces/pieces-framework';
import { AppConnectionType, type RespondResponse, type ResumePayload } from '@activepieces/shared';
import { type AuthInput, toConnectionValue } from './context/auth';
import {
  createActionContext,
  defaultIdentity,
  type Identity,
  noEffects,
  type RunEffects,
  type Waitpoint,
} from './context/action-context';
import { sharedFileHost } from './context/file-host';
import { createStore, MemoryStoreBackend, type StoreBackend } from './context/store';
import { BizError } from './errors';
import { type PropertySchemas, processPropsOrThrow } from './props/process';
import { definitionsOf } from './values';

type RequiredKeys<P extends InputPropertyMap> = {
  [K in keyof P]: P[K] extends { required: true } ? K : never;
}[keyof P];

/** A prop as a flow may give it: its own type, a text that the engine coerces, or any list for a JSON prop. */
type PropInput<T> = T | string | (Record<string, unknown> extends T ? readonly unknown[] : never);

/** The props of an action or trigger, checked against its definition. */
export type PropsInput<P extends InputPropertyMap> = string extends keyof P
  ? Record<string, unknown>
  : { [K in RequiredKeys<P>]: PropInput<PiecePropValueSchema<P[K]>> } & {
      [K in Exclude<keyof P, RequiredKeys<P>>]?: PropInput<PiecePropValueSchema<P[K]>> | null;
    };

/** The auth of an action or trigger: the connection value it declares, or a short form of it. */
export type AuthOption<A extends PieceAuthProperty | PieceAuthProperty[] | undefined> =
  AppConnectionValueForAuthProperty<ExtractPieceAuthPropertyTypeForMethods<A>> | AuthInput | undefined;

/** What a piece finds around it, shared by actions, triggers and property options. */
export interface EnvironmentOptions {
  /** Kept between calls when the same backend is given; new and empty otherwise. */
  store?: StoreBackend;
  /** By external id: what `ctx.connections.get` and `{{connections['id']}}` find. */
  connections?: Readonly<Record<string, AuthInput>>;
  identity?: Partial<Identity>;
  agentTools?: AgentContext['tools'];
  /** Coerce and validate props as the engine does; on by default. */
  processProps?: boolean;
  /** `propertySettings` of the step, for the schema of dynamic props. */
  propertySettings?: PropertySchemas;
}

export interface RunActionOptions<
  A extends PieceAuthProperty | PieceAuthProperty[] | undefined = PieceAuthProperty,
  P extends InputPropertyMap = InputPropertyMap,
> extends EnvironmentOptions {
  props: PropsInput<P>;
  auth?: AuthOption<A>;
  /** Attempts when the action throws; 1 by default, as for a step without retryOnFailure. */
  attempts?: number;
  /** Present to call the action as a resumed step (`executionType === 'RESUME'`). */
  resumePayload?: Partial<ResumePayload>;
  /** Calls `test` instead of `run`, as the Test button does. */
  test?: boolean;
}

export interface ActionResult {
  output: unknown;
  /** Set by `run.stop`: the run ends here with this response. */
  stopped: RespondResponse | undefined;
  /** Set by `run.respond`: the caller is answered and the run goes on. */
  responded: RespondResponse | undefined;
  tags: readonly string[];
  outputUpdates: ReadonlyArray<Record<string, unknown>>;
  waitpoints: readonly Waitpoint[];
  /** The waitpoint that the step waits for; undefined when the step is done. */
  paused: Waitpoint | undefined;
  /** Calls the action again as the engine does when that waitpoint is hit. */
  resume(payload?: Partial<ResumePayload>): Promise<ActionResult>;
}

/**
 * Runs an action as a step of a flow would. What the action throws is thrown on unchanged.
 * @throws BizError `BIZ_PIECE_PROPS_INVALID` when the props do not fit the action's definition.
 */
export async function runAction<
  A extends PieceAuthProperty | PieceAuthProperty[] | undefined,
  P extends InputPropertyMap,
>(action: Action<A, P>, options: RunActionOptions<A, P>): Promise<ActionResult> {
  return callAction(action, options);
}

async function callAction(action: Action, options: RunActionOptions): Promise<ActionResult> {
  const backend = options.store ?? new MemoryStoreBackend();
  const identity = defaultIdentity(options.identity);
  const again = { ...options, store: backend, identity };
  let lastError: unknown;
  for (let attempt = 1; attempt <= (options.attempts ?? 1); attempt += 1) {
    try {
      return await callOnce(action, again, identity, backend);
    } catch (error) {
      lastError = error;
    }
  }
  throw lastError;
}

async function callOnce(
  action: Action,
  options: RunActionOptions,
  identity: Identity,
  backend: StoreBackend,
): Promise<ActionResult> {
  const effects = noEffects();
  const context = await contextOf(action, options, identity, backend, effects);
  const run = options.test === true ? action.test : action.run;
  const output: unknown = await run(context);
  return toResult(output, effects, (payload) =>
    callAction(action, { ...options, resumePayload: payload ?? {} }),
  );
}

async function contextOf(
  action: Action,
  options: RunActionOptions,
  identity: Identity,
  backend: StoreBackend,
  effects: RunEffects,
) {
  const values =
    options.processProps === false
      ? { ...options.props }
      : await processPropsOrThrow(options.props, definitionsOf(action), options.propertySettings);
  return createActionContext({
    identity,
    services: await servicesFor(options, identity, backend),
    effects,
    auth: authFor(options.auth),
    props: values,
    ...(options.resumePayload === undefined ? {} : { resumePayload: resumePayload(options.resumePayload) }),
  });
}

/**
 * Prepares everything that the engine does before a step, so that a benchmark measures the action alone. Each
 * call of the returned function runs it with the same context and gives its output.
 * @throws BizError `BIZ_PIECE_PROPS_INVALID` when the props do not fit the action's definition.
 */
export async function prepareAction<
  A extends PieceAuthProperty | PieceAuthProperty[] | undefined,
  P extends InputPropertyMap,
>(action: Action<A, P>, options: RunActionOptions<A, P>): Promise<() => Promise<unknown>> {
  const identity = defaultIdentity(options.identity);
  const backend = options.store ?? new MemoryStoreBackend();
  return prepared(action, options, identity, backend);
}

async function prepared(
  action: Action,
  options: RunActionOptions,
  identity: Identity,
  backend: StoreBackend,
): Promise<() => Promise<unknown>> {
  const context = await contextOf(action, options, identity, backend, noEffects());
  return async () => action.run(context);
}

function toResult(
  output: unknown,
  effects: RunEffects,
  resume: (payload?: Partial<ResumePayload>) => Promise<ActionResult>,
): ActionResult {
  const paused = effects.waitpoints.find(({ id }) => id === effects.waitFor);
  if (effects.waitFor !== undefined && effects.waitFor !== '' && paused === undefined) {
    throw new BizError(
      'BIZ_RUN_WAITPOINT_UNKNOWN',
      `The action waits for "${effects.waitFor}", which it never created.`,
    );
  }
  return {
    output,
    stopped: effects.stopped,
    responded: effects.responded,
    tags: effects.tags,
    outputUpdates: effects.outputUpdates,
    waitpoints: effects.waitpoints,
    paused,
    resume,
  };
}

/** `ctx.auth` for the `auth` option. */
export function authFor(auth: AuthInput | undefined) {
  return auth === undefined ? undefined : toConnectionValue(auth);
}

export function resumePayload(given: Partial<ResumePayload>): ResumePayload {
  return { body: {}, headers: {}, queryParams: {}, ...given };
}

/** Store, files, connections and server of a context outside of a flow. */
export async function servicesFor(
  options: EnvironmentOptions,
  identity: Identity,
  backend: StoreBackend,
  prefix = '',
) {
  const host = await sharedFileHost();
  return {
    store: createStore(backend, { flowId: identity.flowId, prefix }),
    files: host.files,
    connections: connectionsManager(options.connections ?? {}),
    server: { apiUrl: host.baseUrl, publicUrl: host.baseUrl, token: 'testkit-token' },
    resumeBaseUrl: host.baseUrl,
    ...(options.agentTools === undefined ? {} : { agentTools: options.agentTools }),
  };
}

/** `ctx.connections`: null for an id that does not exist. */
export function connectionsManager(connections: Readonly<Record<string, AuthInput>>) {
  return {
    get: async (key: string) => {
      const found = Object.hasOwn(connections, key) ? connections[key] : undefined;
      return found === undefined ? null : toConnectionValue(found);
    },
  };
}

/** The connection value of a custom connection. */
export function customAuth<T extends Record<string, unknown>>(props: T) {
  return { type: AppConnectionType.CUSTOM_AUTH as const, props };
}

/** @throws BizError `BIZ_PIECE_ACTION_MISSING` naming the actions that exist. */
export function actionOf(piece: Pick<Piece, 'actions' | 'displayName'>, name: string): Action {
  const actions = piece.actions();
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (action === undefined) {
    throw new BizError('BIZ_PIECE_ACTION_MISSING', `Piece "${piece.displayName}" has no action "${name}".`, {
      hint: `It has: ${Object.keys(actions).join(', ') || 'none'}.`,
    });
  }
  return action;
}
