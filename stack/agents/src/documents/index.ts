export { extractDocument, type ExtractDocumentOptions, type ExtractedDocument } from './extract-document';
export { DOCUMENT_FAILURES, DocumentError, type DocumentFailure } from './errors';
export { comparableName } from './fields/business-names';
export { LIMITS as DOCUMENT_LIMITS } from './limits';
export type { ResolveOpenFields } from './open-fields';
export { readResultSchema, type ReadResult } from './reader/protocol';
export { closeDocumentReader, readPages } from './reader/reader-pool';
export type { Check, DocumentFields, DocumentKind, DocumentLine, Field, FieldName } from './types';
