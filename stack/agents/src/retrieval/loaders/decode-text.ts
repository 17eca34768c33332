import { retrievalError } from '../errors';

/**
 * Text of a file: UTF-8, or UTF-16 with a byte order mark, otherwise Windows-1252.
 * @throws BizError `BIZ_RETRIEVAL_DOCUMENT_BROKEN` when it is no text
 */
export function decodeText(content: string | Uint8Array): string {
  // Halves of characters cannot be stored.
  if (typeof content === 'string') return content.replace(/\p{Surrogate}/gu, '\ufffd');
  const [first, second] = content;
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(content);
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be').decode(content);
  if (content.subarray(0, 8192).includes(0)) {
    throw retrievalError('DOCUMENT_BROKEN', 'The document is declared as text, but its bytes are none.', {
      hint: 'Give its real format.',
    });
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch {
    return new TextDecoder('windows-1252').decode(content);
  }
}
