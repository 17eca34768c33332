import { ClickHouseError } from '@clickhouse/client';
import { BizError, type BizErrorCode, isBizError, messageOf, unreachableError } from '@bizstack/piece-common';

interface Known {
  readonly codes: readonly number[];
  readonly code: BizErrorCode;
  readonly hint: string;
  readonly retryable?: boolean;
}

/** By ClickHouse's error codes. */
const KNOWN: readonly Known[] = [
  {
    codes: [192, 193, 194, 516],
    code: 'BIZ_CLICKHOUSE_AUTHENTICATION_FAILED',
    hint: 'Check user and password (or the access token), and whether the server lets the user in from here.',
  },
  {
    codes: [497, 511, 512],
    code: 'BIZ_CLICKHOUSE_NOT_AUTHORIZED',
    hint: 'Grant the right or the role to the user of this connection.',
  },
  { codes: [81], code: 'BIZ_CLICKHOUSE_DATABASE_UNKNOWN', hint: 'Check the name of the database.' },
  {
    codes: [60, 218],
    code: 'BIZ_CLICKHOUSE_TABLE_UNKNOWN',
    hint: 'Check the name, the database and upper or lower case.',
  },
  { codes: [10, 16, 47, 128], code: 'BIZ_CLICKHOUSE_COLUMN_UNKNOWN', hint: 'Check the name of the column.' },
  {
    codes: [57, 82],
    code: 'BIZ_CLICKHOUSE_EXISTS',
    hint: 'Choose another name, or switch "If it does not exist" on.',
  },
  {
    codes: [62],
    code: 'BIZ_CLICKHOUSE_SYNTAX',
    hint: 'Check the SQL near the place named. One statement, without FORMAT.',
  },
  {
    codes: [456, 457],
    code: 'BIZ_CLICKHOUSE_PARAMETER_INVALID',
    hint: 'Give every {name:Type} of the SQL a value of its type.',
  },
  {
    codes: [
      6, 26, 27, 38, 41, 43, 50, 53, 69, 70, 72, 117, 130, 131, 190, 321, 349, 363, 376, 436, 441, 467, 585,
      599, 675, 676, 691,
    ],
    code: 'BIZ_CLICKHOUSE_VALUE_INVALID',
    hint: 'Check the values against the types of the columns.',
  },
  {
    codes: [469],
    code: 'BIZ_CLICKHOUSE_CONSTRAINT_VIOLATION',
    hint: 'Give values that the rule of the table allows.',
  },
  {
    codes: [420],
    code: 'BIZ_CLICKHOUSE_KEY_COLUMN',
    hint: 'Columns of the keys cannot be changed; insert new rows instead.',
  },
  {
    codes: [159, 160, 209],
    code: 'BIZ_CLICKHOUSE_TIMEOUT',
    hint: 'Make the statement faster, or raise the time limit of the step or of the connection.',
  },
  {
    codes: [394],
    code: 'BIZ_CLICKHOUSE_CANCELLED',
    hint: 'Somebody cancelled it, or the server is stopping.',
  },
  {
    codes: [158, 161, 162, 307, 396],
    code: 'BIZ_CLICKHOUSE_TOO_LARGE',
    hint: 'Read fewer rows or columns, or ask for higher limits of the user.',
  },
  {
    codes: [241, 243],
    code: 'BIZ_CLICKHOUSE_OVERLOADED',
    hint: 'The server is short of memory or disk.',
    retryable: true,
  },
  {
    codes: [202, 203, 252, 319, 473],
    code: 'BIZ_CLICKHOUSE_OVERLOADED',
    hint: 'The server has too much to do. Insert fewer, larger batches, or use asynchronous inserts.',
    retryable: true,
  },
  {
    codes: [201],
    code: 'BIZ_CLICKHOUSE_QUOTA_EXCEEDED',
    hint: 'Wait until the quota begins anew, or have it raised.',
  },
  {
    codes: [164],
    code: 'BIZ_CLICKHOUSE_READ_ONLY',
    hint: 'The step or the connection only reads. If the server itself sets readonly = 1 for the user, switch "Settings are locked" of the connection on.',
  },
  {
    codes: [115, 452],
    code: 'BIZ_CLICKHOUSE_SETTING_REFUSED',
    hint: 'This server does not know the setting or does not let the user change it.',
  },
  {
    codes: [242, 999, 225],
    code: 'BIZ_CLICKHOUSE_UNAVAILABLE',
    hint: 'Keeper or a replica is away; try again.',
    retryable: true,
  },
  {
    codes: [210, 279, 32],
    code: 'BIZ_CLICKHOUSE_UNREACHABLE',
    hint: 'Servers of the cluster do not reach each other.',
    retryable: true,
  },
  {
    codes: [48, 344],
    code: 'BIZ_CLICKHOUSE_NOT_SUPPORTED',
    hint: 'This server or table engine cannot do that.',
  },
];

const BY_CODE = new Map(KNOWN.flatMap((known) => known.codes.map((code) => [code, known] as const)));

/** Turns whatever the client throws into a coded, readable error. */
export function clickhouseError(error: unknown, where: string): BizError {
  if (isBizError(error)) return error;
  // What the agent says about a proxy or a certificate.
  if (error instanceof Error && isBizError(error.cause)) return error.cause;
  if (error instanceof ClickHouseError) return serverError(error);
  const unreachable = unreachableError({ code: 'BIZ_CLICKHOUSE_UNREACHABLE', where, cause: error });
  if (unreachable) return unreachable;
  const text = messageOf(error);
  if (/Parse Error|HPE_|Port \d+ is for/i.test(text)) {
    return new BizError('BIZ_CLICKHOUSE_NOT_HTTP', `${where} does not speak HTTP on this port.`, {
      hint: 'Use the HTTP port: 8123, or 8443 with https. 9000 and 9440 are for the native protocol.',
      cause: error,
      details: { step: 'tcp' },
    });
  }
  if (/timeout|aborted|socket hang up|premature close/i.test(text)) {
    return new BizError(
      'BIZ_CLICKHOUSE_UNREACHABLE',
      `The connection to ${where} ended: ${text.slice(0, 200)}`,
      {
        hint: 'Check that the server runs, and proxies and firewalls in between.',
        cause: error,
        retryable: true,
      },
    );
  }
  return new BizError(
    'BIZ_CLICKHOUSE_FAILED',
    `${where} answered: ${text.replaceAll(/\s+/g, ' ').slice(0, 300)}`,
    {
      hint: 'If this is no answer of ClickHouse, check the URL and what stands between.',
      cause: error,
    },
  );
}

function serverError(error: ClickHouseError): BizError {
  const known = BY_CODE.get(Number(error.code));
  return new BizError(
    known?.code ?? 'BIZ_CLICKHOUSE_FAILED',
    `ClickHouse: ${error.message.trim().slice(0, 1_000)}`,
    {
      cause: error,
      retryable: known?.retryable ?? false,
      details: { clickhouseCode: Number(error.code), ...(error.type ? { clickhouseType: error.type } : {}) },
      ...(known ? { hint: known.hint } : {}),
    },
  );
}

export function timeoutError(seconds: number, cause: unknown): BizError {
  return new BizError('BIZ_CLICKHOUSE_TIMEOUT', `ClickHouse did not finish within ${seconds} s.`, {
    hint: 'Make the statement faster, or raise the time limit of the step or of the connection.',
    cause,
  });
}
