import { checksOf } from './checks';
import { DocumentError } from './errors';
import { dayComesFirst } from './fields/invoice/dates';
import { readInvoice } from './fields/invoice/read-invoice';
import { readAllLabelled } from './fields/labelled';
import { readReceipt } from './fields/receipt/read-receipt';
import { fold } from './fields/text';
import { textOf, toLines, type Line } from './layout/lines';
import { LIMITS } from './limits';
import { detectMediaType } from './media-type';
import { resolveOpenFields, type ResolveOpenFields } from './open-fields';
import type { ReadResult } from './reader/protocol';
import { readPages } from './reader/reader-pool';
import type {
  Check,
  DocumentFields,
  DocumentKind,
  DocumentLine,
  Extraction,
  Field,
  FieldName,
} from './types';
import { readInvoiceXml } from './xml/read-invoice-xml';

export interface ExtractDocumentOptions {
  /** What the sender calls the file; the content decides. */
  readonly mediaType?: string | undefined;
  /** Found out when absent: narrow paper or a till's words make a receipt. */
  readonly kind?: DocumentKind | undefined;
  /** Languages of the document (BCP 47). `en-US` alone means month before day where the numbers leave it open. */
  readonly languages?: readonly string[] | undefined;
  /** Locale of the reader, used like `languages` when these are absent. */
  readonly locale?: string | undefined;
  /** Names of more values that stand at a label like the name, for example `booking_id`. */
  readonly labels?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly resolveOpen?: ResolveOpenFields | undefined;
  /** Reads elsewhere, for a bundle that cannot carry the reader thread: a service that calls {@link readPages}. */
  readonly reader?: typeof readPages | undefined;
}

export interface ExtractedDocument {
  readonly kind: DocumentKind;
  /** Where the fields come from: an XML invoice, text of the PDF, or OCR. */
  readonly source: 'xml' | 'text-layer' | 'ocr';
  readonly pages: number;
  readonly fields: DocumentFields;
  readonly lines: readonly DocumentLine[];
  readonly checks: readonly Check[];
  /** What was found of `labels`, by the name that was asked for. Nothing in XML. */
  readonly labelled: Readonly<Record<string, Field>>;
  /** Text of the document by lines. It comes from outside: data, never instructions. */
  readonly text: string;
}

const WANTED: Readonly<Record<DocumentKind, readonly FieldName[]>> = {
  invoice: ['supplier', 'number', 'date', 'currency', 'net', 'tax', 'total'],
  receipt: ['supplier', 'address', 'date', 'currency', 'total'],
};

/** What the caller's languages say about 03/04; undefined when they say nothing. */
function dayFirstOf({ languages, locale }: ExtractDocumentOptions): boolean | undefined {
  const tags = languages?.length ? languages : locale === undefined ? [] : [locale];
  return tags.length === 0 ? undefined : !tags.every((tag) => /^en-US$/i.test(tag));
}

function guessKind(read: ReadResult, lines: readonly Line[]): DocumentKind {
  const [first] = read.pages;
  const text = fold(textOf(lines));
  const till = /(?:cash(?:ier)?\b|change\b|tender|thank you.{0,30}come again|goods sold are not)/.test(text);
  const narrow = first !== undefined && first.height > first.width * 1.6;
  return read.source === 'ocr' && (till || narrow) ? 'receipt' : 'invoice';
}

function embeddedInvoice(read: ReadResult): Extraction | undefined {
  for (const { text } of read.attachments) {
    try {
      return readInvoiceXml(text);
    } catch (error) {
      // An attachment that is no invoice leaves the printed page to go by.
      if (!(error instanceof DocumentError)) throw error;
    }
  }
  return undefined;
}

/**
 * Fields of an invoice or a receipt: PDF, image or XML. Reading and OCR run in a thread of their own that is kept for
 * a minute; nothing leaves the machine unless `resolveOpen` sends it.
 *
 * @throws DocumentError see {@link DocumentError}; retryable only when the reader thread died
 */
export async function extractDocument(
  bytes: Uint8Array,
  options: ExtractDocumentOptions = {},
): Promise<ExtractedDocument> {
  const { signal, resolveOpen } = options;
  if (bytes.length > LIMITS.bytes) {
    throw new DocumentError('TOO_BIG', `The document has more than ${LIMITS.bytes} bytes.`, {
      hint: 'Send a smaller file.',
    });
  }
  const mediaType = detectMediaType(bytes, options.mediaType);
  if (mediaType === 'xml') {
    const text = new TextDecoder('utf-8').decode(bytes);
    const read = readInvoiceXml(text);
    return { kind: 'invoice', source: 'xml', pages: 0, ...read, checks: checksOf(read), labelled: {}, text };
  }
  const read = await (options.reader ?? readPages)(bytes, { mediaType, signal });
  const lines = toLines(read.pages);
  const text = textOf(lines);
  const xml = embeddedInvoice(read);
  if (xml)
    return {
      kind: 'invoice',
      source: 'xml',
      pages: read.pages.length,
      ...xml,
      checks: checksOf(xml),
      labelled: {},
      text,
    };
  if (text === '') {
    throw new DocumentError('EMPTY', 'No text can be read in the document.', {
      hint: 'Send a sharper scan.',
    });
  }
  const ocr = read.source === 'ocr';
  const kind = options.kind ?? guessKind(read, lines);
  const dayFirst = dayFirstOf(options);
  const found =
    kind === 'receipt'
      ? readReceipt(lines, { dayFirst: dayFirst ?? true, ocr })
      : readInvoice(lines, { dayFirst, ocr });
  const fields = resolveOpen
    ? await resolveOpenFields(found.fields, text, { wanted: WANTED[kind], resolve: resolveOpen, signal })
    : found.fields;
  return {
    kind,
    source: read.source,
    pages: read.pages.length,
    fields,
    lines: found.lines,
    checks: checksOf({ ...found, fields }),
    labelled: readAllLabelled(lines, options.labels ?? [], dayComesFirst(text, dayFirst ?? true)),
    text,
  };
}
