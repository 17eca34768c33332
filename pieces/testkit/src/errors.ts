import { BizError, type BizErrorCode, type BizErrorOptions, messageOf } from '@bizstack/contracts';

export { BizError, isBizError, messageOf } from '@bizstack/contracts';
export type { BizErrorCode } from '@bizstack/contracts';

/** An error about a file the user wrote: names the file, and the step when there is one. */
export class FlowFileError extends BizError {
  constructor(
    code: BizErrorCode,
    readonly file: string,
    readonly step: string | undefined,
    message: string,
    options: BizErrorOptions = {},
  ) {
    super(code, `${file}${step === undefined ? '' : `, step "${step}"`}: ${message}`, options);
  }
}

/** Message and causes of anything that was thrown, on one line. */
export function describeError(error: unknown): string {
  const parts: string[] = [];
  let current = error;
  while (current !== undefined && current !== null && parts.length < 5) {
    const text = messageOf(current);
    if (text !== '' && !parts.includes(text)) parts.push(text);
    current = current instanceof Error ? current.cause : undefined;
  }
  return parts.join(' <- ');
}

/** The `code` of an error, when it has one. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
