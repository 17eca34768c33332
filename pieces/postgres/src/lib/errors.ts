import { BizError, type BizErrorCode, isBizError, messageOf, unreachableError } from '@bizstack/piece-common';
import { DatabaseError } from 'pg';

interface Known {
  readonly code: BizErrorCode;
  readonly hint: string;
  readonly retryable?: boolean;
}

/** By SQLSTATE, or by its class (first two characters). */
const KNOWN: Readonly<Record<string, Known>> = {
  '28P01': { code: 'BIZ_POSTGRES_AUTHENTICATION_FAILED', hint: 'Check user and password.' },
  '28000': {
    code: 'BIZ_POSTGRES_AUTHENTICATION_FAILED',
    hint: 'Check the user, and whether the server lets it in from here (pg_hba.conf), with TLS or without.',
  },
  '3D000': { code: 'BIZ_POSTGRES_DATABASE_UNKNOWN', hint: 'Check the name of the database.' },
  '42501': { code: 'BIZ_POSTGRES_NOT_AUTHORIZED', hint: 'Grant the right to the role of this connection.' },
  '42P01': {
    code: 'BIZ_POSTGRES_TABLE_UNKNOWN',
    hint: 'Check the name, the schema and upper or lower case.',
  },
  '42703': { code: 'BIZ_POSTGRES_COLUMN_UNKNOWN', hint: 'Check the name of the column.' },
  '42601': { code: 'BIZ_POSTGRES_SYNTAX', hint: 'Check the SQL near the place named.' },
  '23505': {
    code: 'BIZ_POSTGRES_UNIQUE_VIOLATION',
    hint: 'A row with this key exists; use "Upsert Rows" to update it.',
  },
  '23503': { code: 'BIZ_POSTGRES_FOREIGN_KEY_VIOLATION', hint: 'Insert the row that it refers to first.' },
  '23502': { code: 'BIZ_POSTGRES_NOT_NULL_VIOLATION', hint: 'Give the column a value.' },
  '23514': { code: 'BIZ_POSTGRES_CHECK_VIOLATION', hint: 'Give values that the rule of the table allows.' },
  '22': { code: 'BIZ_POSTGRES_VALUE_INVALID', hint: 'Check the values against the types of the columns.' },
  '42804': { code: 'BIZ_POSTGRES_VALUE_INVALID', hint: 'Check the values against the types of the columns.' },
  '57014': {
    code: 'BIZ_POSTGRES_TIMEOUT',
    hint: 'Make the statement faster, or raise the statement time-out of the connection.',
  },
  '25006': { code: 'BIZ_POSTGRES_READ_ONLY', hint: 'Switch "Read only" off, or use a step that only reads.' },
  '40': {
    code: 'BIZ_POSTGRES_CONFLICT',
    hint: 'Another transaction was in the way; try again.',
    retryable: true,
  },
  '53': {
    code: 'BIZ_POSTGRES_OVERLOADED',
    hint: 'The server is short of connections, memory or disk.',
    retryable: true,
  },
  '57P': {
    code: 'BIZ_POSTGRES_UNAVAILABLE',
    hint: 'The server is starting or stopping; try again.',
    retryable: true,
  },
  '08': { code: 'BIZ_POSTGRES_UNREACHABLE', hint: 'Check the server and the network.', retryable: true },
};

/** Turns whatever pg throws into a coded, readable error. Values of rows are kept out of the message. */
export function postgresError(error: unknown, where: string): BizError {
  if (isBizError(error)) return error;
  if (error instanceof DatabaseError && error.code !== undefined) {
    const known = KNOWN[error.code] ?? KNOWN[error.code.slice(0, 3)] ?? KNOWN[error.code.slice(0, 2)];
    const place = error.position === undefined ? '' : ` (at character ${error.position})`;
    return new BizError(known?.code ?? 'BIZ_POSTGRES_FAILED', `PostgreSQL: ${error.message}${place}.`, {
      cause: error,
      retryable: known?.retryable ?? false,
      details: {
        sqlState: error.code,
        ...(error.constraint === undefined ? {} : { constraint: error.constraint }),
        ...(error.column === undefined ? {} : { column: error.column }),
        ...(error.table === undefined ? {} : { table: error.table }),
      },
      ...(known ? { hint: known.hint } : {}),
    });
  }
  const unreachable = unreachableError({
    code: 'BIZ_POSTGRES_UNREACHABLE',
    where: `PostgreSQL at ${where}`,
    cause: error,
  });
  if (unreachable) return unreachable;
  const text = messageOf(error);
  if (/does not support SSL/i.test(text)) {
    return new BizError('BIZ_POSTGRES_TLS', `PostgreSQL at ${where} does not speak TLS.`, {
      hint: 'Set TLS to "Off", or switch it on in the server.',
      cause: error,
    });
  }
  if (/timeout|terminated|not queryable|closed/i.test(text)) {
    return new BizError(
      'BIZ_POSTGRES_UNREACHABLE',
      `The connection to PostgreSQL at ${where} failed: ${text}.`,
      {
        hint: 'Check that the server runs, and the firewall in between.',
        cause: error,
        retryable: true,
      },
    );
  }
  return new BizError('BIZ_POSTGRES_FAILED', `PostgreSQL: ${text}`, { cause: error });
}
