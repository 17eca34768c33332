import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { isBizError } from '@bizstack/contracts';
import { testFacts } from '@bizstack/native/testing';
import { actionOf, runAction } from '@bizstack/piece-testkit';
import { z } from 'zod';
import { nocobase } from '../src';
import { NocoBaseClient, type NocoBaseSettings } from '../src/lib/client';

/** Real servers on a busy machine take longer than Jest's five seconds. */
jest.setTimeout(60_000);

/** The administrator of the test server. */
export function connection(): NocoBaseSettings {
  const facts = testFacts('nocobase');
  return { url: facts['url'] ?? '', account: facts['email'], password: facts['password'] };
}

export function adminClient(): NocoBaseClient {
  return clientFor(connection());
}

export function clientFor(settings: NocoBaseSettings): NocoBaseClient {
  return new NocoBaseClient(settings);
}

/** Runs an action of the piece against the test server. */
export async function run(
  name: string,
  props: Record<string, unknown>,
  auth: NocoBaseSettings = connection(),
): Promise<unknown> {
  const { output } = await runAction(actionOf(nocobase, name), { auth: { ...auth }, props });
  return output;
}

/** Makes a collection for one test: code (unique text), amount (number), stage (choice), done, due. */
export async function makeCollection(): Promise<string> {
  const name = `t_${randomUUID().replaceAll('-', '').slice(0, 16)}`;
  const field = (parts: Record<string, unknown>) => ({ interface: 'input', ...parts });
  await adminClient().call({
    method: 'POST',
    action: 'collections:create',
    body: {
      name,
      title: `Test ${name}`,
      autoGenId: true,
      createdAt: true,
      updatedAt: true,
      filterTargetKey: 'id',
      fields: [
        field({ name: 'code', type: 'string', unique: true, uiSchema: { title: 'Code' } }),
        field({
          name: 'amount',
          type: 'double',
          interface: 'number',
          uiSchema: { title: '{{t("Amount")}}' },
        }),
        field({
          name: 'stage',
          type: 'string',
          interface: 'select',
          uiSchema: {
            title: 'Stage',
            enum: [
              { label: 'New', value: 'new' },
              { label: 'Won', value: 'won' },
            ],
          },
        }),
        field({ name: 'done', type: 'boolean', interface: 'checkbox', uiSchema: { title: 'Done' } }),
        field({ name: 'due', type: 'datetimeTz', interface: 'datetime', uiSchema: { title: 'Due' } }),
        field({ name: 'note', type: 'text', interface: 'textarea', uiSchema: { title: 'Note' } }),
      ],
    },
    schema: z.unknown(),
  });
  return name;
}

/** An account whose role may do nothing but sign in. */
export async function limitedAccount(): Promise<NocoBaseSettings> {
  const account = `user_${randomUUID().slice(0, 8)}`;
  const password = randomUUID();
  await run('create_record', {
    collection: 'users',
    moreValues: { username: account, password, roles: ['member'] },
  });
  return { url: connection().url, account, password };
}

/** The coded error that the work throws. */
export async function failureOf(work: Promise<unknown>) {
  try {
    await work;
  } catch (error) {
    if (isBizError(error)) return error;
    throw error;
  }
  throw new Error('It did not fail.');
}

/** Any HTTP server on a free loopback port. */
export async function listen(
  handle: (request: IncomingMessage, response: ServerResponse) => void | Promise<void>,
): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A URL where nothing listens. */
export async function closedUrl(): Promise<string> {
  const server = await listen((_, response) => void response.end());
  await server.close();
  return server.url;
}
