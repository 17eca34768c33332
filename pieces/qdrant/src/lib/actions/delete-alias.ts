import { createAction } from '@activepieces/pieces-framework';
import { changeAliases, listAliases } from '../aliases';
import { clientOf, qdrantAuth } from '../auth';
import { aliasProp } from '../props';

export const deleteAliasAction = createAction({
  name: 'delete_alias',
  auth: qdrantAuth,
  displayName: 'Delete Alias',
  description: 'Removes an alias; the collection stays',
  audience: 'both',
  aiMetadata: {
    description: 'Removes a collection alias. A missing one gives deleted=false.',
    idempotent: true,
  },
  props: { alias: aliasProp },
  outputSchema: {
    fields: [
      { key: 'alias', label: 'Alias' },
      { key: 'deleted', label: 'Deleted', format: 'boolean', description: 'False when there was none' },
    ],
  },
  async run({ auth, propsValue: { alias } }) {
    const client = clientOf(auth.props);
    const exists = (await listAliases(client)).some((each) => each.alias === alias);
    if (exists) await changeAliases(client, [{ delete_alias: { alias_name: alias } }]);
    return { alias, deleted: exists };
  },
});
