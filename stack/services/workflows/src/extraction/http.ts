import { BizError, messageOf } from '@bizstack/contracts';
import { callHttp } from '../activities/http';
import type { DocumentExtractor } from './extractor';

/**
 * Asks an HTTP service: POST of `{mediaType, base64}`, answered with the fields of an invoice in JSON
 * (`supplierInvoiceSchema`).
 */
export function httpExtractor(url: string, token: string | undefined): DocumentExtractor {
  return {
    name: 'http',
    accepts: ({ kind }) => kind === 'document',
    async extract(document, signal) {
      if (document.kind !== 'document') {
        throw new BizError('BIZ_EXTRACT_UNREADABLE', 'This is not a document.');
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
