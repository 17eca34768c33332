import { BizError, type BizErrorCode, type BizErrorOptions } from '@bizstack/contracts';

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
    const text = textOf(current);
    // A wrapping error often repeats its cause.
    if (text !== '' && !parts.some((part) => part.includes(text))) parts.push(text);
    current = field(current, 'cause');
  }
  return parts.join(' <- ');
}

/** The `code` of an error, when it has one. */
export function codeOf(error: unknown): string | undefined {
  const code = field(error, 'code');
  return typeof code === 'string' ? code : undefined;
}

function textOf(error: unknown): string {
  const message = field(error, 'message');
  if (typeof message === 'string') return message;
  return typeof error === 'string' ? error : (JSON.stringify(error) ?? typeof error);
}

/** Not by `instanceof`: errors of Node.js and of bundled pieces may be of another realm. */
function field(error: unknown, name: string): unknown {
  return typeof error === 'object' && error !== null ? Reflect.get(error, name) : undefined;
}
