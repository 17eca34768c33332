import { createAction, Property } from '@activepieces/pieces-framework';
import { clientOf, qdrantAuth } from '../auth';
import { collectionProp, UPDATE_OUTPUT } from '../props';
import { updateSchema } from '../schemas';

const TYPES = ['keyword', 'integer', 'float', 'bool', 'datetime', 'uuid', 'text', 'geo'];

export const createPayloadIndexAction = createAction({
  name: 'create_payload_index',
  auth: qdrantAuth,
  displayName: 'Create Payload Index',
  description: 'Indexes a payload field, so that filters on it are fast',
  audience: 'both',
  aiMetadata: {
    description:
      'Creates an index on a payload field for filtering, ordering and facets. Creating it again changes nothing.',
    idempotent: true,
  },
  props: {
    collection: collectionProp,
    field: Property.ShortText({
      displayName: 'Field',
      description: 'Payload field; a dot leads inside, for example address.city.',
      required: true,
    }),
    type: Property.StaticDropdown<string, true>({
      displayName: 'Type',
      description: 'keyword for exact texts, text for words in a text.',
      required: true,
      defaultValue: 'keyword',
      options: { options: TYPES.map((value) => ({ label: value, value })) },
    }),
    isTenant: Property.Checkbox({
      displayName: 'Tenant',
      description:
        'Every search is filtered by this field: points of one value are stored together. Only for keyword and uuid.',
      required: false,
      defaultValue: false,
    }),
  },
  outputSchema: UPDATE_OUTPUT,
  async run({ auth, propsValue: { collection, field, type, isTenant } }) {
    const { status } = await clientOf(auth.props).call({
      method: 'PUT',
      path: ['collections', collection, 'index'],
      query: { wait: true },
      body: { field_name: field, field_schema: isTenant ? { type, is_tenant: true } : type },
      schema: updateSchema,
    });
    return { collection, status };
  },
});
