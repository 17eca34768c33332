import {
  type Action,
  type PieceAuthProperty,
  PropertyType,
  type Trigger,
} from '@activepieces/pieces-framework';
import { z } from 'zod';
import { type AuthOption, authFor, type EnvironmentOptions, servicesFor } from './action';
import { defaultIdentity, flowsContext } from './context/action-context';
import { MemoryStoreBackend } from './context/store';
import { sharedFileHost } from './context/file-host';
import { withDeadline } from './deadline';
import { BizError } from './errors';
import { LIMITS } from './limits';
import { definitionsOf } from './values';

export interface PropertyOptions<
  A extends PieceAuthProperty | PieceAuthProperty[] | undefined = PieceAuthProperty,
> extends EnvironmentOptions {
  /** Name of the prop whose options are wanted. */
  property: string;
  /** Values of the props in `refreshers`. */
  input?: Readonly<Record<string, unknown>>;
  auth?: AuthOption<A>;
  searchValue?: string;
}

const dropdownSchema = z.looseObject({
  disabled: z.boolean().optional(),
  placeholder: z.string().optional(),
  options: z.array(z.looseObject({ label: z.string(), value: z.unknown() })),
});

export type DropdownOptions = z.infer<typeof dropdownSchema>;

const dynamicSchema = z.record(z.string(), z.looseObject({ type: z.enum(PropertyType) }));

/** The props that a dynamic prop shows: name → definition. */
export type DynamicProps = z.infer<typeof dynamicSchema>;

/**
 * The options of a dropdown, as the builder asks for them.
 * Rejects with `BIZ_PIECE_PROPERTY` when the prop is no dropdown and `BIZ_PIECE_OPTIONS_TIMEOUT` after 60 s.
 */
export async function runOptions<A extends PieceAuthProperty | PieceAuthProperty[] | undefined>(
  owner: Action<A> | Trigger<A>,
  options: PropertyOptions<A>,
): Promise<DropdownOptions> {
  const property = propertyOf(owner, options.property);
  if (
    property.type === PropertyType.STATIC_DROPDOWN ||
    property.type === PropertyType.STATIC_MULTI_SELECT_DROPDOWN
  ) {
    return dropdownSchema.parse(property.options);
  }
  if (property.type !== PropertyType.DROPDOWN && property.type !== PropertyType.MULTI_SELECT_DROPDOWN) {
    throw wrongType(options.property, property.type, 'a dropdown');
  }
  const state = await ask(property.options, propsOf(options), await propertyContext(options));
  return checked(dropdownSchema, state, options.property);
}

/** The props that a dynamic prop shows for the given input. Rejects like {@link runOptions}. */
export async function runDynamicProps<A extends PieceAuthProperty | PieceAuthProperty[] | undefined>(
  owner: Action<A> | Trigger<A>,
  options: PropertyOptions<A>,
): Promise<DynamicProps> {
  const property = propertyOf(owner, options.property);
  if (property.type !== PropertyType.DYNAMIC) throw wrongType(options.property, property.type, 'dynamic');
  const props = await ask(property.props, propsOf(options), await propertyContext(options));
  return checked(dynamicSchema, props, options.property);
}

const validationSchema = z.union([
  z.object({ valid: z.literal(true) }),
  z.object({ valid: z.literal(false), error: z.string() }),
]);

export type AuthValidation = z.infer<typeof validationSchema>;

/**
 * Checks a connection as saving it does: `validate` gets the plain props (or the secret text), not a
 * connection value. An auth without `validate` is valid.
 */
export async function validateAuth(auth: PieceAuthProperty, value: unknown): Promise<AuthValidation> {
  if (auth.validate === undefined) return { valid: true };
  const host = await sharedFileHost();
  const server = { apiUrl: host.baseUrl, publicUrl: host.baseUrl };
  return checked(validationSchema, await ask(auth.validate, { auth: value, server }), 'validate');
}

async function propertyContext(options: PropertyOptions) {
  const identity = defaultIdentity(options.identity);
  const services = await servicesFor(options, identity, options.store ?? new MemoryStoreBackend());
  return {
    server: services.server,
    project: { id: identity.projectId, externalId: async () => identity.externalProjectId },
    flows: flowsContext(identity),
    connections: services.connections,
    ...(options.searchValue === undefined ? {} : { searchValue: options.searchValue }),
  };
}

function propsOf(options: PropertyOptions): Record<string, unknown> {
  const auth = authFor(options.auth);
  return { ...options.input, ...(auth === undefined ? {} : { auth }) };
}

function propertyOf(owner: Action | Trigger, name: string) {
  const props = definitionsOf(owner);
  const property = Object.hasOwn(props, name) ? props[name] : undefined;
  if (property === undefined) {
    throw new BizError('BIZ_PIECE_PROPERTY', `"${owner.name}" has no prop "${name}".`, {
      hint: `It has: ${Object.keys(props).join(', ') || 'none'}.`,
    });
  }
  return property;
}

function wrongType(name: string, type: string, expected: string): BizError {
  return new BizError('BIZ_PIECE_PROPERTY', `Prop "${name}" is ${type}, not ${expected}.`);
}

/**
 * Calls what a piece gave. Its parameter types speak of the piece's own auth, which nobody here can know,
 * so the call is untyped and the answer is checked instead.
 */
function ask(callee: (...parameters: never[]) => unknown, ...parameters: unknown[]): Promise<unknown> {
  const answer: unknown = Reflect.apply(callee, undefined, parameters);
  return withDeadline(Promise.resolve(answer), LIMITS.propertyTimeoutMs, {
    code: 'BIZ_PIECE_OPTIONS_TIMEOUT',
    message: `The piece took more than ${LIMITS.propertyTimeoutMs / 1000} s.`,
  });
}

function checked<T>(schema: z.ZodType<T>, value: unknown, name: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new BizError('BIZ_PIECE_PROPERTY', `"${name}" answered wrongly: ${z.prettifyError(result.error)}`, {
    cause: result.error,
  });
}
