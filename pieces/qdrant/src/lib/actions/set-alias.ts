import { createAction } from '@activepieces/pieces-framework';
import { changeAliases, listAliases } from '../aliases';
import { clientOf, qdrantAuth } from '../auth';
import { aliasProp, collectionProp } from '../props';

export const setAliasAction = createAction({
  name: 'set_alias',
  auth: qdrantAuth,
  displayName: 'Set Alias',
  description: 'Lets an alias stand for a collection; an existing one switches over in one step',
  audience: 'both',
  aiMetadata: {
    description: 'Creates an alias for a collection, or switches it there atomically. Safe to repeat.',
    idempotent: true,
  },
  props: { collection: collectionProp, alias: aliasProp },
  outputSchema: {
    fields: [
      { key: 'alias', label: 'Alias' },
      { key: 'collection', label: 'Collection' },
      { key: 'previous', label: 'Previous collection', description: 'Empty when the alias is new' },
    ],
  },
  async run({ auth, propsValue: { collection, alias } }) {
    const client = clientOf(auth.props);
    const existing = (await listAliases(client)).find((each) => each.alias === alias);
    await changeAliases(client, [
      ...(existing ? [{ delete_alias: { alias_name: alias } }] : []),
      { create_alias: { collection_name: collection, alias_name: alias } },
    ]);
    return { alias, collection, previous: existing?.collection ?? null };
  },
});
