import type { AppConnectionValueForAuthProperty, PieceAuthProperty } from '@activepieces/pieces-framework';
import { AppConnectionType } from '@activepieces/shared';

/** Every connection value that the framework can put into `ctx.auth`. */
export type ContextAuth = AppConnectionValueForAuthProperty<PieceAuthProperty>;

/** What `auth` options accept: a connection value, a secret text, or the props of a custom connection. */
export type AuthInput = ContextAuth | string | Readonly<Record<string, unknown>>;

const TYPES: ReadonlySet<string> = new Set<ContextAuth['type']>([
  AppConnectionType.SECRET_TEXT,
  AppConnectionType.BASIC_AUTH,
  AppConnectionType.CUSTOM_AUTH,
  AppConnectionType.OIDC,
  AppConnectionType.OAUTH2,
]);

/**
 * The value that the engine puts into `ctx.auth`: `{ type: 'CUSTOM_AUTH', props }` for plain props,
 * `{ type: 'SECRET_TEXT', secret_text }` for a string, and a connection value as it is.
 */
export function toConnectionValue(auth: AuthInput): ContextAuth {
  if (typeof auth === 'string') return { type: AppConnectionType.SECRET_TEXT, secret_text: auth };
  if (isConnectionValue(auth)) return auth;
  return { type: AppConnectionType.CUSTOM_AUTH, props: { ...auth } };
}

export function isConnectionValue(value: unknown): value is ContextAuth {
  return (
    typeof value === 'object' &&
    value !== null &&
    'type' in value &&
    typeof value.type === 'string' &&
    TYPES.has(value.type)
  );
}
