import { retrievalError } from '../errors';
import type { SourceFormat } from '../source';

const ENDINGS: ReadonlyMap<string, SourceFormat> = new Map([
  ['txt', 'text'],
  ['text', 'text'],
  ['log', 'text'],
  ['md', 'markdown'],
  ['markdown', 'markdown'],
  ['html', 'html'],
  ['htm', 'html'],
  ['xhtml', 'html'],
  ['pdf', 'pdf'],
  ['docx', 'docx'],
  ['csv', 'csv'],
  ['tsv', 'csv'],
]);

/** Formats that look like one that is read. */
const UNREAD = /\.(?:doc|xls|xlsx|ppt|pptx|odt|rtf|zip|png|jpe?g|gif|webp|mp[34])$/i;

/**
 * By content where the first bytes say it, by the ending of the name otherwise.
 * @throws BizError `BIZ_RETRIEVAL_FORMAT_UNSUPPORTED`
 */
export function detectFormat(content: string | Uint8Array, fileName: string | undefined): SourceFormat {
  const head =
    typeof content === 'string'
      ? content.slice(0, 1024)
      : Buffer.from(content.subarray(0, 1024)).toString('latin1');
  const ending = /\.([a-z]+)$/i.exec(fileName ?? '')?.[1]?.toLowerCase() ?? '';
  if (typeof content !== 'string') {
    if (head.includes('%PDF-')) return 'pdf';
    if (head.startsWith('PK\u0003\u0004') && (ending === 'docx' || fileName === undefined)) return 'docx';
  }
  if (fileName !== undefined && UNREAD.test(fileName)) throw unsupported(`.${ending}`);
  const named = ENDINGS.get(ending);
  if (named) return named;
  if (
    typeof content !== 'string' &&
    content.subarray(0, 8192).includes(0) &&
    !/^(?:\xff\xfe|\xfe\xff)/.test(head)
  ) {
    throw unsupported('binary data');
  }
  if (/^\s*(?:\xef\xbb\xbf|\ufeff)?\s*(?:<!doctype html|<html|<head|<body)/i.test(head)) return 'html';
  return 'text';
}

function unsupported(what: string): Error {
  return retrievalError('FORMAT_UNSUPPORTED', `No loader reads ${what}.`, {
    hint: 'Give text, Markdown, HTML, PDF, DOCX or CSV.',
  });
}
