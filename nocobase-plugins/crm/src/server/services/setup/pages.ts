import { BizError } from '@bizstack/contracts';
import type { Application } from '@nocobase/server';
import { z } from 'zod';
import { query } from '../sql';
import { LEADS_PAGE, WAYS_IN_PAGE } from './blueprints';

/** Collections that pages and permissions work with. The outbox and the plugin's own state stay out of sight. */
const VISIBLE = ['crmLeads', 'crmLeadTouches', 'crmLeadForms', 'crmWebhooks', 'crmWebhookDeliveries'];

const GROUP = 'CRM';
const STATE = 'pages';

const stateSchema = z.object({ done: z.boolean() });
const lockSchema = z.object({ held: z.boolean() });

/** Makes the collections known to the user interface and to permissions. */
export async function publishCollections(app: Application): Promise<void> {
  const collections = app.db.getRepository('collections');
  for (const name of VISIBLE) await collections.db2cm(name);
}

/**
 * Adds the menu group with its pages, once: what an administrator changes or removes later stays that way. Pages
 * that were cut short are built anew.
 * @throws BizError `BIZ_CRM_PAGES` with NocoBase's own list of what is wrong.
 */
export async function ensurePages(app: Application): Promise<void> {
  await app.db.sequelize.transaction(async (transaction) => {
    // One process builds; the lock goes with it, however it ends.
    const [lock] = await query(
      app.db,
      lockSchema,
      `SELECT pg_try_advisory_xact_lock(hashtextextended('bizstack.crm.pages', 0)) AS held`,
      {
        transaction,
      },
    );
    if (lock?.held !== true) return;
    const states = app.db.getRepository('crmState');
    const known = await states.findOne({ filter: { name: STATE } });
    if (stateSchema.safeParse(known?.get('value')).data?.done === true) return;
    if (known === null) await states.create({ values: { name: STATE, value: { done: false } } });
    else await removeGroup(app);
    await buildPages(app);
    await states.update({ filter: { name: STATE }, values: { value: { done: true } } });
  });
}

async function buildPages(app: Application): Promise<void> {
  await applyBlueprint(app, LEADS_PAGE({ title: GROUP, icon: 'ContactsOutlined' }));
  const group = await app.db
    .getRepository('desktopRoutes')
    .findOne({ filter: { title: GROUP, type: 'group' } });
  if (group === null) throw new BizError('BIZ_CRM_PAGES', `NocoBase did not add the menu group ${GROUP}.`);
  await applyBlueprint(app, WAYS_IN_PAGE({ routeId: String(group.get('id')) }));
}

async function removeGroup(app: Application): Promise<void> {
  const routes = app.db.getRepository('desktopRoutes');
  for (const group of await routes.find({ filter: { title: GROUP, type: 'group' } })) {
    for (const page of await routes.find({ filter: { parentId: group.get('id') } })) {
      await routes.destroy({ filter: { parentId: page.get('id') } });
      await routes.destroy({ filterByTk: page.get('id') });
    }
    await routes.destroy({ filterByTk: group.get('id') });
  }
}

const errorSchema = z.looseObject({ errors: z.array(z.unknown()).optional() });

/** Calls NocoBase's own page builder as its administrator would. */
async function applyBlueprint(app: Application, blueprint: object): Promise<void> {
  const context = {
    app,
    db: app.db,
    cache: app.cache,
    log: app.log,
    logger: app.log,
    i18n: app.i18n,
    t: (text: string) => text,
    get: () => undefined,
    request: { headers: {}, method: 'POST' },
    state: { currentRoles: ['root'], currentRole: 'root' },
    action: { resourceName: 'flowSurfaces', actionName: 'applyBlueprint', params: { values: blueprint } },
    status: 200,
    body: undefined,
    throw(status: number, message: unknown): never {
      throw refused(status, message);
    },
  };
  await app.resourceManager
    .getAction('flowSurfaces', 'applyBlueprint')
    .handler(context, async () => undefined);
  const answer = errorSchema.safeParse(context.body);
  if (context.status >= 400 || (answer.data?.errors?.length ?? 0) > 0)
    throw refused(context.status, context.body);
}

function refused(status: number, answer: unknown): BizError {
  const text = typeof answer === 'string' ? answer : JSON.stringify(answer);
  return new BizError('BIZ_CRM_PAGES', `NocoBase refused a page (${status}): ${text.slice(0, 4000)}`);
}
