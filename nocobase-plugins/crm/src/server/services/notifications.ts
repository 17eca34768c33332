import { randomUUID } from 'node:crypto';
import { type BizError } from '@bizstack/contracts';
import type { Database } from '@nocobase/database';
import { z } from 'zod';
import { NOTIFICATION_CHANNEL } from '../constants';
import { fieldErrors, invalidFields } from './errors';
import { lockIdentity } from './duplicates';

const recipientsSchema = z
  .strictObject({
    /** Names of roles: everyone who has one of them. */
    roles: z.array(z.string().min(1).max(100)).max(20).default([]),
    /** Ids, e-mail addresses or user names. */
    users: z
      .array(z.union([z.string().min(1).max(254), z.number().int()]))
      .max(1000)
      .default([]),
  })
  .refine(({ roles, users }) => roles.length + users.length > 0, 'Name at least one role or user');

const notificationSchema = z.strictObject({
  /** The same key again sends nothing. */
  key: z.string().min(1).max(300),
  to: recipientsSchema,
  title: z.string().trim().min(1).max(200),
  body: z.string().trim().max(2000).default(''),
  /** Page to open: a path of this NocoBase or an https/http address. */
  url: z
    .string()
    .max(2000)
    .regex(/^(\/(?!\/)|https?:\/\/)/, 'Give a path that starts with / or an http(s) address')
    .nullish(),
});

export interface NotificationResult {
  readonly key: string;
  /** Users who got it now; 0 when the key had been sent before. */
  readonly sent: number;
  readonly repeated: boolean;
}

/**
 * Puts an in-app message before users, once a key.
 * @throws BizError `BIZ_CRM_VALUES_INVALID`, also when a user or role is not known.
 */
export async function sendNotification(db: Database, values: unknown): Promise<NotificationResult> {
  const parsed = notificationSchema.safeParse(values);
  if (!parsed.success) throw invalidFields('BIZ_CRM_VALUES_INVALID', fieldErrors(parsed.error));
  const { key, to, title, body, url } = parsed.data;
  // Before the transaction: asking for a second connection inside of it can starve a small pool.
  const userIds = await recipients(db, to);
  return db.sequelize.transaction(async (transaction) => {
    await lockIdentity(
      db,
      { email: null, phone: null, matchKey: null },
      [`notification:${key}`],
      transaction,
    );
    const sent = db.getRepository('crmNotifications');
    if ((await sent.findOne({ filter: { key }, transaction })) !== null)
      return { key, sent: 0, repeated: true };
    for (const userId of userIds) {
      // The message plugin's own hooks tell open browsers after the commit.
      await db.getRepository('notificationInAppMessages').create({
        values: {
          id: randomUUID(),
          userId,
          title,
          content: body,
          status: 'unread',
          channelName: NOTIFICATION_CHANNEL,
          receiveTimestamp: Date.now(),
          options: url === undefined || url === null ? {} : { url },
        },
        transaction,
      });
    }
    await sent.create({ values: { key, title, userIds }, transaction });
    return { key, sent: userIds.length, repeated: false };
  });
}

async function recipients(
  db: Database,
  { roles, users }: z.output<typeof recipientsSchema>,
): Promise<number[]> {
  const repository = db.getRepository('users');
  const found = new Set<number>();
  for (const role of roles) {
    if ((await db.getRepository('roles').findOne({ filter: { name: role } })) === null)
      throw unknown('to.roles', role);
    const members = await repository.find({ filter: { 'roles.name': role }, fields: ['id'] });
    for (const user of members) found.add(Number(user.get('id')));
  }
  for (const user of users) {
    const filter =
      typeof user === 'number' || /^\d+$/.test(user)
        ? { id: Number(user) }
        : { $or: [{ email: user }, { username: user }] };
    const match = await repository.findOne({ filter, fields: ['id'] });
    if (match === null) throw unknown('to.users', String(user));
    found.add(Number(match.get('id')));
  }
  return [...found].sort((a, b) => a - b);
}

function unknown(field: string, value: string): BizError {
  return invalidFields('BIZ_CRM_VALUES_INVALID', [
    { field, code: 'unknown', message: `There is no "${value}".` },
  ]);
}
