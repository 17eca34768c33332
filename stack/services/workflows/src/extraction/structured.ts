import type { DocumentExtractor } from './extractor';

/** The fields are there already. */
export const structuredExtractor: DocumentExtractor = {
  name: 'structured',
  accepts: ({ kind }) => kind === 'structured',
  extract: async (document) => ({
    fields: document.kind === 'structured' ? document.invoice : undefined,
    by: 'structured',
  }),
};
