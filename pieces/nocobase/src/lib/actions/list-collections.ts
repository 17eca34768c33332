import { createAction } from '@activepieces/pieces-framework';
import { clientOf, nocobaseAuth } from '../auth';
import { fieldTitle, listCollections } from '../collections';

export const listCollectionsAction = createAction({
  name: 'list_collections',
  auth: nocobaseAuth,
  displayName: 'List Collections',
  description: 'Lists the collections that the role sees, with their fields',
  audience: 'both',
  aiMetadata: {
    description:
      'Returns name, title, key and fields (name, title, type, relation target) of every collection. Read-only.',
    idempotent: true,
  },
  props: {},
  outputSchema: {
    fields: [
      { key: 'count', label: 'Count', format: 'number' },
      {
        key: 'collections',
        label: 'Collections',
        listItems: [
          { key: 'name', label: 'Name' },
          { key: 'title', label: 'Title' },
          { key: 'key', label: 'Key field' },
        ],
      },
    ],
  },
  async run({ auth }) {
    const collections = (await listCollections(clientOf(auth))).map(({ fields, ...collection }) => ({
      ...collection,
      fields: fields.map((field) => ({
        name: field.name,
        title: fieldTitle(field),
        type: field.type,
        unique: field.unique ?? false,
        ...(field.target ? { target: field.target } : {}),
      })),
    }));
    return { count: collections.length, collections };
  },
});
