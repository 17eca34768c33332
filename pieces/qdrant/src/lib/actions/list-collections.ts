import { createAction } from '@activepieces/pieces-framework';
import { clientOf, qdrantAuth } from '../auth';
import { listCollections } from '../collections';

export const listCollectionsAction = createAction({
  name: 'list_collections',
  auth: qdrantAuth,
  displayName: 'List Collections',
  description: 'Lists the names of all collections',
  audience: 'both',
  aiMetadata: {
    description: 'Lists the names of all collections on the Qdrant server. Read-only.',
    idempotent: true,
  },
  props: {},
  outputSchema: {
    fields: [
      { key: 'count', label: 'Count', format: 'number' },
      { key: 'collections', label: 'Collections' },
    ],
  },
  async run({ auth }) {
    const collections = await listCollections(clientOf(auth.props));
    return { count: collections.length, collections };
  },
});
