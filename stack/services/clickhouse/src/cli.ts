import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { BizError, messageOf } from '@bizstack/contracts';
import { type ServerOptions } from './options';

export const USAGE = `Usage: bizstack-clickhouse-server --data-dir DIR --user NAME --password-file FILE [options]

ClickHouse's HTTP interface over the embedded ClickHouse engine.

  --data-dir DIR                  where the data lives; made when missing
  --user NAME                     the one account
  --password-file FILE            file that holds its password and nothing else
  --host ADDRESS                  default 127.0.0.1
  --port N                        default 8123; 0 = any free port
  --allow-remote                  allow a --host that other machines reach (no TLS: use a proxy)
  --max-concurrent-queries N      default 8
  --max-queued-queries N          default 200
  --queue-timeout-seconds N       default 60
  --max-sessions N                default 200
  --max-query-bytes N             statement text without rows; default 16 MiB
  --max-body-bytes N              rows of one INSERT, decompressed; default 10 GiB
  --max-spool-bytes N             all of them on disk at one time; default 20 GiB
  --min-free-bytes N              disk space that must stay free; default 256 MiB
  --stop-timeout-seconds N        time for running queries at SIGTERM; default 10
  --help                          this text
  --version                       version of this server
`;

const OPTIONS = {
  'data-dir': { type: 'string' },
  user: { type: 'string' },
  'password-file': { type: 'string' },
  host: { type: 'string' },
  port: { type: 'string' },
  'allow-remote': { type: 'boolean' },
  'max-concurrent-queries': { type: 'string' },
  'max-queued-queries': { type: 'string' },
  'queue-timeout-seconds': { type: 'string' },
  'max-sessions': { type: 'string' },
  'max-query-bytes': { type: 'string' },
  'max-body-bytes': { type: 'string' },
  'max-spool-bytes': { type: 'string' },
  'min-free-bytes': { type: 'string' },
  'stop-timeout-seconds': { type: 'string' },
  help: { type: 'boolean' },
  version: { type: 'boolean' },
} as const;

export type Command = { run: 'help' } | { run: 'version' } | { run: 'serve'; options: ServerOptions };

/** @throws BizError `BIZ_CLICKHOUSE_ARGUMENTS`, `BIZ_CLICKHOUSE_PASSWORD_FILE` */
export function parseCommandLine(args: readonly string[]): Command {
  const values = readValues(args);
  if (values.help === true) return { run: 'help' };
  if (values.version === true) return { run: 'version' };
  const required = (name: 'data-dir' | 'user' | 'password-file'): string => {
    const value = values[name];
    if (value === undefined || value === '') throw wrong(`--${name} is missing.`);
    return value;
  };
  const number = (name: keyof typeof OPTIONS, factor = 1): number | undefined => {
    const value = values[name];
    if (value === undefined) return undefined;
    if (typeof value !== 'string' || !/^\d+$/.test(value)) throw wrong(`--${name} must be a whole number.`);
    return Number(value) * factor;
  };
  return {
    run: 'serve',
    options: {
      dataDir: required('data-dir'),
      user: required('user'),
      password: readPassword(required('password-file')),
      host: values.host,
      allowRemote: values['allow-remote'],
      port: number('port'),
      maxConcurrentQueries: number('max-concurrent-queries'),
      maxQueuedQueries: number('max-queued-queries'),
      queueTimeoutMs: number('queue-timeout-seconds', 1000),
      maxSessions: number('max-sessions'),
      maxQueryBytes: number('max-query-bytes'),
      maxBodyBytes: number('max-body-bytes'),
      maxSpoolBytes: number('max-spool-bytes'),
      minFreeBytes: number('min-free-bytes'),
      stopTimeoutMs: number('stop-timeout-seconds', 1000),
    },
  };
}

function readValues(args: readonly string[]): ReturnType<typeof parse>['values'] {
  try {
    return parse(args).values;
  } catch (cause) {
    throw wrong(messageOf(cause), cause);
  }
}

function parse(args: readonly string[]) {
  return parseArgs({ args: [...args], options: OPTIONS, strict: true, allowPositionals: false });
}

function readPassword(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new BizError('BIZ_CLICKHOUSE_PASSWORD_FILE', `The password file ${file} cannot be read.`, {
      cause,
    });
  }
  const password = text.replace(/\r?\n$/, '');
  if (password === '' || password.includes('\n')) {
    throw new BizError(
      'BIZ_CLICKHOUSE_PASSWORD_FILE',
      `The password file ${file} must hold one line that is not empty.`,
    );
  }
  return password;
}

function wrong(message: string, cause?: unknown): BizError {
  return new BizError('BIZ_CLICKHOUSE_ARGUMENTS', message, { hint: 'See --help.', cause });
}
