import { createServer } from 'node:http';
import { isBizError } from '@bizstack/contracts';
import { testFacts } from '@bizstack/native/testing';
import { actionOf, runAction } from '@bizstack/piece-testkit';
import { z } from 'zod';
import { aiAgents } from '../../src';
import { listen, type ScriptedModel } from './scripted-model';

// Real servers on a busy machine.
jest.setTimeout(120_000);

export const KEY = 'sk-scripted-key-0123456789abcdef';

export type Auth = Record<string, string>;

/** A connection to the scripted model, with more parts where they are given. */
export function modelAuth(model: ScriptedModel, more: Auth = {}): Auth {
  return { provider: 'openai-compatible', baseUrl: model.url, apiKey: KEY, model: 'scripted', ...more };
}

/** The test server's PostgreSQL, as an owner of its database. */
export function postgresUrl(): string {
  const facts = testFacts('postgres');
  const url = new URL('postgres://localhost/postgres');
  url.hostname = facts['host'] ?? '';
  url.port = facts['port'] ?? '';
  url.username = facts['admin_user'] ?? '';
  url.password = encodeURIComponent(facts['admin_password'] ?? '');
  return url.href;
}

export function embeddingsAuth(): Auth {
  const { url = '', model = '', apiKey = '' } = testFacts('embeddings');
  return { embeddingsUrl: url, embeddingsModel: model, embeddingsApiKey: apiKey };
}

export function qdrantAuth(): Auth {
  const { url = '', apiKey = '' } = testFacts('qdrant');
  return { qdrantUrl: url, qdrantApiKey: apiKey };
}

export function autogenAuth(): Auth {
  const { url = '', token = '' } = testFacts('autogen');
  return { autogenUrl: url, autogenToken: token };
}

/** Runs an action of the piece. */
export function call(name: string, props: Record<string, unknown>, auth: Auth = { provider: 'none' }) {
  return runAction(actionOf(aiAgents, name), { auth, props });
}

/** An output whose parts are looked at one by one. */
export async function fieldsOf<S extends z.ZodRawShape>(shape: S, ...parameters: Parameters<typeof run>) {
  return z.looseObject(shape).parse(await run(...parameters));
}

/** Output of an action. */
export async function run(name: string, props: Record<string, unknown>, auth?: Auth): Promise<unknown> {
  return (await call(name, props, auth)).output;
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

export interface Receiver {
  url: string;
  bodies: unknown[];
  close(): Promise<void>;
}

/** A server that takes JSON by POST and answers by `answer`, as the webhook of a flow does. */
export async function startReceiver(answer: (body: unknown) => unknown = () => ({})): Promise<Receiver> {
  const bodies: unknown[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body: unknown = JSON.parse(Buffer.concat(chunks).toString());
      bodies.push(body);
      const result = answer(body);
      response.writeHead(result === undefined ? 202 : 200, { 'content-type': 'application/json' });
      response.end(result === undefined ? '' : JSON.stringify(result));
    });
  });
  return { bodies, ...(await listen(server)) };
}
