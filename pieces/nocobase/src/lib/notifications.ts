import { BizError, parseInput } from '@bizstack/piece-common';
import { z } from 'zod';
import type { NocoBaseClient } from './client';

export interface Notification {
  /** The same key is sent once. */
  key: string;
  roles: unknown;
  users: unknown;
  title: string;
  body?: string | undefined;
  url?: string | undefined;
}

const namesSchema = z.array(z.union([z.string().trim().min(1), z.number()])).max(1000);

/**
 * Sends an in-app message through `@bizstack/plugin-crm`.
 * @throws BizError `BIZ_INPUT_INVALID` unless roles or users are given.
 */
export async function notify(client: NocoBaseClient, notification: Notification): Promise<unknown> {
  const roles = parseInput('Roles', notification.roles ?? [], namesSchema);
  const users = parseInput('Users', notification.users ?? [], namesSchema);
  if (roles.length > 0 === users.length > 0) {
    throw new BizError('BIZ_INPUT_INVALID', 'Give roles or users, and not both.');
  }
  const { key, title, body = '', url } = notification;
  const { data } = await client.call({
    method: 'POST',
    action: 'crmNotifications:send',
    body: {
      key: parseInput('Key', key, z.string().trim().min(1).max(300)),
      to: users.length > 0 ? { users } : { roles },
      title: parseInput('Title', title, z.string().trim().min(1).max(200)),
      body,
      ...(url ? { url } : {}),
    },
    schema: z.looseObject({ data: z.unknown() }),
    repeatable: true,
  });
  return data;
}
