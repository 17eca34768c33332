import { type InputPropertyMap, Property } from '@activepieces/pieces-framework';
import { dropdownState } from '@bizstack/piece-common';
import { clientOf, qdrantAuth, type QdrantAuth } from './auth';
import { getCollection, listCollections, sparseNames, vectorNames } from './collections';
import { filterForm } from './filter-form';

const secretsOf = (auth: QdrantAuth | undefined) => [auth?.props.apiKey, auth?.props.embeddingsApiKey];

function options<T>(
  auth: QdrantAuth | undefined,
  load: (auth: QdrantAuth) => Promise<{ label: string; value: T }[]>,
  requires: Record<string, unknown> = {},
) {
  return dropdownState({ auth, load, requires, secrets: secretsOf(auth), empty: 'The server has none' });
}

export const collectionProp = Property.Dropdown<string, true, typeof qdrantAuth>({
  auth: qdrantAuth,
  displayName: 'Collection',
  description: 'The collection to work with, or one of its aliases.',
  required: true,
  refreshers: [],
  options: ({ auth }) =>
    options(auth, async ({ props }) => {
      const names = await listCollections(clientOf(props));
      return names.map((name) => ({ label: name, value: name }));
    }),
});

export const collectionNameProp = Property.ShortText({
  displayName: 'Collection',
  description: 'Name of the collection, up to 255 characters.',
  required: true,
});

export const aliasProp = Property.ShortText({
  displayName: 'Alias',
  description: 'Another name for a collection.',
  required: true,
});

export const vectorNameProp = Property.Dropdown<string, false, typeof qdrantAuth>({
  auth: qdrantAuth,
  displayName: 'Vector Name',
  description: 'Only for collections with named vectors.',
  required: false,
  refreshers: ['collection'],
  options: ({ auth, collection }) =>
    options(
      auth,
      async ({ props }) => {
        const names = vectorNames(await getCollection(clientOf(props), String(collection)));
        return names.map((name) => ({ label: name === '' ? '(unnamed)' : name, value: name }));
      },
      { Collection: collection },
    ),
});

export const keywordVectorProp = Property.Dropdown<string, false, typeof qdrantAuth>({
  auth: qdrantAuth,
  displayName: 'Keyword Vector',
  description: 'Sparse vector that keeps the words of the texts, for keyword and hybrid search.',
  required: false,
  refreshers: ['collection'],
  options: ({ auth, collection }) =>
    options(
      auth,
      async ({ props }) => {
        const names = sparseNames(await getCollection(clientOf(props), String(collection)));
        return names.map((name) => ({ label: name, value: name }));
      },
      { Collection: collection },
    ),
});

/** A dropdown of the payload fields that have an index, for a prop that may stay empty. */
export function optionalFieldProp(displayName: string, description: string) {
  return Property.Dropdown<string, false, typeof qdrantAuth>({
    auth: qdrantAuth,
    displayName,
    description,
    required: false,
    refreshers: ['collection'],
    options: ({ auth, collection }) => indexedFields(auth, collection),
  });
}

function indexedFields(auth: QdrantAuth | undefined, collection: unknown) {
  return options(
    auth,
    async ({ props }) => {
      const { payload_schema: schema } = await getCollection(clientOf(props), String(collection));
      return Object.entries(schema ?? {}).map(([name, { data_type: type }]) => ({
        label: `${name} (${type})`,
        value: name,
      }));
    },
    { Collection: collection },
  );
}

export const indexedFieldProp = Property.Dropdown<string, true, typeof qdrantAuth>({
  auth: qdrantAuth,
  displayName: 'Payload Field',
  description: 'A payload field that has an index.',
  required: true,
  refreshers: ['collection'],
  options: ({ auth, collection }) => indexedFields(auth, collection),
});

export const filterFieldsProp = Property.DynamicProperties<false, typeof qdrantAuth>({
  auth: qdrantAuth,
  displayName: 'Filter Fields',
  description: 'A form made of the payload fields that have an index. All that is filled in must hold.',
  required: false,
  refreshers: ['collection'],
  props: async ({ auth, collection }): Promise<InputPropertyMap> => {
    if (!auth || typeof collection !== 'string') return {};
    try {
      const { payload_schema: schema } = await getCollection(clientOf(auth.props), collection);
      return filterForm(schema ?? {});
    } catch {
      // The collection dropdown above shows why the server does not answer.
      return {};
    }
  },
});

export const filterProp = Property.Json({
  displayName: 'Filter',
  description:
    'Fields that must match, for example {"city": "Berlin", "tags": ["a", "b"], "price": {"gte": 10}, "owner": null}, or a filter in the form of Qdrant with must, should and must_not.',
  required: false,
});

export const idsProp = Property.Array({
  displayName: 'Point IDs',
  description: 'Unsigned integers or UUIDs.',
  required: false,
});

export const keysProp = Property.Array({
  displayName: 'Keys',
  description: 'Your own keys, as they were given when the points were upserted.',
  required: false,
});

export const limitProp = Property.Number({
  displayName: 'Limit',
  description: 'Most points to return, up to 1,000.',
  required: false,
  defaultValue: 10,
});

export const withPayloadProp = Property.Checkbox({
  displayName: 'With Payload',
  description: 'Return the payload of each point.',
  required: false,
  defaultValue: true,
});

export const withVectorsProp = Property.Checkbox({
  displayName: 'With Vectors',
  description: 'Return the vectors of each point.',
  required: false,
  defaultValue: false,
});

export const scoreThresholdProp = Property.Number({
  displayName: 'Score Threshold',
  description: 'Leave out points with a worse score.',
  required: false,
});

/** What every action that returns scored points shows. */
export const SCORED_POINTS_OUTPUT = {
  fields: [
    { key: 'count', label: 'Count', format: 'number' as const },
    {
      key: 'points',
      label: 'Points',
      listItems: [
        { key: 'id', label: 'ID' },
        { key: 'score', label: 'Score', format: 'number' as const },
        { key: 'payload', label: 'Payload' },
      ],
    },
  ],
};

export const POINTS_OUTPUT = {
  fields: [
    { key: 'count', label: 'Count', format: 'number' as const },
    {
      key: 'points',
      label: 'Points',
      listItems: [
        { key: 'id', label: 'ID' },
        { key: 'payload', label: 'Payload' },
      ],
    },
  ],
};

/** What every action that changes points shows. */
export const UPDATE_OUTPUT = {
  fields: [
    { key: 'collection', label: 'Collection' },
    {
      key: 'status',
      label: 'Status',
      description: 'completed, or acknowledged when the action does not wait',
    },
  ],
};
