import type { InvoiceDocument } from '../client';

/** Fields as found, before they are checked. */
export interface Extraction {
  readonly fields: unknown;
  /** What read them, for the record. */
  readonly by: string;
}

/** Reads an invoice from a document. */
export interface DocumentExtractor {
  readonly name: string;
  accepts(document: InvoiceDocument): boolean;
  /** @throws BizError `BIZ_EXTRACT_…` */
  extract(document: InvoiceDocument, signal: AbortSignal): Promise<Extraction>;
}
