import { runDynamicProps, runOptions, validateAuth } from '@bizstack/piece-testkit';
import { z } from 'zod';
import { listRecordsAction } from '../src/lib/actions/list-records';
import { upsertRecordAction } from '../src/lib/actions/upsert-record';
import { nocobaseAuth } from '../src/lib/auth';
import { NocoBaseClient, type NocoBaseSettings } from '../src/lib/client';
import { adminClient, closedUrl, connection, failureOf, listen, makeCollection } from './support';

async function reason(changes: Partial<NocoBaseSettings>): Promise<string> {
  const result = await validateAuth(nocobaseAuth, { ...connection(), ...changes });
  return result.valid ? 'valid' : result.error;
}

async function makeApiKey(): Promise<string> {
  const { data } = await adminClient().call({
    method: 'POST',
    action: 'apiKeys:create',
    body: { name: 'test', role: { name: 'root' }, expiresIn: '1d' },
    schema: z.looseObject({ data: z.looseObject({ token: z.string() }) }),
  });
  return data.token;
}

describe('validate', () => {
  test('accepts account and password, and an API key', async () => {
    expect(await reason({})).toBe('valid');
    expect(await reason({ apiKey: await makeApiKey(), account: undefined, password: undefined })).toBe(
      'valid',
    );
  });

  test('accepts the address of a page and of the API', async () => {
    expect(await reason({ url: `${connection().url}/admin/abc?x=1` })).toBe('valid');
    expect(await reason({ url: `${connection().url}/api/` })).toBe('valid');
  });

  test('says what is wrong and shows no secret', async () => {
    expect(await reason({ url: await closedUrl() })).toMatch(/refused.*BIZ_NOCOBASE_UNREACHABLE/);
    const password = await reason({ password: 'wrong-password-1' });
    expect(password).toContain('BIZ_NOCOBASE_UNAUTHORIZED');
    const key = await reason({ apiKey: 'wrong-key-1' });
    expect(key).toContain('BIZ_NOCOBASE_UNAUTHORIZED');
    expect(password + key).not.toMatch(/wrong-/);
    expect(await reason({ account: '', password: '' })).toContain('neither an API key nor account');
    expect(await reason({ url: 'nocobase' })).toContain('not a URL');
    expect(await reason({ url: 'http://a:secret@127.0.0.1' })).toContain('user name or password');
  });

  test('recognises another server, and a redirect', async () => {
    const page = await listen((_, response) => void response.end('<html>'));
    const redirect = await listen(
      (_, response) => void response.writeHead(302, { location: 'http://x.test' }).end(),
    );
    try {
      expect(await reason({ url: page.url })).toContain('BIZ_NOCOBASE_ANSWER_UNEXPECTED');
      expect(await reason({ url: redirect.url })).toContain('redirects to http://x.test');
    } finally {
      await page.close();
      await redirect.close();
    }
  });
});

describe('token', () => {
  /** A server that takes only the latest token it gave out, and counts what it is asked. */
  async function tokenServer() {
    const seen = { signIns: 0, calls: 0, expired: false };
    const server = await listen((request, response) => {
      const json = (status: number, body: unknown) =>
        void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      if (request.url === '/api/auth:signIn') {
        seen.signIns += 1;
        seen.expired = false;
        return json(200, { data: { token: `token-${seen.signIns}` } });
      }
      seen.calls += 1;
      const valid = !seen.expired && request.headers.authorization === `Bearer token-${seen.signIns}`;
      return valid
        ? json(200, { data: [] })
        : json(401, { errors: [{ message: 'expired', code: 'INVALID_TOKEN' }] });
    });
    const client = new NocoBaseClient({ url: server.url, account: 'a', password: 'b' });
    const call = () => client.call({ action: 'x:list', schema: z.unknown(), repeatable: true });
    return { ...server, seen, call };
  }

  test('is asked for once by many runs, and renewed when it is refused', async () => {
    const server = await tokenServer();
    try {
      await Promise.all([server.call(), server.call(), server.call()]);
      expect(server.seen.signIns).toBe(1);
      server.seen.expired = true;
      await server.call();
      expect(server.seen).toMatchObject({ signIns: 2, calls: 5 });
    } finally {
      await server.close();
    }
  });
});

describe('retries', () => {
  async function flakyServer(answers: { status: number; body: unknown }[]) {
    const seen = { calls: 0 };
    const server = await listen((_, response) => {
      const answer = answers[seen.calls] ?? { status: 200, body: { data: 'ok' } };
      seen.calls += 1;
      response
        .writeHead(answer.status, { 'content-type': 'application/json' })
        .end(JSON.stringify(answer.body));
    });
    const client = new NocoBaseClient({ url: server.url, apiKey: 'key' });
    const call = (repeatable: boolean) =>
      client.call({ method: 'POST', action: 'x:do', body: {}, schema: z.unknown(), repeatable });
    return { ...server, seen, call };
  }
  const busy = { status: 502, body: { errors: [{ message: 'bad gateway' }] } };
  const starting = {
    status: 200,
    body: { error: { status: 503, maintaining: true, code: 'APP_COMMANDING' } },
  };

  test('repeat a repeatable call, never another one', async () => {
    const first = await flakyServer([busy]);
    const second = await flakyServer([busy]);
    try {
      expect(await first.call(true)).toEqual({ data: 'ok' });
      expect((await failureOf(second.call(false))).code).toBe('BIZ_NOCOBASE_UNAVAILABLE');
      expect([first.seen.calls, second.seen.calls]).toEqual([2, 1]);
    } finally {
      await first.close();
      await second.close();
    }
  });

  test('take a connection that ends without an answer for what it is', async () => {
    const seen = { calls: 0 };
    const server = await listen((request, response) => {
      seen.calls += 1;
      if (seen.calls > 1 && request.url === '/api/x:once') return void response.end('{"data":1}');
      request.socket.destroy();
    });
    try {
      const client = new NocoBaseClient({ url: server.url, apiKey: 'key' });
      const call = (action: string, repeatable: boolean) =>
        client.call({ method: 'POST', action, body: {}, schema: z.unknown(), repeatable });
      expect((await failureOf(call('x:create', false))).code).toBe('BIZ_NOCOBASE_CONNECTION_LOST');
      expect(seen.calls).toBe(1);
      expect(await call('x:once', true)).toEqual({ data: 1 });
    } finally {
      await server.close();
    }
  });

  test('wait for a server that is starting, whatever the call', async () => {
    const server = await flakyServer([starting, starting]);
    const forever = await flakyServer([starting, starting, starting]);
    try {
      expect(await server.call(false)).toEqual({ data: 'ok' });
      expect((await failureOf(forever.call(false))).code).toBe('BIZ_NOCOBASE_STARTING');
    } finally {
      await server.close();
      await forever.close();
    }
  });
});

describe('forms', () => {
  test('dropdowns list collections, fields and unique fields first', async () => {
    const collection = await makeCollection();
    const auth = { ...connection() };
    const ask = (action: typeof listRecordsAction | typeof upsertRecordAction, property: string) =>
      runOptions(action, { property, auth, input: { collection } });
    const collections = await ask(listRecordsAction, 'collection');
    expect(collections.options).toContainEqual({
      label: `Test ${collection} (${collection})`,
      value: collection,
    });
    expect((await ask(listRecordsAction, 'fields')).options).toContainEqual({
      label: 'Amount',
      value: 'amount',
    });
    expect((await ask(upsertRecordAction, 'uniqueField')).options[0]).toEqual({
      label: 'Code',
      value: 'code',
    });
  });

  test('a form is made from the fields of the collection', async () => {
    const collection = await makeCollection();
    const ask = (input: Record<string, unknown>) =>
      runDynamicProps(upsertRecordAction, { property: 'values', auth: { ...connection() }, input });
    const form = await ask({ collection });
    expect(Object.fromEntries(Object.entries(form).map(([name, { type }]) => [name, type]))).toEqual({
      code: 'SHORT_TEXT',
      amount: 'NUMBER',
      stage: 'STATIC_DROPDOWN',
      done: 'CHECKBOX',
      due: 'DATE_TIME',
      note: 'LONG_TEXT',
    });
    expect(form['amount']).toMatchObject({ displayName: 'Amount', required: false });
    expect(await ask({ collection: 'no_such' })).toEqual({});
    expect(await ask({})).toEqual({});
  });

  test('dropdowns show the reason instead of failing', async () => {
    const ask = (auth?: NocoBaseSettings) =>
      runOptions(listRecordsAction, { property: 'collection', auth: auth && { ...auth }, input: {} });
    expect(await ask()).toMatchObject({ disabled: true, options: [] });
    const wrong = await ask({ ...connection(), password: 'wrong-password-2' });
    expect(wrong).toMatchObject({ disabled: true, options: [] });
    expect(wrong.placeholder).toContain('BIZ_NOCOBASE_UNAUTHORIZED');
  });
});
