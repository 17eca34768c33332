import { createAction } from '@activepieces/pieces-framework';
import { z } from 'zod';
import { clientOf, nocobaseAuth } from '../auth';
import { collectionProp, recordIdProp } from '../props';
import { readCollection, readKey } from '../records';

export const deleteRecordAction = createAction({
  name: 'delete_record',
  auth: nocobaseAuth,
  displayName: 'Delete Record',
  description: 'Deletes one record by its id',
  audience: 'both',
  aiMetadata: {
    description:
      'Destructive: deletes one record of a NocoBase collection. A missing one gives deleted=false.',
    idempotent: true,
  },
  props: { collection: collectionProp, recordId: recordIdProp },
  outputSchema: {
    fields: [
      { key: 'deleted', label: 'Deleted', format: 'boolean', description: 'False when there was none' },
    ],
  },
  async run({ auth, propsValue }) {
    const collection = readCollection(propsValue.collection);
    const { data } = await clientOf(auth).call({
      method: 'POST',
      action: `${collection}:destroy`,
      query: { filterByTk: readKey(propsValue.recordId) },
      schema: z.looseObject({ data: z.number().nullish() }),
      repeatable: true,
    });
    return { deleted: (data ?? 0) > 0 };
  },
});
