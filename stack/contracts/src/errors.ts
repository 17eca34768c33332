const BRAND = Symbol.for('bizstack.error');

/** `BIZ_<AREA>_<WHAT>`, for example `BIZ_KAFKA_TOPIC_UNKNOWN`. Stable: users match on it. */
export type BizErrorCode = `BIZ_${string}`;

export interface BizErrorOptions {
  /** What the reader can do about it, one sentence. Appended to the message. */
  readonly hint?: string;
  readonly cause?: unknown;
  /** True when the same call may succeed later without any change (network, overload). */
  readonly retryable?: boolean;
  /** Facts for a program: ids, names, limits. Never secrets. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Base of every error that bizstack throws on purpose: coded, with its cause kept. */
export class BizError extends Error {
  readonly code: BizErrorCode;
  readonly hint: string | undefined;
  readonly retryable: boolean;
  readonly details: Readonly<Record<string, unknown>>;
  readonly [BRAND] = true;

  constructor(code: BizErrorCode, message: string, options: BizErrorOptions = {}) {
    super(
      options.hint === undefined ? message : `${message} ${options.hint}`,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.name = new.target.name;
    this.code = code;
    this.hint = options.hint;
    this.retryable = options.retryable ?? false;
    this.details = options.details ?? {};
  }
}

/**
 * Recognises a {@link BizError} by brand, not by `instanceof`: every piece bundles its own copy of this
 * class, and plugins load theirs from another folder.
 */
export function isBizError(error: unknown, code?: BizErrorCode): error is BizError {
  return (
    typeof error === 'object' &&
    error !== null &&
    BRAND in error &&
    (code === undefined || ('code' in error && error.code === code))
  );
}

/** The text of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
