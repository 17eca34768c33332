import { DocumentError } from '../errors';
import type { Extraction } from '../types';
import { readCii } from './cii';
import { parseXml } from './node';
import { readUbl } from './ubl';

/**
 * Invoice in UBL or CII.
 *
 * @throws DocumentError BROKEN, TOO_BIG; UNSUPPORTED when it is XML of another kind
 */
export function readInvoiceXml(text: string): Extraction {
  const root = parseXml(text.replace(/^\uFEFF/, ''));
  const read = readUbl(root) ?? readCii(root);
  if (read) return read;
  throw new DocumentError('UNSUPPORTED', 'The XML is neither UBL nor CII.', {
    hint: 'Send a UBL Invoice, a UBL CreditNote or a CrossIndustryInvoice.',
  });
}
