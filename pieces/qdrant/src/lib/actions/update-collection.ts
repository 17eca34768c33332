import { createAction, Property } from '@activepieces/pieces-framework';
import { BizError, jsonObjectSchema, parseJsonProp } from '@bizstack/piece-common';
import { clientOf, qdrantAuth } from '../auth';
import { collectionProp } from '../props';
import { booleanSchema } from '../schemas';

export const updateCollectionAction = createAction({
  name: 'update_collection',
  auth: qdrantAuth,
  displayName: 'Update Collection',
  description: 'Changes index, optimiser and quantization settings of a collection',
  audience: 'both',
  aiMetadata: {
    description:
      'Changes settings of a collection (hnsw_config, optimizers_config, quantization_config, params). Points stay.',
    idempotent: true,
  },
  props: {
    collection: collectionProp,
    settings: Property.Json({
      displayName: 'Settings',
      description:
        'For example {"hnsw_config": {"m": 32}, "optimizers_config": {"indexing_threshold": 20000}}.',
      required: true,
    }),
  },
  outputSchema: {
    fields: [
      { key: 'collection', label: 'Collection' },
      { key: 'updated', label: 'Updated', format: 'boolean' },
    ],
  },
  async run({ auth, propsValue: { collection, settings } }) {
    const body = parseJsonProp('Settings', settings, jsonObjectSchema);
    if (Object.keys(body).length === 0) throw new BizError('BIZ_INPUT_INVALID', '"Settings" is empty.');
    const updated = await clientOf(auth.props).call({
      method: 'PATCH',
      path: ['collections', collection],
      body,
      schema: booleanSchema,
    });
    return { collection, updated };
  },
});
