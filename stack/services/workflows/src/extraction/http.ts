import { BizError, messageOf } from '@bizstack/contracts';
import { callHttp } from '../activities/http';
import type { DocumentExtractor } from './extractor';

/**
 * Asks an HTTP service: POST of `{mediaType, base64}`, answered with the fields of an invoice in JSON
 * (`supplierInvoiceSchema`).
 */
export function httpExtractor(url: string | undefined, token: string | undefined): DocumentExtractor {
  return {
    name: 'http',
    accepts: ({ kind }) => kind === 'document',
    async extract(document, signal) {
      if (document.kind !== 'document') throw unreadable('it is not a document');
      if (url === undefined) {
        throw unreadable(
          'no extractor is configured',
          'Set WORKFLOWS_EXTRACTOR_URL, or hand in the fields or UBL.',
        );
      }
      const { mediaType, base64 } = document;
      const { text } = await callHttp({
        area: 'BIZ_EXTRACT',
        url,
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        body: JSON.stringify({ mediaType, base64 }),
        timeoutMs: 240_000,
        signal,
      });
      try {
        return { fields: JSON.parse(text) as unknown, by: 'http' };
      } catch (cause) {
        throw new BizError(
          'BIZ_EXTRACT_UNREADABLE',
          `The extractor did not answer with JSON: ${messageOf(cause)}.`,
          {
            cause,
          },
        );
      }
    },
  };
}

function unreadable(reason: string, hint?: string): BizError {
  return new BizError('BIZ_EXTRACT_UNREADABLE', `The document cannot be read: ${reason}.`, {
    ...(hint === undefined ? {} : { hint }),
  });
}
