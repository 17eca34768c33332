import { messageOf } from '@bizstack/contracts';
import type { Application } from '@nocobase/server';
import { ensureDefaultForm } from '../forms';
import { requirePostgres } from '../sql';
import { ensureAutomationAccount } from './automation-account';
import { ensureNotificationChannel } from './notification-channel';
import { ensurePages } from './pages';

/** Everything that must stand in the database for the plugin to work. Safe to run again. */
export async function ensureData(app: Application): Promise<void> {
  requirePostgres(app.db);
  await ensureAutomationAccount(app.db);
  await ensureNotificationChannel(app.db);
  await ensureDefaultForm(app);
}

/** Makes the collections known to the user interface and to permissions. */
export { publishCollections } from './pages';

/**
 * Pages of the user interface, once. NocoBase takes half a minute to build them, so nothing waits for this; and the
 * plugin works without them, so a NocoBase that refuses them is reported, not stopped.
 */
export async function ensureUserInterface(app: Application): Promise<void> {
  try {
    await ensurePages(app);
  } catch (error) {
    app.log.error(`CRM: the pages could not be added: ${messageOf(error)}`);
  }
}
