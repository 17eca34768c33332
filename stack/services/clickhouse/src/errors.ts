/**
 * Errors of the ClickHouse HTTP protocol: a numeric code, its symbolic name and the HTTP status that a
 * ClickHouse server answers with. (Errors at start-up, before any client is involved, are BizErrors.)
 */

/** Codes this server raises itself; the engine's own codes pass through untouched. */
export const CODES = {
  BAD_ARGUMENTS: 36,
  NOT_IMPLEMENTED: 48,
  SYNTAX_ERROR: 62,
  READONLY: 164,
  TOO_MANY_SIMULTANEOUS_QUERIES: 202,
  SOCKET_TIMEOUT: 209,
  QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING: 216,
  QUERY_IS_TOO_LARGE: 223,
  INTO_OUTFILE_NOT_ALLOWED: 238,
  NOT_ENOUGH_SPACE: 243,
  TOO_MANY_BYTES: 307,
  SUPPORT_IS_DISABLED: 344,
  SESSION_NOT_FOUND: 372,
  SESSION_IS_LOCKED: 373,
  INVALID_SESSION_TIMEOUT: 374,
  QUERY_WAS_CANCELLED: 394,
  UNKNOWN_QUERY_PARAMETER: 456,
  ABORTED: 236,
  UNKNOWN_SETTING: 115,
  UNKNOWN_ROLE: 511,
  AUTHENTICATION_FAILED: 516,
  UNKNOWN_EXCEPTION: 1002,
} as const;

export type CodeName = keyof typeof CODES;

const BAD_REQUEST = [
  6, 15, 25, 26, 27, 36, 38, 41, 42, 43, 44, 53, 62, 69, 72, 110, 117, 167, 168, 321, 376, 427, 441, 675, 676,
];
const NOT_FOUND = [46, 47, 50, 56, 60, 63, 73, 78, 81, 115, 152, 336, 511];
const FORBIDDEN = [192, 193, 497, 512, 516];

const STATUSES = new Map<number, number>([
  ...BAD_REQUEST.map((code): [number, number] => [code, 400]),
  ...NOT_FOUND.map((code): [number, number] => [code, 404]),
  ...FORBIDDEN.map((code): [number, number] => [code, 403]),
  [194, 401],
  [CODES.NOT_IMPLEMENTED, 501],
  [159, 408],
  [CODES.QUERY_IS_TOO_LARGE, 413],
  [CODES.TOO_MANY_BYTES, 413],
  [76, 503],
  [CODES.SOCKET_TIMEOUT, 503],
  [439, 503],
]);

/** HTTP status for an exception code; 500 unless ClickHouse says otherwise. */
export function statusOf(code: number): number {
  return STATUSES.get(code) ?? 500;
}

/** An error that reaches the client with its code; thrown for refused requests and by the engine. */
export class ClickHouseError extends Error {
  readonly code: number;
  readonly status: number;
  /** The whole text as a ClickHouse server prints it, without the version. */
  readonly text: string;

  constructor(code: number, name: string, message: string, options: { cause?: unknown; text?: string } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ClickHouseError';
    this.code = code;
    this.status = statusOf(code);
    this.text = options.text ?? `Code: ${code}. DB::Exception: ${message} (${name})`;
  }
}

/** Makes an error of this server with one of its own codes. */
export function failure(name: CodeName, message: string, cause?: unknown): ClickHouseError {
  return new ClickHouseError(CODES[name], name, message, { cause });
}

const ENGINE_ERROR = /^Code: (\d+)\. ([\w:]*Exception): ([\s\S]*)$/;

/**
 * Turns whatever was thrown into an error with a code. The engine repeats its prefix and suffix once per
 * layer ("Code: 115. DB::Exception: Code: 115. …"); one of each is kept.
 */
export function toClickHouseError(error: unknown): ClickHouseError {
  if (error instanceof ClickHouseError) return error;
  const raw = (error instanceof Error ? error.message : String(error)).replace(/^Query failed: /, '');
  if (isNoSpace(error)) {
    return failure(
      'NOT_ENOUGH_SPACE',
      'The disk is full: free some space and send the request again.',
      error,
    );
  }
  const match = ENGINE_ERROR.exec(raw);
  if (match === null) {
    return failure('UNKNOWN_EXCEPTION', `${raw.trim() || 'Unknown error of the engine'}.`, error);
  }
  const code = Number(match[1]);
  let body = match[3] ?? '';
  const repeated = new RegExp(`^Code: ${code}\\. [\\w:]*Exception: `);
  while (repeated.test(body)) body = body.replace(repeated, '');
  body = body.replace(/(\s\(([A-Z0-9_]+)\)) \(version [^()]*(?:\([^()]*\))?\)\.?(?=\s*\(|\s*$)/g, '$1');
  const name = /\(([A-Z][A-Z0-9_]+)\)\s*$/.exec(body)?.[1] ?? 'UNKNOWN_EXCEPTION';
  body = body.replace(new RegExp(`(?:\\.?\\s*\\(${name}\\)\\s*)+$`), '').trim();
  const message = /[.!?]$/.test(body) ? body : `${body}.`;
  return new ClickHouseError(code, name, message, {
    cause: error,
    text: `Code: ${code}. ${match[2] ?? 'DB::Exception'}: ${message} (${name})`,
  });
}

function isNoSpace(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  if ('code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')) return true;
  return error instanceof Error && /No space left on device|errno: 28\b/.test(error.message);
}
