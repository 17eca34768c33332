import { randomUUID } from 'node:crypto';
import { createTriggerHarness, triggerOf, type TriggerHarness } from '@bizstack/piece-testkit';
import { z } from 'zod';
import { nocobase } from '../src';
import type { NocoBaseSettings } from '../src/lib/client';
import { clientFor, connection, failureOf, limitedAccount, listen, makeCollection, run } from './support';
import { until } from './trigger-support';

const changeSchema = z.looseObject({
  id: z.string(),
  event: z.string(),
  recordId: z.union([z.string(), z.number()]),
  record: z.record(z.string(), z.unknown()),
  changed: z.array(z.string()),
});
type Change = z.infer<typeof changeSchema>;

interface Flow {
  harness: TriggerHarness;
  /** Runs that were started, in their order. */
  runs: Change[];
  /** Status that the webhook answers; set it to make deliveries fail. */
  answer: { status: number };
  url: string;
}

const open: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

/** A published flow: a real HTTP server stands for the webhook of the automation server. */
async function publish(props: Record<string, unknown>, auth: NocoBaseSettings = connection()): Promise<Flow> {
  const runs: Change[] = [];
  const answer = { status: 200 };
  const server = await listen(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk as Uint8Array));
    const rawBody = Buffer.concat(chunks).toString();
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    );
    if (answer.status === 200) {
      const started = await harness.run({ body: JSON.parse(rawBody), rawBody, headers });
      runs.push(...z.array(changeSchema).parse(started));
    }
    response.writeHead(answer.status).end();
  });
  // Before the trigger is enabled, which may fail.
  open.push(() => server.close());
  const url = `${server.url}/webhooks/${randomUUID()}`;
  const harness = createTriggerHarness(triggerOf(nocobase, 'record_event_instant'), {
    props,
    auth: { ...auth },
    webhookUrl: url,
  });
  await harness.enable();
  open.push(() => harness.disable());
  return { harness, runs, answer, url };
}

const untilRuns = (flow: Flow, count: number) => until(async () => flow.runs.length >= count);
const add = async (collection: string, values: Record<string, unknown>) =>
  z
    .looseObject({ record: z.looseObject({ id: z.union([z.string(), z.number()]) }) })
    .parse(await run('create_record', { collection, moreValues: values })).record.id;
const change = (collection: string, id: string | number, moreValues: Record<string, unknown>) =>
  run('update_record', { collection, recordId: String(id), moreValues });
const remove = (collection: string, id: string | number) =>
  run('delete_record', { collection, recordId: String(id) });

test('creating, changing and deleting come at once, in order, with the record and what changed', async () => {
  const collection = await makeCollection();
  const flow = await publish({ collection });
  const id = await add(collection, { code: 'a', amount: 1 });
  await change(collection, id, { amount: 2, stage: 'won' });
  await remove(collection, id);
  await untilRuns(flow, 3);
  expect(flow.runs).toMatchObject([
    { event: 'created', collection, record: { code: 'a', amount: 1 }, changed: [] },
    { event: 'updated', record: { code: 'a', amount: 2, stage: 'won' } },
    { event: 'deleted', record: { code: 'a', amount: 2 } },
  ]);
  expect([...(flow.runs[1]?.changed ?? [])].sort()).toEqual(['amount', 'stage']);
  expect(new Set(flow.runs.map((each) => String(each.recordId)))).toEqual(new Set([String(id)]));
});

test('events, changed fields and filter are honoured', async () => {
  const collection = await makeCollection();
  const flow = await publish({
    collection,
    events: ['updated'],
    fields: ['stage'],
    filter: { amount: { $gte: 10 } },
  });
  const small = await add(collection, { code: 'small', amount: 1 });
  const large = await add(collection, { code: 'large', amount: 10 });
  await change(collection, large, { note: 'another field' });
  await change(collection, small, { stage: 'won' });
  await change(collection, large, { stage: 'won' });
  await untilRuns(flow, 1);
  await change(collection, large, { stage: 'new' });
  await untilRuns(flow, 2);
  expect(flow.runs.map(({ record }) => [record['code'], record['stage']])).toEqual([
    ['large', 'won'],
    ['large', 'new'],
  ]);
});

test('a webhook that fails is asked again; changes of one record keep their order, others do not wait', async () => {
  const collection = await makeCollection();
  const flow = await publish({ collection });
  flow.answer.status = 503;
  const id = await add(collection, { code: 'a', amount: 0 });
  for (let amount = 1; amount <= 5; amount += 1) await change(collection, id, { amount });
  flow.answer.status = 200;
  await add(collection, { code: 'b', amount: 99 });
  await untilRuns(flow, 7);
  const ofA = flow.runs.filter(({ record }) => record['code'] === 'a');
  expect(ofA.map(({ record }) => record['amount'])).toEqual([0, 1, 2, 3, 4, 5]);
});

test('what is rolled back is not told', async () => {
  const collection = await makeCollection();
  const flow = await publish({ collection });
  await add(collection, { code: 'taken' });
  await failureOf(run('create_record', { collection, moreValues: { code: 'taken' } }));
  await add(collection, { code: 'next' });
  await untilRuns(flow, 2);
  expect(flow.runs.map(({ record }) => record['code'])).toEqual(['taken', 'next']);
});

test('publishing again loses nothing of what happens in between', async () => {
  const collection = await makeCollection();
  const flow = await publish({ collection });
  await add(collection, { code: 'a' });
  await untilRuns(flow, 1);
  await flow.harness.disable();
  await add(collection, { code: 'b' });
  await flow.harness.enable();
  await untilRuns(flow, 2);
  expect(flow.runs.map(({ record }) => record['code'])).toEqual(['a', 'b']);
});

test('fields and records that the role may not see are left out', async () => {
  const collection = await makeCollection();
  const account = await accountThatSees(collection, ['code', 'stage'], { stage: 'new' });
  const flow = await publish({ collection }, account);
  await add(collection, { code: 'hidden', stage: 'won', amount: 5 });
  const id = await add(collection, { code: 'seen', stage: 'new', amount: 5, note: 'secret' });
  await change(collection, id, { amount: 6, code: 'seen2' });
  await untilRuns(flow, 2);
  expect(flow.runs.map(({ record }) => record['code'])).toEqual(['seen', 'seen2']);
  for (const { record, changed } of flow.runs) {
    expect(Object.keys(record)).not.toContain('amount');
    expect(Object.keys(record)).not.toContain('note');
    expect(changed).not.toContain('amount');
  }
});

test('who may not read a collection cannot subscribe; wrong settings are named', async () => {
  const collection = await makeCollection();
  const refused = await failureOf(publish({ collection }, await limitedAccount()));
  expect(refused.code).toBe('BIZ_NOCOBASE_FORBIDDEN');
  expect(refused.message).toContain(collection);
  expect((await failureOf(publish({ collection: 'no_such' }))).message).toContain('no_such');
  expect((await failureOf(publish({ collection: 'crmRecordDeliveries' }))).message).toContain('crmRecord');
  expect((await failureOf(publish({ collection, fields: ['nosuch'] }))).message).toContain('nosuch');
  expect((await failureOf(publish({ collection, filter: { nosuch: 1 } }))).message).toContain('filter');
});

test('addresses of private networks are refused unless NocoBase allows them', async () => {
  const collection = await makeCollection();
  const harness = createTriggerHarness(triggerOf(nocobase, 'record_event_instant'), {
    props: { collection },
    auth: { ...connection() },
    webhookUrl: 'http://10.1.2.3/webhooks/x',
  });
  expect((await failureOf(harness.enable())).message).toContain('private network');
});

test('what is not signed with the flow’s secret starts no run', async () => {
  const collection = await makeCollection();
  const flow = await publish({ collection });
  const forged = { body: { id: 'x', data: {} }, rawBody: '{}', headers: {} };
  expect((await failureOf(flow.harness.run(forged))).code).toBe('BIZ_SIGNATURE_MISSING');
  const headers = {
    'x-bizstack-timestamp': String(Math.floor(Date.now() / 1000)),
    'x-bizstack-delivery': randomUUID(),
    'x-bizstack-signature': `v1=${'0'.repeat(64)}`,
  };
  expect((await failureOf(flow.harness.run({ ...forged, headers }))).code).toBe('BIZ_SIGNATURE_WRONG');
});

test('without the plugin the error names it, and a flow can still be disabled', async () => {
  const server = await listen(
    (_, response) =>
      void response
        .writeHead(404, { 'content-type': 'application/json' })
        .end('{"errors":[{"message":"Not Found"}]}'),
  );
  try {
    const harness = createTriggerHarness(triggerOf(nocobase, 'record_event_instant'), {
      props: { collection: 'x' },
      auth: { url: server.url, apiKey: 'key' },
    });
    expect((await failureOf(harness.enable())).code).toBe('BIZ_NOCOBASE_PLUGIN_MISSING');
    await harness.disable();
  } finally {
    await server.close();
  }
});

test('samples look like changes', async () => {
  const collection = await makeCollection();
  await add(collection, { code: 'a' });
  const flow = await publish({ collection });
  expect(await flow.harness.test()).toMatchObject([{ event: 'created', record: { code: 'a' } }]);
});

/** An account whose role sees some fields of the records that fit a filter. */
async function accountThatSees(
  collection: string,
  fields: string[],
  filter: Record<string, unknown>,
): Promise<NocoBaseSettings> {
  const admin = clientFor(connection());
  const post = (action: string, body: unknown, query: Record<string, string> = {}) =>
    admin.call({
      method: 'POST',
      action,
      body,
      query,
      schema: z.looseObject({ data: z.looseObject({ id: z.unknown() }).nullish() }),
    });
  const role = `r_${randomUUID().slice(0, 8)}`;
  await post('roles:create', {
    name: role,
    title: role,
    snippets: ['!ui.*', '!pm', '!pm.*'],
    strategy: { actions: [] },
  });
  const scope = await post('dataSourcesRolesResourcesScopes:create', {
    name: role,
    resourceName: collection,
    dataSourceKey: 'main',
    scope: filter,
  });
  await post(
    `roles/${role}/dataSourceResources:create`,
    {
      name: collection,
      dataSourceKey: 'main',
      usingActionsConfig: true,
      actions: [{ name: 'view', fields, scope: { id: scope.data?.id } }],
    },
    { filterByTk: collection },
  );
  const account = `user_${randomUUID().slice(0, 8)}`;
  const password = randomUUID();
  await run('create_record', {
    collection: 'users',
    moreValues: { username: account, password, roles: [role] },
  });
  return { url: connection().url, account, password };
}
