import { createAction } from '@activepieces/pieces-framework';
import { clientOf, qdrantAuth } from '../auth';
import { collectionProp } from '../props';
import { snapshotSchema } from '../schemas';

export const createSnapshotAction = createAction({
  name: 'create_snapshot',
  auth: qdrantAuth,
  displayName: 'Create Snapshot',
  description: 'Makes a snapshot of a collection on the server, to restore it from',
  audience: 'both',
  aiMetadata: {
    description:
      'Creates one more snapshot of a collection on the Qdrant server and returns its name and size.',
    idempotent: false,
  },
  props: { collection: collectionProp },
  outputSchema: {
    fields: [
      { key: 'name', label: 'Name' },
      { key: 'size', label: 'Size', format: 'filesize' },
      { key: 'createdAt', label: 'Created at', format: 'datetime' },
    ],
  },
  async run({ auth, propsValue: { collection } }) {
    const {
      name,
      size,
      creation_time: createdAt,
    } = await clientOf(auth.props).call({
      method: 'POST',
      path: ['collections', collection, 'snapshots'],
      query: { wait: true },
      schema: snapshotSchema,
      retry: false,
    });
    return { name, size, createdAt: createdAt ?? null };
  },
});
