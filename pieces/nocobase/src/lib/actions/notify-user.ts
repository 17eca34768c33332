import { createAction, Property } from '@activepieces/pieces-framework';
import { clientOf, nocobaseAuth } from '../auth';
import { notify } from '../notifications';

export const notifyUserAction = createAction({
  name: 'notify_user',
  auth: nocobaseAuth,
  displayName: 'Notify Users',
  description:
    'Sends an in-app message to users or to everybody with a role. Needs @bizstack/plugin-crm in NocoBase',
  audience: 'both',
  aiMetadata: {
    description:
      'Sends an in-app message in NocoBase to user names/ids or roles. The key makes it idempotent: one message per key.',
    idempotent: true,
  },
  props: {
    key: Property.ShortText({
      displayName: 'Key',
      description:
        'The same key is sent only once, however often the step runs: for example the id of the event.',
      required: true,
    }),
    roles: Property.Array({
      displayName: 'Roles',
      description: 'Names of roles whose users get the message, for example admin.',
      required: false,
    }),
    users: Property.Array({
      displayName: 'Users',
      description: 'Ids or names of users who get the message. Either roles or users.',
      required: false,
    }),
    title: Property.ShortText({ displayName: 'Title', description: 'One line.', required: true }),
    body: Property.LongText({ displayName: 'Body', description: 'Text of the message.', required: false }),
    url: Property.ShortText({
      displayName: 'Link',
      description: 'Where the message leads, for example /admin/leads/42.',
      required: false,
    }),
  },
  outputSchema: {
    fields: [
      {
        key: 'data',
        label: 'Result',
        children: [
          { key: 'key', label: 'Key' },
          { key: 'sent', label: 'Sent', format: 'number', description: 'Users who got it now' },
          {
            key: 'repeated',
            label: 'Repeated',
            format: 'boolean',
            description: 'The key had been sent before',
          },
        ],
      },
    ],
  },
  async run({ auth, propsValue }) {
    const { key, roles, users, title, body, url } = propsValue;
    const data = await notify(clientOf(auth), { key, roles, users, title, body, url });
    return { data };
  },
});
