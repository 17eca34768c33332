import { BizError, type BizErrorCode, type BizErrorOptions } from '@bizstack/contracts';

/**
 * - `EMPTY` no bytes, or a page count of zero
 * - `UNSUPPORTED` neither PDF, image nor invoice XML
 * - `BROKEN` the file cannot be parsed
 * - `ENCRYPTED` the PDF asks for a password
 * - `TOO_BIG` more bytes, pages or pixels than allowed
 * - `TIMEOUT` reading took longer than allowed
 * - `ABORTED` the caller's signal fired
 * - `OCR_UNAVAILABLE` the OCR packages are not installed
 * - `READER_FAILED` the reader thread died
 */
export const DOCUMENT_FAILURES = [
  'EMPTY',
  'UNSUPPORTED',
  'BROKEN',
  'ENCRYPTED',
  'TOO_BIG',
  'TIMEOUT',
  'ABORTED',
  'OCR_UNAVAILABLE',
  'READER_FAILED',
] as const;
export type DocumentFailure = (typeof DOCUMENT_FAILURES)[number];

/** Code `BIZ_DOCUMENT_<failure>`. The message never holds text of the document. */
export class DocumentError extends BizError {
  readonly failure: DocumentFailure;

  constructor(failure: DocumentFailure, message: string, options: BizErrorOptions = {}) {
    const code: BizErrorCode = `BIZ_DOCUMENT_${failure}`;
    super(code, message, options);
    this.failure = failure;
  }
}
