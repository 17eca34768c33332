import { createAction } from '@activepieces/pieces-framework';
import { z } from 'zod';
import { clientOf, qdrantAuth } from '../auth';
import { collectionProp } from '../props';
import { snapshotSchema } from '../schemas';

export const listSnapshotsAction = createAction({
  name: 'list_snapshots',
  auth: qdrantAuth,
  displayName: 'List Snapshots',
  description: 'Lists the snapshots of a collection',
  audience: 'both',
  aiMetadata: {
    description: 'Lists name, size and time of the snapshots of a collection. Read-only.',
    idempotent: true,
  },
  props: { collection: collectionProp },
  outputSchema: {
    fields: [
      {
        key: 'snapshots',
        label: 'Snapshots',
        listItems: [
          { key: 'name', label: 'Name' },
          { key: 'size', label: 'Size', format: 'filesize' },
          { key: 'createdAt', label: 'Created at', format: 'datetime' },
        ],
      },
    ],
  },
  async run({ auth, propsValue: { collection } }) {
    const path = ['collections', collection, 'snapshots'];
    const snapshots = await clientOf(auth.props).call({ path, schema: z.array(snapshotSchema) });
    return {
      snapshots: snapshots.map(({ name, size, creation_time: createdAt }) => ({
        name,
        size,
        createdAt: createdAt ?? null,
      })),
    };
  },
});
