import { randomBytes } from 'node:crypto';
import type { Database } from '@nocobase/database';
import { AUTOMATION, AUTOMATION_SNIPPET } from '../../constants';

/**
 * Makes the role and the account of the flow runner: it reads and updates leads, writes scores and sends
 * notifications, nothing else. The account gets a password that nobody knows; the operator sets one.
 */
export async function ensureAutomationAccount(db: Database): Promise<void> {
  const roles = db.getRepository('roles');
  if ((await roles.findOne({ filter: { name: AUTOMATION } })) === null) {
    await roles.create({
      values: {
        name: AUTOMATION,
        title: 'Automation (flows)',
        hidden: false,
        allowConfigure: false,
        allowNewMenu: false,
        snippets: ['!ui.*', '!pm', '!pm.*', AUTOMATION_SNIPPET],
        strategy: { actions: [] },
      },
    });
  }
  const users = db.getRepository('users');
  if ((await users.findOne({ filter: { username: AUTOMATION } })) === null) {
    await users.create({
      values: {
        username: AUTOMATION,
        nickname: 'Automation',
        password: randomBytes(32).toString('base64url'),
        roles: [{ name: AUTOMATION }],
      },
    });
  }
}
