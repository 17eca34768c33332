import { createHash, timingSafeEqual } from 'node:crypto';
import { type IncomingMessage } from 'node:http';
import { failure } from '../errors';

export interface Account {
  readonly user: string;
  readonly password: string;
}

/**
 * Checks the credentials of a request: X-ClickHouse-User/-Key, Basic, or the parameters user/password.
 * @throws ClickHouseError 516
 */
export function authenticate(request: IncomingMessage, query: URLSearchParams, account: Account): void {
  const given = credentialsOf(request, query);
  // Both are always compared, in constant time, so that the answer does not tell which one was wrong.
  const user = equal(given.user, account.user);
  const password = equal(given.password, account.password);
  if (!(user && password)) {
    throw failure(
      'AUTHENTICATION_FAILED',
      `${printable(given.user)}: Authentication failed: password is incorrect, or there is no user with such name.`,
    );
  }
}

function credentialsOf(request: IncomingMessage, query: URLSearchParams): Account {
  const user = headerOf(request, 'x-clickhouse-user');
  const key = headerOf(request, 'x-clickhouse-key');
  const { authorization } = request.headers;
  if (user !== undefined || key !== undefined) {
    if (authorization !== undefined) {
      throw failure(
        'AUTHENTICATION_FAILED',
        'Invalid authentication: X-ClickHouse-User/-Key and Authorization must not be sent together.',
      );
    }
    return { user: user ?? 'default', password: key ?? '' };
  }
  if (authorization === undefined) {
    return { user: query.get('user') ?? 'default', password: query.get('password') ?? '' };
  }
  const basic = /^Basic\s+([A-Za-z0-9+/=]+)\s*$/i.exec(authorization)?.[1];
  if (basic === undefined) {
    throw failure('AUTHENTICATION_FAILED', 'Invalid authentication: only the scheme Basic is served.');
  }
  const text = Buffer.from(basic, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0
    ? { user: text, password: '' }
    : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

export function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function equal(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

function printable(user: string): string {
  return user.replace(/[^\x20-\x7e]/g, '?').slice(0, 100) || 'default';
}
