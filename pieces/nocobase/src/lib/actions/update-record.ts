import { createAction } from '@activepieces/pieces-framework';
import { clientOf, nocobaseAuth } from '../auth';
import { checkedCollection } from '../checked-collection';
import { collectionProp, moreValuesProp, recordIdProp, valuesProp } from '../props';
import { readCollection, readKey, updateRecord } from '../records';
import { readValues } from '../values';

export const updateRecordAction = createAction({
  name: 'update_record',
  auth: nocobaseAuth,
  displayName: 'Update Record',
  description: 'Changes fields of one record and leaves the others as they are',
  audience: 'both',
  aiMetadata: {
    description: 'Updates fields of one record of a NocoBase collection by primary key; other fields stay.',
    idempotent: true,
  },
  props: {
    collection: collectionProp,
    recordId: recordIdProp,
    values: valuesProp,
    moreValues: moreValuesProp,
  },
  outputSchema: { fields: [{ key: 'record', label: 'Record', children: [{ key: 'id', label: 'ID' }] }] },
  async run({ auth, propsValue }) {
    const collection = readCollection(propsValue.collection);
    const key = readKey(propsValue.recordId);
    const values = readValues(propsValue.values, propsValue.moreValues);
    const client = clientOf(auth);
    await checkedCollection(client, collection, values);
    return { record: await updateRecord(client, collection, key, values) };
  },
});
