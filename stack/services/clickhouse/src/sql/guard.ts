import { failure } from '../errors';
import { unquote, type Token } from './lexer';
import { type Statement } from './statement';

/**
 * The embedded engine has the rights of `clickhouse-local`: it may read any file of the operating-system
 * user and start programs. A server must not offer that to its clients, so what reaches the local machine
 * is refused here, before the engine sees it.
 */
const LOCAL_ACCESS = new Set([
  'FILE',
  'FILECLUSTER',
  'FILELOG',
  'FILESYSTEM',
  'EXECUTABLE',
  'EXECUTABLEPOOL',
  'SQLITE',
  'ICEBERGLOCAL',
  'ICEBERGLOCALCLUSTER',
  'DELTALAKELOCAL',
  'PAIMONLOCAL',
  'EMBEDDEDROCKSDB',
  'URLCLUSTER',
  'ARROWSTREAM',
  'PYTHON',
  'EVAL',
]);

const STOPS_SERVER = new Set(['SHUTDOWN', 'KILL', 'SUSPEND']);

/** @throws ClickHouseError 238, 344 or 48 naming what is not served. */
export function assertServed(statement: Statement): void {
  const { tokens, keyword } = statement;
  tokens.forEach((token, index) => {
    const next = tokens[index + 1];
    if (token.type === 'word' && token.value === 'INTO' && isWord(next, 'OUTFILE')) {
      throw failure(
        'INTO_OUTFILE_NOT_ALLOWED',
        'INTO OUTFILE is not allowed here: read the response instead.',
      );
    }
    if (token.type === 'word' && token.value === 'FROM' && isWord(next, 'INFILE')) {
      throw failure('NOT_IMPLEMENTED', 'FROM INFILE is not allowed here: send the rows in the request body.');
    }
    if (token.type !== 'word' && token.type !== 'quoted') return;
    const name = token.value.toUpperCase();
    const called = next?.value === '(' || isEngine(tokens, index);
    if (called && LOCAL_ACCESS.has(name)) throw localAccess(token.value);
    if (next?.value === '(' && name === 'URL') assertRemoteUrl(tokens, index);
  });
  if (keyword === 'SYSTEM' && STOPS_SERVER.has(tokens[1]?.value ?? '')) {
    throw failure(
      'SUPPORT_IS_DISABLED',
      `SYSTEM ${tokens[1]?.value ?? ''} is disabled: stop the server by SIGTERM.`,
    );
  }
  if (keyword === 'COPY') throw localAccess('COPY');
  if (['DROP', 'DETACH', 'RENAME'].includes(keyword) && isWord(tokens[1], 'DATABASE')) {
    const name = tokens
      .slice(2)
      .find((token) => token.type === 'quoted' || !['IF', 'EXISTS'].includes(token.value));
    if (name?.value.toLowerCase() === 'default') {
      throw failure(
        'SUPPORT_IS_DISABLED',
        'The database default cannot be removed: every new connection starts in it.',
      );
    }
  }
  if (
    keyword === 'ATTACH' &&
    tokens.some((token, index) => isWord(token, 'FROM') && tokens[index + 1]?.type === 'string')
  ) {
    throw localAccess('ATTACH … FROM a path');
  }
}

function isWord(token: Token | undefined, value: string): boolean {
  return token?.type === 'word' && token.value === value;
}

function isEngine(tokens: readonly Token[], index: number): boolean {
  return tokens[index - 1]?.value === '=' && isWord(tokens[index - 2], 'ENGINE');
}

function assertRemoteUrl(tokens: readonly Token[], index: number): void {
  const url = tokens[index + 2];
  const after = tokens[index + 3];
  const plain = url?.type === 'string' && (after?.value === ',' || after?.value === ')');
  if (!plain || !/^https?:\/\//i.test(unquote(url.value)))
    throw localAccess('url() with anything but a literal http(s) address');
}

function localAccess(what: string): Error {
  return failure(
    'SUPPORT_IS_DISABLED',
    `${what} is disabled: this server gives clients no access to its files and programs.`,
  );
}
