import { createAction } from '@activepieces/pieces-framework';
import { clientOf, qdrantAuth } from '../auth';
import { collectionProp, indexedFieldProp, UPDATE_OUTPUT } from '../props';
import { updateSchema } from '../schemas';

export const deletePayloadIndexAction = createAction({
  name: 'delete_payload_index',
  auth: qdrantAuth,
  displayName: 'Delete Payload Index',
  description: 'Removes the index of a payload field; the payload stays',
  audience: 'both',
  aiMetadata: {
    description: 'Removes the index of a payload field. The payload itself stays.',
    idempotent: true,
  },
  props: { collection: collectionProp, field: indexedFieldProp },
  outputSchema: UPDATE_OUTPUT,
  async run({ auth, propsValue: { collection, field } }) {
    const { status } = await clientOf(auth.props).call({
      method: 'DELETE',
      path: ['collections', collection, 'index', field],
      query: { wait: true },
      schema: updateSchema,
    });
    return { collection, status };
  },
});
