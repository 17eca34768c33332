import { createAction } from '@activepieces/pieces-framework';
import { clientOf, qdrantAuth } from '../auth';
import { listAliases } from '../aliases';

export const listAliasesAction = createAction({
  name: 'list_aliases',
  auth: qdrantAuth,
  displayName: 'List Aliases',
  description: 'Lists all aliases with the collections they stand for',
  audience: 'both',
  aiMetadata: { description: 'Lists collection aliases of the Qdrant server. Read-only.', idempotent: true },
  props: {},
  outputSchema: {
    fields: [
      {
        key: 'aliases',
        label: 'Aliases',
        listItems: [
          { key: 'alias', label: 'Alias' },
          { key: 'collection', label: 'Collection' },
        ],
      },
    ],
  },
  async run({ auth }) {
    return { aliases: await listAliases(clientOf(auth.props)) };
  },
});
