import type { Database } from '@nocobase/database';
import { NOTIFICATION_CHANNEL } from '../../constants';

/** Makes the in-app channel that the plugin's notifications are listed under. */
export async function ensureNotificationChannel(db: Database): Promise<void> {
  const channels = db.getRepository('notificationChannels');
  if ((await channels.findOne({ filter: { name: NOTIFICATION_CHANNEL } })) !== null) return;
  await channels.create({
    values: {
      name: NOTIFICATION_CHANNEL,
      title: 'CRM',
      notificationType: 'in-app-message',
      description: 'Leads and their scores',
      options: {},
    },
  });
}
