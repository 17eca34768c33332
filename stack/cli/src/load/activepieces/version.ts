import { BizError } from '@bizstack/contracts';
import { expectAnswer } from '../answer';
import { type HttpClient } from '../http';
import { flags } from './schemas';

/** Pieces built with the current framework are invisible to older servers. */
export const OLDEST_SERVER = '0.82.0';
/** The newest release that this loader was tried on. */
export const NEWEST_TRIED = '0.83';

export interface ServerInfo {
  readonly version: string | undefined;
  readonly userCreated: boolean | undefined;
}

/**
 * Asks the instance what it is.
 *
 * @throws BIZ_LOAD_SERVER_VERSION when it is older than {@link OLDEST_SERVER}
 */
export async function readServerInfo(http: HttpClient): Promise<ServerInfo> {
  const response = await http.send({ method: 'GET', path: '/flags' });
  const { CURRENT_VERSION: version, USER_CREATED: userCreated } = expectAnswer(
    http,
    response,
    flags,
    'tell its version',
    'BIZ_LOAD_SERVER_VERSION',
  );
  if (version !== undefined && isOlder(version, OLDEST_SERVER)) {
    throw new BizError(
      'BIZ_LOAD_SERVER_VERSION',
      `Activepieces ${version} is too old: the pieces need ${OLDEST_SERVER} or newer and would stay invisible.`,
      { hint: 'Upgrade Activepieces first.' },
    );
  }
  return { version, userCreated };
}

/** Compares `major.minor.patch`; a missing or unreadable part counts as 0. */
export function isOlder(version: string, than: string): boolean {
  const left = parts(version);
  const right = parts(than);
  for (const [index, value] of right.entries()) {
    const other = left[index] ?? 0;
    if (other !== value) {
      return other < value;
    }
  }
  return false;
}

function parts(version: string): number[] {
  return version
    .replace(/[-+].*$/, '')
    .split('.')
    .map((part) => Number.parseInt(part, 10) || 0);
}
