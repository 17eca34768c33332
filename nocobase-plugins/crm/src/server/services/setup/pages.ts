import { BizError } from '@bizstack/contracts';
import type { Application } from '@nocobase/server';
import { z } from 'zod';
import { LEADS_PAGE, WAYS_IN_PAGE } from './blueprints';

/** Collections that pages and permissions work with. The outbox and the plugin's own state stay out of sight. */
const VISIBLE = ['crmLeads', 'crmLeadTouches', 'crmLeadForms', 'crmWebhooks', 'crmWebhookDeliveries'];

const GROUP = 'CRM';
const STATE = 'pages';

/** Building takes 10–20 s; after this it is taken for abandoned. */
const ABANDONED_MS = 15 * 60_000;

const stateSchema = z.object({ done: z.boolean(), startedAt: z.coerce.date() });

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
  const states = app.db.getRepository('crmState');
  const routes = app.db.getRepository('desktopRoutes');
  const known = await states.findOne({ filter: { name: STATE } });
  const state = stateSchema.safeParse(known?.get('value')).data;
  if (state?.done === true) return;
  if (state !== undefined && Date.now() - state.startedAt.getTime() < ABANDONED_MS && building.has(app.db))
    return;
  building.add(app.db);
  try {
    const startedAt = new Date().toISOString();
    if (known === null) await states.create({ values: { name: STATE, value: { done: false, startedAt } } });
    else {
      await removeGroup(app);
      await states.update({ filterByTk: STATE, values: { value: { done: false, startedAt } } });
    }
    await applyBlueprint(app, LEADS_PAGE({ title: GROUP, icon: 'ContactsOutlined' }));
    const group = await routes.findOne({ filter: { title: GROUP, type: 'group' } });
    if (group === null) throw new BizError('BIZ_CRM_PAGES', `NocoBase did not add the menu group ${GROUP}.`);
    await applyBlueprint(app, WAYS_IN_PAGE({ routeId: String(group.get('id')) }));
    await states.update({ filterByTk: STATE, values: { value: { done: true, startedAt } } });
  } finally {
    building.delete(app.db);
  }
}

/** Databases whose pages this process builds just now. */
const building = new WeakSet<object>();

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
