import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ContentPublishing, ContentPublishingInput } from '../src/client';
import { type Bed, newId, openBed } from './support/bed';
import { failureOf } from './support/failure';
import { until } from './support/until';

let bed: Bed;
let server: Server;
let base = '';
const posts = new Map<string, { keys: Set<string>; bodies: string[] }>();
/** Paths that answer with this status until it is taken away. */
const broken = new Map<string, number>();

beforeAll(async () => {
  server = createServer((request, response) => {
    const path = request.url ?? '';
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const status = broken.get(path);
      if (status !== undefined) return void response.writeHead(status).end('broken');
      const seen = posts.get(path) ?? { keys: new Set(), bodies: [] };
      seen.keys.add(String(request.headers['idempotency-key']));
      seen.bodies.push(Buffer.concat(parts).toString());
      posts.set(path, seen);
      return void response.writeHead(201).end(JSON.stringify({ url: `https://example.com${path}` }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  bed = await openBed({ WORKFLOWS_PUBLISH_ORIGINS: base });
}, 180_000);

afterAll(async () => {
  await bed?.close();
  server.closeAllConnections();
  server.close();
});

async function start(changes: Partial<ContentPublishingInput> = {}): Promise<ContentPublishing> {
  const itemId = newId('item');
  const workflow = await bed.workflows.startContentPublishing(
    {
      itemId,
      title: 'First',
      body: 'Text',
      author: 'ann',
      reviewers: ['ann', 'bob', 'cem'],
      targets: [
        { name: 'blog', url: `${base}/${itemId}/blog` },
        { name: 'news', url: `${base}/${itemId}/news` },
      ],
      ...changes,
    },
    { workflowId: newId('content'), taskQueue: bed.taskQueue },
  );
  await until('the review', async () => (await workflow.state()).revision === 1);
  return workflow;
}

it('revises, approves and publishes to every target', async () => {
  const workflow = await start({ required: 2 });
  expect(await failureOf(workflow.update('approve', { by: 'ann' }))).toMatchObject({
    type: 'BIZ_REVIEW_REFUSED',
  });
  await workflow.update('approve', { by: 'bob' });
  await workflow.update('requestRevision', { by: 'cem', comment: 'shorter' });
  expect(await workflow.waitingFor()).toMatchObject({ waitingFor: 'revision', author: 'ann' });
  const revised = await workflow.update('submitRevision', { by: 'ann', title: 'Second', body: 'Short' });
  expect(revised).toMatchObject({ stage: 'in_review', revision: 2, approvedBy: [] });
  await workflow.update('approve', { by: 'cem' });
  await workflow.update('approve', { by: 'bob' });
  const { itemId } = await workflow.state();
  expect(await workflow.result()).toMatchObject({
    outcome: 'published',
    targets: [
      { name: 'blog', status: 'published', url: `https://example.com/${itemId}/blog` },
      { name: 'news', status: 'published' },
    ],
  });
  expect(JSON.parse(posts.get(`/${itemId}/blog`)?.bodies[0] ?? '')).toMatchObject({
    title: 'Second',
    body: 'Short',
  });
  expect(await bed.books.events(workflow.workflowId)).toEqual([
    'content.item.requested',
    'content.item.approved',
    'content.item.published',
    'content.item.published',
  ]);
});

it('tries a target that fails on its own, and leaves the other alone', async () => {
  const workflow = await start({ publishAt: '2999-01-01T00:00:00Z' });
  const { itemId } = await workflow.state();
  broken.set(`/${itemId}/news`, 503);
  await workflow.update('approve', { by: 'bob' });
  await workflow.signal('publishNow', { by: 'bob' });
  await until('the other target', async () => posts.has(`/${itemId}/blog`));
  broken.set(`/${itemId}/news`, 422);
  await until('the decision', async () => (await workflow.state()).stage === 'partly_published');
  expect((await workflow.state()).targets[1]?.error).toContain('422');
  broken.delete(`/${itemId}/news`);
  await workflow.update('retryTargets', { by: 'bob' });
  expect(await workflow.result()).toMatchObject({ outcome: 'published' });
  expect(posts.get(`/${itemId}/blog`)?.bodies).toHaveLength(1);
});

it('sends nothing to an origin that is not allowed', async () => {
  const workflow = await start({ targets: [{ name: 'other', url: 'http://127.0.0.1:1/x' }] });
  await workflow.update('approve', { by: 'cem' });
  await until('the decision', async () => (await workflow.state()).stage === 'partly_published');
  expect((await workflow.state()).targets[0]?.error).toContain('WORKFLOWS_PUBLISH_ORIGINS');
  await workflow.update('acceptPartial', { by: 'cem' });
  expect(await workflow.result()).toMatchObject({ outcome: 'partly_published' });
});

it('ends when it is rejected', async () => {
  const workflow = await start();
  await workflow.update('reject', { by: 'bob', reason: 'off topic' });
  expect(await workflow.result()).toMatchObject({ outcome: 'rejected' });
});
