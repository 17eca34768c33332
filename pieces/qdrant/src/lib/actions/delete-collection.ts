import { createAction } from '@activepieces/pieces-framework';
import { isBizError } from '@bizstack/piece-common';
import { clientOf, qdrantAuth } from '../auth';
import { collectionProp } from '../props';
import { booleanSchema } from '../schemas';

export const deleteCollectionAction = createAction({
  name: 'delete_collection',
  auth: qdrantAuth,
  displayName: 'Delete Collection',
  description: 'Deletes a collection with all its points',
  audience: 'both',
  aiMetadata: {
    description:
      'Destructive: deletes a collection and every point in it. Deleting a missing one gives deleted=false.',
    idempotent: true,
  },
  props: { collection: collectionProp },
  outputSchema: {
    fields: [
      { key: 'collection', label: 'Collection' },
      { key: 'deleted', label: 'Deleted', format: 'boolean', description: 'False when there was none' },
    ],
  },
  async run({ auth, propsValue: { collection } }) {
    try {
      const path = ['collections', collection];
      const deleted = await clientOf(auth.props).call({ method: 'DELETE', path, schema: booleanSchema });
      return { collection, deleted };
    } catch (error) {
      if (isBizError(error, 'BIZ_QDRANT_NOT_FOUND')) return { collection, deleted: false };
      throw error;
    }
  },
});
