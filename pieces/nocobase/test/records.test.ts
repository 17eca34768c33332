import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import {
  adminClient,
  closedUrl,
  connection,
  failureOf,
  limitedAccount,
  makeCollection,
  run,
} from './support';

const recordOutput = z.looseObject({ record: z.looseObject({ id: z.union([z.number(), z.string()]) }) });
const listOutput = z.looseObject({
  count: z.number(),
  total: z.number().nullable(),
  records: z.array(z.looseObject({ code: z.string().nullish() })),
});

const create = async (
  collection: string,
  moreValues: Record<string, unknown>,
  props: Record<string, unknown> = {},
) => recordOutput.parse(await run('create_record', { collection, moreValues, ...props }));
const list = async (collection: string, props: Record<string, unknown> = {}) =>
  listOutput.parse(await run('list_records', { collection, ...props }));

test('a record is created, read, changed and deleted; changing and deleting twice is the same as once', async () => {
  const collection = await makeCollection();
  const { record } = await create(
    collection,
    { code: 'a', stage: 'new' },
    { values: { amount: 12.5, note: '' } },
  );
  const recordId = String(record.id);
  const read = () => run('get_record', { collection, recordId });
  expect(await read()).toMatchObject({
    found: true,
    record: { code: 'a', amount: 12.5, stage: 'new', note: null },
  });
  const change = () => run('update_record', { collection, recordId, moreValues: { stage: 'won' } });
  for (const result of [await change(), await change()]) {
    expect(result).toMatchObject({ record: { code: 'a', stage: 'won' } });
  }
  expect(await run('delete_record', { collection, recordId })).toEqual({ deleted: true });
  expect(await run('delete_record', { collection, recordId })).toEqual({ deleted: false });
  expect(await run('get_record', { collection, recordId, mayBeMissing: true })).toEqual({
    found: false,
    record: null,
  });
  expect((await failureOf(read())).code).toBe('BIZ_NOCOBASE_RECORD_MISSING');
  const error = await failureOf(run('update_record', { collection, recordId, moreValues: { stage: 'new' } }));
  expect(error.code).toBe('BIZ_NOCOBASE_RECORD_MISSING');
});

test('upsert creates once, then updates, also when many run at once', async () => {
  const collection = await makeCollection();
  const upsert = (amount: number) =>
    run('upsert_record', { collection, uniqueField: 'code', moreValues: { code: 'same', amount } });
  expect(await upsert(1)).toMatchObject({ created: true, record: { amount: 1 } });
  expect(await upsert(2)).toMatchObject({ created: false, record: { amount: 2 } });
  const race = Array.from({ length: 6 }, (_, amount) =>
    run('upsert_record', { collection, uniqueField: 'code', moreValues: { code: 'race', amount } }),
  );
  const results = await Promise.all(race);
  expect(
    results.filter((result) => z.looseObject({ created: z.boolean() }).parse(result).created),
  ).toHaveLength(1);
  expect((await list(collection)).total).toBe(2);
});

test('upsert refuses a field that does not tell records apart', async () => {
  const collection = await makeCollection();
  await create(collection, { code: 'a', stage: 'new' });
  await create(collection, { code: 'b', stage: 'new' });
  const upsert = (moreValues: Record<string, unknown>) =>
    failureOf(run('upsert_record', { collection, uniqueField: 'stage', moreValues }));
  expect((await upsert({ stage: 'new', amount: 1 })).code).toBe('BIZ_NOCOBASE_AMBIGUOUS');
  expect((await upsert({ amount: 1 })).code).toBe('BIZ_INPUT_INVALID');
});

test('creating unless it exists keeps the existing record as it is', async () => {
  const collection = await makeCollection();
  const props = { uniqueField: 'code' };
  await create(collection, { code: 'a', amount: 1 }, props);
  expect(await create(collection, { code: 'a', amount: 2 }, props)).toMatchObject({
    created: false,
    record: { amount: 1 },
  });
  const error = await failureOf(create(collection, { code: 'a' }));
  expect(error.code).toBe('BIZ_NOCOBASE_DUPLICATE');
});

test('lists with filter, order, fields and paging beyond one request', async () => {
  const collection = await makeCollection();
  const codes = Array.from({ length: 23 }, (_, n) => `c${String(n).padStart(2, '0')}`);
  for (const [amount, code] of codes.entries()) await create(collection, { code, amount });
  const filtered = await list(collection, {
    filter: { amount: { $gte: 20 } },
    sort: ['-amount'],
    fields: ['code'],
  });
  expect(filtered).toMatchObject({ count: 3, total: 3 });
  expect(filtered.records.map((record) => record.code)).toEqual(['c22', 'c21', 'c20']);
  expect(Object.keys(filtered.records[0] ?? {})).not.toContain('amount');
  const seen: unknown[] = [];
  for (const page of [1, 2, 3]) {
    const { records } = await list(collection, { sort: ['code'], limit: 10, page });
    seen.push(...records.map((record) => record.code));
  }
  expect(seen).toEqual(codes);
  expect((await list(collection, { limit: 10_000 })).count).toBe(23);
  expect((await list(collection, { filter: '{"code": "c05"}' })).count).toBe(1);
  expect(await list(collection, { filter: { code: 'none' } })).toMatchObject({ count: 0, records: [] });
});

test('more than one request of 200 is read to the end', async () => {
  const collection = await makeCollection();
  const rows = Array.from({ length: 251 }, (_, n) => ({ code: `r${n}` }));
  await adminClient().call({
    method: 'POST',
    action: `${collection}:create`,
    body: rows,
    schema: z.unknown(),
  });
  expect(await list(collection, { limit: 1000 })).toMatchObject({ count: 251, total: 251 });
  expect(await list(collection, { limit: 249, page: 2 })).toMatchObject({ count: 2 });
});

test('any action can be called', async () => {
  const collection = await makeCollection();
  expect(await run('run_action', { action: `${collection}:create`, body: { code: 'x' } })).toMatchObject({
    data: { code: 'x' },
  });
  expect(
    await run('run_action', {
      action: `${collection}:list`,
      method: 'GET',
      query: { filter: { code: 'x' }, pageSize: 5 },
    }),
  ).toMatchObject({ data: [{ code: 'x' }], meta: { count: 1 } });
  const call = (action: string) => failureOf(run('run_action', { action }));
  expect((await call('noSuchThing:do')).code).toBe('BIZ_NOCOBASE_NOT_FOUND');
  expect((await call('users')).code).toBe('BIZ_INPUT_INVALID');
  expect((await call('../../etc:passwd')).code).toBe('BIZ_INPUT_INVALID');
});

test('lists collections with their fields', async () => {
  const collection = await makeCollection();
  const output = z
    .looseObject({ collections: z.array(z.looseObject({ name: z.string() })) })
    .parse(await run('list_collections', {}));
  expect(output.collections.find(({ name }) => name === collection)).toMatchObject({
    key: 'id',
    fields: expect.arrayContaining([
      { name: 'code', title: 'Code', type: 'string', unique: true },
    ]) as unknown,
  });
});

test('uploads a file', async () => {
  const text = `hello ${randomUUID()} ä`;
  const file = `data:text/plain;base64,${Buffer.from(text).toString('base64')}`;
  const output = z
    .looseObject({ id: z.union([z.number(), z.string()]), url: z.string(), size: z.number() })
    .parse(await run('upload_file', { file, fileName: 'note.txt' }));
  expect(output).toMatchObject({ title: 'note', extname: '.txt', size: Buffer.byteLength(text) });
});

test.each([
  ['an unknown field', { nosuch: 1 }, 'nosuch'],
  ['a text in a number field', { amount: 'a lot' }, 'amount'],
  ['no values', {}, 'No values'],
  ['broken JSON', '{"code"', 'not valid JSON'],
])('refuses %s, which NocoBase would drop without a word', async (_, moreValues, part) => {
  const collection = await makeCollection();
  const error = await failureOf(run('create_record', { collection, moreValues }));
  expect(error.code).toBe('BIZ_INPUT_INVALID');
  expect(error.message).toContain(part);
  expect((await list(collection)).total).toBe(0);
});

test('HTML, SQL and 1 MB of text are stored as they are', async () => {
  const collection = await makeCollection();
  const note = `<script>alert(1)</script>'; DROP TABLE users; --${'ü'.repeat(500_000)}`;
  const { record } = await create(collection, { code: "x' OR 1=1", note });
  const read = z.looseObject({ record: z.looseObject({ note: z.string() }) });
  const { record: stored } = read.parse(await run('get_record', { collection, recordId: String(record.id) }));
  expect(stored.note === note).toBe(true);
  expect((await list(collection, { filter: { code: "x' OR 1=1" } })).count).toBe(1);
});

test('unknown collection, missing permission and an unreachable server are told apart', async () => {
  expect((await failureOf(list('no_such_collection'))).code).toBe('BIZ_NOCOBASE_NOT_FOUND');
  expect((await failureOf(list('users:destroy'))).code).toBe('BIZ_INPUT_INVALID');
  const limited = await limitedAccount();
  const error = await failureOf(
    run('create_record', { collection: 'roles', moreValues: { name: 'evil' } }, limited),
  );
  expect(error.code).toBe('BIZ_NOCOBASE_FORBIDDEN');
  const auth = { ...connection(), url: await closedUrl() };
  expect((await failureOf(run('list_collections', {}, auth))).code).toBe('BIZ_NOCOBASE_UNREACHABLE');
});

test('a notification needs a key and either roles or users', async () => {
  const notify = (props: Record<string, unknown>) =>
    failureOf(run('notify_user', { key: 'k', title: 'Hello', ...props }));
  expect((await notify({})).message).toContain('roles or users');
  expect((await notify({ roles: ['admin'], users: ['1'] })).message).toContain('not both');
  expect((await notify({ roles: ['admin'], key: ' ' })).message).toContain('Key');
});

test('a notification is sent once for each key; what the plugin refuses is told in its words', async () => {
  const key = `test/${randomUUID()}`;
  const notify = (props: Record<string, unknown> = {}) =>
    run('notify_user', { key, users: ['admin'], title: 'Hello', body: 'A new lead', ...props });
  expect(await notify()).toMatchObject({ data: { key, sent: 1, repeated: false } });
  expect(await notify()).toMatchObject({ data: { key, sent: 0, repeated: true } });
  const error = await failureOf(notify({ key: `${key}/2`, url: 'javascript:alert(1)' }));
  expect(error.code).toBe('BIZ_NOCOBASE_REQUEST_INVALID');
  expect(error.message).toContain('Give a path that starts with /');
});

test('a field that was added a moment ago can be used at once', async () => {
  const collection = await makeCollection();
  await create(collection, { code: 'a' });
  await run('run_action', {
    action: `collections/${collection}/fields:create`,
    body: { name: 'fresh', type: 'string', interface: 'input', uiSchema: { title: 'Fresh' } },
  });
  expect(await create(collection, { code: 'b', fresh: 'new' })).toMatchObject({ record: { fresh: 'new' } });
});
