import { type InputPropertyMap, Property } from '@activepieces/pieces-framework';
import { dropdownState } from '@bizstack/piece-common';
import { clientOf, nocobaseAuth, type NocoBaseAuth } from './auth';
import { type Collection, type Field, fieldTitle, findCollection, listCollections } from './collections';
import { formFields } from './form-fields';

const secretsOf = (auth: NocoBaseAuth | undefined) => [auth?.props.apiKey, auth?.props.password];

export const collectionProp = Property.Dropdown<string, true, typeof nocobaseAuth>({
  auth: nocobaseAuth,
  displayName: 'Collection',
  description: 'The collection to work with. An expression may give its name.',
  required: true,
  refreshers: [],
  options: ({ auth }) =>
    dropdownState({
      auth,
      secrets: secretsOf(auth),
      empty: 'The role sees no collection',
      load: async (connected: NocoBaseAuth) =>
        (await listCollections(clientOf(connected))).map(({ name, title }) => ({
          label: title === name ? name : `${title} (${name})`,
          value: name,
        })),
    }),
});

function fieldOptions(
  auth: NocoBaseAuth | undefined,
  collection: unknown,
  pick: (fields: Field[], collection: Collection) => Field[],
) {
  return dropdownState({
    auth,
    requires: { Collection: collection },
    secrets: secretsOf(auth),
    empty: 'The collection has none',
    load: async (connected: NocoBaseAuth) => {
      const found = await findCollection(clientOf(connected), String(collection));
      return found
        ? pick(found.fields, found).map((field) => ({ label: fieldTitle(field), value: field.name }))
        : [];
    },
  });
}

const isRelation = ({ target }: Field) => Boolean(target);

export const fieldsProp = Property.MultiSelectDropdown<string, false, typeof nocobaseAuth>({
  auth: nocobaseAuth,
  displayName: 'Fields',
  description: 'Fields to return; all of them when empty.',
  required: false,
  refreshers: ['collection'],
  options: ({ auth, collection }) =>
    fieldOptions(auth, collection, (fields) => fields.filter((field) => !isRelation(field))),
});

export const changedFieldsProp = Property.MultiSelectDropdown<string, false, typeof nocobaseAuth>({
  auth: nocobaseAuth,
  displayName: 'Changed Fields',
  description: 'Updates count only when they change one of these fields; every update when empty.',
  required: false,
  refreshers: ['collection'],
  options: ({ auth, collection }) =>
    fieldOptions(auth, collection, (fields) => fields.filter((field) => !isRelation(field))),
});

export const appendsProp = Property.MultiSelectDropdown<string, false, typeof nocobaseAuth>({
  auth: nocobaseAuth,
  displayName: 'Related Records',
  description: 'Relations whose records are returned as well.',
  required: false,
  refreshers: ['collection'],
  options: ({ auth, collection }) => fieldOptions(auth, collection, (fields) => fields.filter(isRelation)),
});

export const uniqueFieldProp = Property.Dropdown<string, true, typeof nocobaseAuth>({
  auth: nocobaseAuth,
  displayName: 'Unique Field',
  description:
    'Field that tells records apart, for example an e-mail or an external id. Its value must be among the values.',
  required: true,
  refreshers: ['collection'],
  options: ({ auth, collection }) => fieldOptions(auth, collection, uniqueFirst),
});

export const optionalUniqueFieldProp = Property.Dropdown<string, false, typeof nocobaseAuth>({
  auth: nocobaseAuth,
  displayName: 'Unless It Exists By',
  description:
    'When a record has the same value in this field already, it is returned and none is created. Makes the step safe to run twice.',
  required: false,
  refreshers: ['collection'],
  options: ({ auth, collection }) => fieldOptions(auth, collection, uniqueFirst),
});

function uniqueFirst(fields: Field[]): Field[] {
  const usable = fields.filter((field) => !isRelation(field) && field.type !== 'password');
  return [...usable.filter(({ unique }) => unique), ...usable.filter(({ unique }) => !unique)];
}

export const valuesProp = Property.DynamicProperties<false, typeof nocobaseAuth>({
  auth: nocobaseAuth,
  displayName: 'Values',
  description: 'Values of the fields. Empty ones are not sent.',
  required: false,
  refreshers: ['collection'],
  props: async ({ auth, collection }): Promise<InputPropertyMap> => {
    if (!auth || typeof collection !== 'string') return {};
    try {
      const found = await findCollection(clientOf(auth), collection);
      return found ? formFields(found) : {};
    } catch {
      // The collection dropdown above shows why the server does not answer.
      return {};
    }
  },
});

export const moreValuesProp = Property.Json({
  displayName: 'More Values',
  description:
    'Values as JSON, over those above: for relations, null to empty a field, or data of an earlier step.',
  required: false,
});

export const recordIdProp = Property.ShortText({
  displayName: 'Record ID',
  description: 'Value of the primary key.',
  required: true,
});

export const filterProp = Property.Json({
  displayName: 'Filter',
  description: 'NocoBase filter, for example {"stage": "new", "score": {"$gte": 50}} or {"$or": [{…}, {…}]}.',
  required: false,
});
