import { DocumentError } from './errors';

export type DocumentMediaType = 'pdf' | 'image' | 'xml';

function startsWith(bytes: Uint8Array, prefix: readonly number[], at = 0): boolean {
  return prefix.every((byte, index) => bytes[at + index] === byte);
}

function isImage(bytes: Uint8Array): boolean {
  return (
    startsWith(bytes, [0xff, 0xd8, 0xff]) || // JPEG
    startsWith(bytes, [0x89, 0x50, 0x4e, 0x47]) || // PNG
    startsWith(bytes, [0x49, 0x49, 0x2a, 0x00]) || // TIFF
    startsWith(bytes, [0x4d, 0x4d, 0x00, 0x2a]) ||
    startsWith(bytes, [0x47, 0x49, 0x46, 0x38]) || // GIF
    (startsWith(bytes, [0x52, 0x49, 0x46, 0x46]) && startsWith(bytes, [0x57, 0x45, 0x42, 0x50], 8)) // WebP
  );
}

/**
 * Decides by content; what a sender calls a file is only a hint for error messages.
 *
 * @throws DocumentError EMPTY, UNSUPPORTED
 */
export function detectMediaType(bytes: Uint8Array, hint?: string): DocumentMediaType {
  if (bytes.length === 0) {
    throw new DocumentError('EMPTY', 'The document has no bytes.', { hint: 'Send the file itself.' });
  }
  // Readers accept a PDF whose header follows some junk.
  const head = Buffer.from(bytes.subarray(0, 1024));
  if (head.includes('%PDF-')) return 'pdf';
  if (isImage(bytes)) return 'image';
  if (/^\s*</.test(head.toString('utf8').replace(/^\uFEFF/, ''))) return 'xml';
  throw new DocumentError(
    'UNSUPPORTED',
    `The document is neither a PDF, an image nor an XML invoice${hint === undefined ? '' : ` (declared as ${hint.slice(0, 80)})`}.`,
    { hint: 'Send PDF, JPEG, PNG, TIFF, WebP, GIF, or XML in UBL or CII.' },
  );
}
