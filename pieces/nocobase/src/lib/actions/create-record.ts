import { createAction } from '@activepieces/pieces-framework';
import { clientOf, nocobaseAuth } from '../auth';
import { checkedCollection } from '../checked-collection';
import { collectionProp, moreValuesProp, optionalUniqueFieldProp, valuesProp } from '../props';
import { createRecord, readCollection, upsertRecord } from '../records';
import { readValues } from '../values';

export const createRecordAction = createAction({
  name: 'create_record',
  auth: nocobaseAuth,
  displayName: 'Create Record',
  description: 'Creates a record, optionally only when there is none with the same unique value',
  audience: 'both',
  aiMetadata: {
    description:
      'Creates a record in a NocoBase collection. Without uniqueField every call creates one more; with it an existing record with that value is returned.',
    idempotent: false,
  },
  props: {
    collection: collectionProp,
    values: valuesProp,
    moreValues: moreValuesProp,
    uniqueField: optionalUniqueFieldProp,
  },
  outputSchema: {
    fields: [
      { key: 'created', label: 'Created', format: 'boolean', description: 'False when it existed' },
      { key: 'record', label: 'Record', children: [{ key: 'id', label: 'ID' }] },
    ],
  },
  async run({ auth, propsValue }) {
    const collection = readCollection(propsValue.collection);
    const values = readValues(propsValue.values, propsValue.moreValues);
    const client = clientOf(auth);
    const { uniqueField: field } = propsValue;
    if (field) return upsertRecord({ client, collection, field, values, keepExisting: true });
    await checkedCollection(client, collection, values);
    return { created: true, record: await createRecord(client, collection, values) };
  },
});
