import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isBizError } from '@bizstack/contracts';
import { testFacts } from '@bizstack/native/testing';
import { actionOf, runAction } from '@bizstack/piece-testkit';
import { z } from 'zod';
import { qdrant } from '../src';
import type { QdrantAuthProps } from '../src/lib/auth';

/** Real servers on a busy machine take longer than Jest's five seconds. */
jest.setTimeout(60_000);

/** The test servers' connection. */
export function connection(): QdrantAuthProps & { url: string; apiKey: string } {
  const server = testFacts('qdrant');
  const embeddings = testFacts('embeddings');
  return {
    url: server['url'] ?? '',
    apiKey: server['apiKey'] ?? '',
    embeddingsUrl: embeddings['url'],
    embeddingsApiKey: embeddings['apiKey'],
    embeddingsModel: embeddings['model'],
    embeddingsDimensions: undefined,
  };
}

/** A collection name of its own for each test. */
export function uniqueName(): string {
  return `test_${randomUUID().replaceAll('-', '')}`;
}

/** Runs an action of the piece against the test servers. */
export async function run(
  name: string,
  props: Record<string, unknown>,
  auth: QdrantAuthProps = connection(),
): Promise<unknown> {
  const { output } = await runAction(actionOf(qdrant, name), { auth, props });
  return output;
}

const pointSchema = z.looseObject({
  id: z.union([z.string(), z.number()]),
  score: z.number().optional(),
  payload: z.record(z.string(), z.unknown()).nullish(),
});
const pointsSchema = z.looseObject({ count: z.number(), points: z.array(pointSchema) });

/** The points in the output of an action. */
export async function pointsOf(...parameters: Parameters<typeof run>) {
  return pointsSchema.parse(await run(...parameters)).points;
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

export interface FakeEmbeddings {
  url: string;
  /** Bodies of the requests so far. */
  requests: { input: string[] }[];
  close(): Promise<void>;
}

const requestSchema = z.looseObject({ input: z.array(z.string()) });

/**
 * A fake of an embeddings provider, for answers that a working one does not give: `answer` says what the
 * n-th request gets; undefined means three-dimensional vectors.
 */
export async function fakeEmbeddings(
  answer: (
    attempt: number,
  ) => { status: number; body: unknown; headers?: Record<string, string> } | undefined,
): Promise<FakeEmbeddings> {
  const requests: { input: string[] }[] = [];
  return listen(async (request, response) => {
    const body = requestSchema.parse(JSON.parse(await readBody(request)));
    requests.push(body);
    const data = body.input.map((text, index) => ({ index, embedding: [text.length, 1, 0] }));
    const {
      status,
      body: json,
      headers,
    } = answer(requests.length) ?? { status: 200, body: { data: data.reverse() } };
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(json));
  }).then((server) => ({ ...server, requests }));
}

/** Any HTTP server on a free loopback port. */
export async function listen(
  handle: (request: IncomingMessage, response: ServerResponse) => void | Promise<void>,
): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${portOf(server)}`, close: () => closeServer(server) };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks).toString();
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

/** A port on which nothing listens. */
export async function closedUrl(): Promise<string> {
  const server = await listen((_, response) => void response.end());
  await server.close();
  return server.url;
}
