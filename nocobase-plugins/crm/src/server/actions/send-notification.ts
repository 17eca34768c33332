import type { Context, Next } from '@nocobase/actions';
import { sendNotification } from '../services/notifications';

/** `POST /api/crmNotifications:send`: an in-app message to users or roles, once a key. */
export async function send(context: Context, next: Next): Promise<void> {
  context.body = await sendNotification(context.db, context.action.params.values);
  await next();
}
