import { createAction, Property } from '@activepieces/pieces-framework';
import { BizError, parseInput } from '@bizstack/piece-common';
import { z } from 'zod';
import { clientOf, nocobaseAuth } from '../auth';

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
    const roles = readNames('Roles', propsValue.roles);
    const users = readNames('Users', propsValue.users);
    if (roles.length > 0 === users.length > 0) {
      throw new BizError('BIZ_INPUT_INVALID', 'Give roles or users, and not both.');
    }
    const { data } = await clientOf(auth).call({
      method: 'POST',
      action: 'crmNotifications:send',
      body: {
        key: parseInput('Key', propsValue.key, z.string().trim().min(1).max(300)),
        to: users.length > 0 ? { users } : { roles },
        title: parseInput('Title', propsValue.title, z.string().trim().min(1).max(200)),
        body: propsValue.body ?? '',
        ...(propsValue.url ? { url: propsValue.url } : {}),
      },
      schema: z.looseObject({ data: z.unknown() }),
      repeatable: true,
    });
    return { data };
  },
});

function readNames(name: string, value: unknown): (string | number)[] {
  return parseInput(name, value ?? [], z.array(z.union([z.string().trim().min(1), z.number()])).max(1000));
}
