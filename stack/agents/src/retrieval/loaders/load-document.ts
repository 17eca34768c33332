import { coverText, type LoadedDocument } from '../document';
import { retrievalError } from '../errors';
import { MAX_SOURCE_BYTES, type SourceFormat } from '../source';
import { decodeText } from './decode-text';
import { detectFormat } from './detect-format';
import { loadText } from './text';

export interface LoadOptions {
  readonly format?: SourceFormat | undefined;
  /** Its ending tells the format. */
  readonly fileName?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Characters of extracted text: a small file can unfold into a very large one. */
const MAX_TEXT = 64 * 1024 * 1024;

/**
 * Text and structure of a file. Loaders load when they are needed.
 * @throws BizError `BIZ_RETRIEVAL_DOCUMENT_…`, `BIZ_RETRIEVAL_FORMAT_UNSUPPORTED`; for PDF `BIZ_DOCUMENT_…`
 */
export async function loadDocument(
  content: string | Uint8Array,
  { format, fileName, signal }: LoadOptions = {},
): Promise<LoadedDocument> {
  const size = typeof content === 'string' ? content.length : content.byteLength;
  if (size === 0) {
    throw retrievalError('DOCUMENT_EMPTY', 'The document has no bytes.', { hint: 'Send the file itself.' });
  }
  if (size > MAX_SOURCE_BYTES) throw tooBig(`it has ${size} bytes, and ${MAX_SOURCE_BYTES} are read at most`);
  const kind = format ?? detectFormat(content, fileName);
  const document = await load(kind, content, signal);
  if (document.text.length > MAX_TEXT) throw tooBig(`it unfolds into ${document.text.length} characters`);
  const blocks = coverText(document.text, document.blocks);
  if (blocks.length === 0) {
    throw retrievalError('DOCUMENT_EMPTY', `The ${kind} document holds no text.`, {
      hint: 'Send one with text; pictures in it are not read.',
    });
  }
  return { ...document, blocks };
}

async function load(
  format: SourceFormat,
  content: string | Uint8Array,
  signal: AbortSignal | undefined,
): Promise<LoadedDocument> {
  switch (format) {
    case 'text':
      return loadText(decodeText(content));
    case 'markdown':
      return (await import('./markdown-lazy.js')).loadMarkdown(decodeText(content));
    case 'html':
      return (await import('./html-lazy.js')).loadHtml(decodeText(content));
    case 'csv':
      return (await import('./csv-lazy.js')).loadCsv(decodeText(content));
    case 'docx':
      return (await import('./docx-lazy.js')).loadDocx(bytesOf(content, format));
    case 'pdf':
      return (await import('./pdf-lazy.js')).loadPdf(bytesOf(content, format), signal);
  }
}

function bytesOf(content: string | Uint8Array, format: SourceFormat): Uint8Array {
  if (typeof content !== 'string') return content;
  throw retrievalError('DOCUMENT_BROKEN', `A ${format} document was given as text.`, {
    hint: 'Give its bytes as a Uint8Array.',
  });
}

function tooBig(why: string): Error {
  return retrievalError('DOCUMENT_TOO_BIG', `The document is too big: ${why}.`, { hint: 'Split it.' });
}
