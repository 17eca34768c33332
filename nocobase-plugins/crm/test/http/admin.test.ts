import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { Account, eventsOf, newEmail, postWebhook, refusal, sql, taken, until } from './support';

const recordSchema = z.object({
  data: z.looseObject({ id: z.union([z.string(), z.number()]).transform(String) }),
});
let admin: Account;
let automation: Account;
let member: Account;

beforeAll(async () => {
  admin = await Account.admin();
  automation = await Account.automation();
  const username = `member-${randomUUID().slice(0, 8)}`;
  await admin.post('users:create', { username, password: 'a-Long-passw0rd', roles: [{ name: 'member' }] });
  member = await Account.signIn(username, 'a-Long-passw0rd');
});

describe('leads that are entered in NocoBase', () => {
  test('are normalised, announced and kept with their first enquiry', async () => {
    const email = newEmail();
    const answer = await admin.post('crmLeads:create', {
      name: ' Grace  Hopper ',
      email: email.toUpperCase(),
    });
    expect(answer.status).toBe(200);
    const { id } = recordSchema.parse(answer.body).data;
    const [lead] = await sql('SELECT name, email, source, "touchCount" FROM "crmLeads" WHERE id = $1', [id]);
    expect(lead).toEqual({ name: 'Grace Hopper', email, source: 'admin', touchCount: 1 });
    expect(await eventsOf(id, 'crm.lead.captured')).toBe(1);
    expect(await sql('SELECT channel FROM "crmLeadTouches" WHERE "leadId" = $1', [id])).toEqual([
      { channel: 'admin' },
    ]);
  });

  test('are marked when they repeat a lead, and not announced again', async () => {
    const email = newEmail();
    const first = taken(await postWebhook({ email }));
    const { id } = recordSchema.parse((await admin.post('crmLeads:create', { email })).body).data;
    const [lead] = await sql('SELECT "duplicateOf"::text FROM "crmLeads" WHERE id = $1', [id]);
    expect(lead).toEqual({ duplicateOf: first.leadId });
    expect(await eventsOf(id, 'crm.lead.captured')).toBe(0);
  });

  test('are refused as a whole when a field is wrong', async () => {
    const company = randomUUID();
    const created = await admin.post('crmLeads:create', { company });
    expect([created.status, refusal(created).fields]).toEqual([422, ['email', 'phone']]);
    expect(await sql('SELECT 1 FROM "crmLeads" WHERE company = $1', [company])).toEqual([]);
    const { leadId } = taken(await postWebhook({ email: newEmail() }));
    const updated = await admin.post(`crmLeads:update?filterByTk=${leadId}`, { email: 'nonsense' });
    expect([updated.status, refusal(updated).fields]).toEqual([422, ['email']]);
  });

  test('keep their match when they are changed', async () => {
    const { leadId } = taken(await postWebhook({ email: newEmail(), name: 'Old' }));
    const email = newEmail();
    expect(
      (
        await admin.post(`crmLeads:update?filterByTk=${leadId}`, {
          email: email.toUpperCase(),
          status: 'working',
        })
      ).status,
    ).toBe(200);
    expect(taken(await postWebhook({ email })).leadId).toBe(leadId);
  });
});

describe('scores', () => {
  const score = (leadId: string, capturedEventId: string, more: object = {}) => ({
    leadId,
    capturedEventId,
    score: 72.5,
    grade: 'B',
    reasons: [{ factor: 'email.business_domain', contribution: 10, text: 'Business address.' }],
    model: 'rules-1',
    scoredAt: new Date().toISOString(),
    ...more,
  });

  test('are written and announced once, whoever repeats them', async () => {
    const { leadId, eventId } = taken(await postWebhook({ email: newEmail() }));
    const first = await automation.post('crmLeads:applyScore', score(leadId, eventId));
    expect([first.status, first.body]).toEqual([200, { data: { leadId, applied: true } }]);
    const again = await automation.post('crmLeads:applyScore', score(leadId, eventId));
    expect(again.body).toEqual({ data: { leadId, applied: false } });
    const [lead] = await sql(
      'SELECT score, grade, "scoreModel", "scoreReasons" FROM "crmLeads" WHERE id = $1',
      [leadId],
    );
    expect(lead).toMatchObject({
      score: 72.5,
      grade: 'B',
      scoreModel: 'rules-1',
      scoreReasons: [{ contribution: 10 }],
    });
    expect(await eventsOf(leadId, 'crm.lead.scored')).toBe(1);
  });

  test('of a newer model replace older ones, not the other way round', async () => {
    const { leadId, eventId } = taken(await postWebhook({ email: newEmail() }));
    await automation.post('crmLeads:applyScore', score(leadId, eventId));
    const newer = score(leadId, eventId, {
      model: 'rules-2',
      score: 90,
      grade: 'A',
      scoredAt: new Date(Date.now() + 1000).toISOString(),
    });
    expect((await automation.post('crmLeads:applyScore', newer)).body).toMatchObject({
      data: { applied: true },
    });
    const older = score(leadId, eventId, { model: 'rules-0', scoredAt: '2020-01-01T00:00:00.000Z' });
    expect((await automation.post('crmLeads:applyScore', older)).body).toMatchObject({
      data: { applied: false },
    });
  });

  test.each([
    ['of an unknown lead', { leadId: '1' }, 404, 'BIZ_CRM_LEAD_UNKNOWN'],
    ['of another event', { capturedEventId: randomUUID() }, 409, 'BIZ_CRM_EVENT_MISMATCH'],
    ['out of range', { score: 101 }, 422, 'BIZ_CRM_VALUES_INVALID'],
  ])('%s are refused', async (_what, wrong, status, code) => {
    const { leadId, eventId } = taken(await postWebhook({ email: newEmail() }));
    const answer = await automation.post('crmLeads:applyScore', score(leadId, eventId, wrong));
    expect([answer.status, refusal(answer).code]).toEqual([status, code]);
  });
});

describe('notifications', () => {
  test('reach the users of a role once a key', async () => {
    const title = `A lead ${randomUUID()}`;
    const body = {
      key: `test:${randomUUID()}`,
      to: { roles: ['root'] },
      title,
      body: 'Score 90',
      url: '/admin',
    };
    expect((await automation.post('crmNotifications:send', body)).body).toMatchObject({
      data: { sent: 1, repeated: false },
    });
    expect((await automation.post('crmNotifications:send', body)).body).toMatchObject({
      data: { sent: 0, repeated: true },
    });
    const listed = await admin.get('myInAppMessages:list');
    expect(JSON.stringify(listed.body).split(title)).toHaveLength(2);
  });

  test('of many requests at once with one key, one sends', async () => {
    const body = { key: `test:${randomUUID()}`, to: { roles: ['root'] }, title: `Once ${randomUUID()}` };
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => automation.post('crmNotifications:send', body)),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    const [row] = await sql('SELECT count(*)::int AS n FROM "notificationInAppMessages" WHERE title = $1', [
      body.title,
    ]);
    expect(row).toEqual({ n: 1 });
  });

  test('name what is not known', async () => {
    const base = { key: randomUUID(), title: 'x' };
    for (const [to, field] of [
      [{ roles: ['no-such-role'] }, 'to.roles'],
      [{ users: ['nobody@example.com'] }, 'to.users'],
      [{}, 'to'],
    ] as const) {
      const answer = await automation.post('crmNotifications:send', { ...base, to });
      expect([answer.status, refusal(answer).fields]).toEqual([422, [field]]);
    }
    const script = await automation.post('crmNotifications:send', {
      ...base,
      to: { roles: ['root'] },
      url: 'javascript:alert(1)',
    });
    expect(refusal(script).fields).toEqual(['url']);
  });
});

describe('permissions', () => {
  const forMembers = [
    'crmLeads:applyScore',
    'crmNotifications:send',
    'crmLeads:addDemo',
    'crmLeadForms:rotateSecret/default',
  ];

  test.each([...forMembers, 'crmRelay:status', 'crmLeads:list'])(
    'nobody signed in: %s is refused',
    async (action) => {
      expect((await Account.nobody.post(action)).status).toBe(401);
    },
  );

  test.each([...forMembers, 'crmRelay:status', 'crmLeads:removeDemo'])(
    'a member: %s is forbidden',
    async (action) => {
      expect((await member.post(action)).status).toBe(403);
    },
  );

  test.each([
    'users:list',
    'crmLeads:destroy?filterByTk=1',
    'crmLeadForms:rotateSecret/default',
    'crmRelay:status',
    'pm:list',
    'bizstackOutbox:list',
  ])('the account of the flows: %s is forbidden', async (action) => {
    expect((await automation.post(action)).status).toBe(403);
  });

  test('the account of the flows reads and updates leads', async () => {
    const { leadId } = taken(await postWebhook({ email: newEmail() }));
    expect((await automation.get(`crmLeads:get?filterByTk=${leadId}`)).status).toBe(200);
    expect(
      (await automation.post(`crmLeads:update?filterByTk=${leadId}`, { status: 'qualified' })).status,
    ).toBe(200);
  });
});

test('the relay says how it is', async () => {
  const answer = await until('an empty outbox', async () => {
    const found = await admin.get('crmRelay:status');
    return JSON.stringify(found.body).includes('"pending":0') ? found : undefined;
  });
  expect(answer.body).toMatchObject({
    data: { configured: true, relays: [expect.anything()], here: { state: 'leading' } },
  });
});

test('demo leads come and go', async () => {
  await admin.post('crmLeads:removeDemo');
  expect((await admin.post('crmLeads:addDemo')).body).toEqual({ data: { leads: 5 } });
  expect((await admin.post('crmLeads:addDemo')).body).toEqual({ data: { leads: 0 } });
  expect((await admin.post('crmLeads:removeDemo')).body).toEqual({ data: { removed: 5 } });
});

test('the menu has the pages, and the actions are in the API description', async () => {
  const routes = await until(
    'the pages',
    async () => {
      const rows = await sql(`SELECT value FROM "crmState" WHERE name = 'pages'`);
      if (!JSON.stringify(rows).includes('true')) return undefined;
      return sql(
        `SELECT type FROM "desktopRoutes" WHERE title = 'CRM' OR "parentId" IN (SELECT id FROM "desktopRoutes" WHERE title = 'CRM') ORDER BY id`,
      );
    },
    400_000,
  );
  expect(routes.map(({ type }) => type)).toEqual(['group', 'flowPage', 'flowPage']);
  expect(JSON.stringify((await admin.get('swagger:get')).body)).toContain('crmLeads:applyScore');
}, 420_000);
