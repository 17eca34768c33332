import { createAction, Property } from '@activepieces/pieces-framework';
import { clientOf, nocobaseAuth } from '../auth';
import { appendsProp, collectionProp, fieldsProp, recordIdProp } from '../props';
import { readCollection, readKey, recordAnswerSchema, recordMissing } from '../records';

export const getRecordAction = createAction({
  name: 'get_record',
  auth: nocobaseAuth,
  displayName: 'Get Record',
  description: 'Fetches one record by its id',
  audience: 'both',
  aiMetadata: {
    description: 'Returns one record of a NocoBase collection by primary key. Read-only.',
    idempotent: true,
  },
  props: {
    collection: collectionProp,
    recordId: recordIdProp,
    fields: fieldsProp,
    appends: appendsProp,
    mayBeMissing: Property.Checkbox({
      displayName: 'May Be Missing',
      description: 'Returns found = false for a missing record instead of failing the step.',
      required: false,
      defaultValue: false,
    }),
  },
  outputSchema: {
    fields: [
      { key: 'found', label: 'Found', format: 'boolean' },
      { key: 'record', label: 'Record' },
    ],
  },
  async run({ auth, propsValue }) {
    const collection = readCollection(propsValue.collection);
    const key = readKey(propsValue.recordId);
    const { fields, appends } = propsValue;
    const { data } = await clientOf(auth).call({
      action: `${collection}:get`,
      query: {
        filterByTk: key,
        fields: fields && fields.length > 0 ? fields : undefined,
        appends: appends && appends.length > 0 ? appends : undefined,
      },
      schema: recordAnswerSchema,
      repeatable: true,
    });
    if (!data && !propsValue.mayBeMissing) throw recordMissing(collection, key);
    return { found: Boolean(data), record: data ?? null };
  },
});
