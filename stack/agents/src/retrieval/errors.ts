import { BizError, type BizErrorOptions } from '@bizstack/contracts';

/**
 * - `INPUT_INVALID` a source, query or option that does not fit its schema
 * - `DOCUMENT_EMPTY` no bytes, or no text in them
 * - `DOCUMENT_BROKEN` the file is not what it claims to be
 * - `DOCUMENT_TOO_BIG` more bytes or text than allowed
 * - `FORMAT_UNSUPPORTED` no loader reads it
 * - `EMBEDDINGS_MISSING` a dense search without an embeddings endpoint
 * - `COLLECTION_MISMATCH` the collection was made for other vectors
 * - `ABORTED` the caller's signal fired
 */
export type RetrievalFailure =
  | 'INPUT_INVALID'
  | 'DOCUMENT_EMPTY'
  | 'DOCUMENT_BROKEN'
  | 'DOCUMENT_TOO_BIG'
  | 'FORMAT_UNSUPPORTED'
  | 'EMBEDDINGS_MISSING'
  | 'COLLECTION_MISMATCH'
  | 'ABORTED';

/** Code `BIZ_RETRIEVAL_<failure>`. The message never holds text of a document. */
export function retrievalError(
  failure: RetrievalFailure,
  message: string,
  options: BizErrorOptions = {},
): BizError {
  return new BizError(`BIZ_RETRIEVAL_${failure}`, message, options);
}

/** @throws BizError `BIZ_RETRIEVAL_ABORTED` once the signal fired. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortedError(signal);
}

export function abortedError(signal: AbortSignal): BizError {
  return retrievalError('ABORTED', 'The work on the knowledge base was cancelled.', {
    hint: 'Run it again: what was done is kept.',
    cause: signal.reason,
  });
}
