import { createAction } from '@activepieces/pieces-framework';
import { clientOf, nocobaseAuth } from '../auth';
import { collectionProp, moreValuesProp, uniqueFieldProp, valuesProp } from '../props';
import { readCollection, upsertRecord } from '../records';
import { readValues } from '../values';

export const upsertRecordAction = createAction({
  name: 'upsert_record',
  auth: nocobaseAuth,
  displayName: 'Create or Update Record',
  description: 'Updates the record with the same value in a field, or creates it',
  audience: 'both',
  aiMetadata: {
    description:
      'Updates the record of a NocoBase collection whose unique field has the given value, or creates one. Safe to repeat.',
    idempotent: true,
  },
  props: {
    collection: collectionProp,
    uniqueField: uniqueFieldProp,
    values: valuesProp,
    moreValues: moreValuesProp,
  },
  outputSchema: {
    fields: [
      { key: 'created', label: 'Created', format: 'boolean' },
      { key: 'record', label: 'Record', children: [{ key: 'id', label: 'ID' }] },
    ],
  },
  async run({ auth, propsValue }) {
    return upsertRecord({
      client: clientOf(auth),
      collection: readCollection(propsValue.collection),
      field: propsValue.uniqueField,
      values: readValues(propsValue.values, propsValue.moreValues),
    });
  },
});
