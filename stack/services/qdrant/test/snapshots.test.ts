import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { API_KEY, TestServer, errorOf, uniqueName } from './server';

let server: TestServer;

beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.endAndRemove());

async function filled(): Promise<string> {
  const name = uniqueName('käse');
  await server.client.createCollection(name, {
    vectors: { v: { size: 2, distance: 'Dot' } },
    sparse_vectors: { s: {} },
  });
  await server.client.createPayloadIndex(name, { wait: true, field_name: 'n', field_schema: 'integer' });
  const points = [1, 2, 3].map((id) => ({
    id,
    vector: { v: [id, 0], s: { indices: [id], values: [1] } },
    payload: { n: id },
  }));
  await server.client.upsert(name, { wait: true, points });
  return name;
}

async function download(collection: string, snapshot: string): Promise<Buffer> {
  const response = await fetch(
    `${server.url}/collections/${encodeURIComponent(collection)}/snapshots/${snapshot}`,
    { headers: { 'api-key': API_KEY } },
  );
  expect(response.status).toBe(200);
  return Buffer.from(await response.arrayBuffer());
}

async function upload(
  collection: string,
  content: Buffer,
  query = '',
): Promise<{ status: number; error: string }> {
  const form = new FormData();
  form.append('snapshot', new Blob([new Uint8Array(content)]), 'x.snapshot');
  const response = await fetch(
    `${server.url}/collections/${encodeURIComponent(collection)}/snapshots/upload${query}`,
    {
      method: 'POST',
      headers: { 'api-key': API_KEY },
      body: form,
    },
  );
  const body = (await response.json()) as { status: string | { error: string } };
  return { status: response.status, error: typeof body.status === 'object' ? body.status.error : '' };
}

test('create, list, download, recover, delete', async () => {
  const { client } = server;
  const name = await filled();
  const before = await client.scroll(name, { with_vector: true });
  const snapshot = await client.createSnapshot(name);
  expect(snapshot).toMatchObject({
    name: expect.stringMatching(/\.snapshot$/) as string,
    size: expect.any(Number) as number,
  });
  expect(await client.listSnapshots(name)).toEqual([snapshot]);
  const content = await download(name, snapshot?.name ?? '');
  expect(content).toHaveLength(snapshot?.size ?? -1);
  expect(createHash('sha256').update(content).digest('hex')).toBe(snapshot?.checksum);

  await client.delete(name, { wait: true, points: [1, 2] });
  await client.upsert(name, { wait: true, points: [{ id: 9, vector: { v: [9, 9] } }] });
  expect(await upload(name, content, `?checksum=${snapshot?.checksum}&priority=snapshot`)).toEqual({
    status: 200,
    error: '',
  });
  expect(await client.scroll(name, { with_vector: true })).toEqual(before);
  expect((await client.getCollection(name)).payload_schema['n']).toMatchObject({ points: 3 });

  expect(await client.deleteSnapshot(name, snapshot?.name ?? '')).toBe(true);
  expect(await client.listSnapshots(name)).toEqual([]);
  expect(
    (await server.send('GET', `/collections/${encodeURIComponent(name)}/snapshots/${snapshot?.name}`)).status,
  ).toBe(404);
});

test('a snapshot makes a new collection, and brings a deleted one back', async () => {
  const { client } = server;
  const [name, copy] = [await filled(), uniqueName()];
  const snapshot = await client.createSnapshot(name);
  const content = await download(name, snapshot?.name ?? '');
  expect((await upload(copy, content)).status).toBe(200);
  expect((await client.count(copy)).count).toBe(3);
  await client.deleteCollection(name);
  const directory = createHash('sha256').update(name).digest('hex').slice(0, 32);
  const location = `file://${join(server.storage, 'snapshots', directory, snapshot?.name ?? '')}`;
  expect(await client.recoverSnapshot(name, { location })).toBe(true);
  expect((await client.count(name)).count).toBe(3);
  await client.upsert(name, { wait: true, points: [{ id: 4, vector: { v: [1, 1] } }] });
  expect((await client.count(name)).count).toBe(4);
});

test('a snapshot that writers interleave is of one moment', async () => {
  const { client } = server;
  const name = uniqueName();
  await client.createCollection(name, { vectors: { size: 2, distance: 'Dot' } });
  let writing = true;
  let written = 0;
  const writer = (async () => {
    while (writing) {
      written += 1;
      await client.upsert(name, { wait: true, points: [{ id: written, vector: [1, written] }] });
    }
  })();
  const copies: string[] = [];
  for (let round = 0; round < 3; round += 1) {
    const snapshot = await client.createSnapshot(name);
    const copy = uniqueName();
    expect((await upload(copy, await download(name, snapshot?.name ?? ''))).status).toBe(200);
    copies.push(copy);
  }
  writing = false;
  await writer;
  for (const copy of copies) {
    const { points } = await client.scroll(copy, { limit: 100_000 });
    // The writer counts up: a copy of one moment has no gap.
    expect(points.map((point) => point.id)).toEqual(points.map((_, i) => i + 1));
  }
});

test('what is no snapshot is refused and leaves the collection as it was', async () => {
  const name = await filled();
  const snapshot = await server.client.createSnapshot(name);
  const content = await download(name, snapshot?.name ?? '');
  expect(await upload(name, Buffer.from('not a snapshot'))).toMatchObject({ status: 400 });
  expect(await upload(name, content.subarray(0, content.length / 2))).toMatchObject({ status: 400 });
  expect(await upload(name, content, `?checksum=${'0'.repeat(64)}`)).toMatchObject({
    status: 400,
    error: expect.stringContaining('checksum') as string,
  });
  const outside = join(server.storage, 'outside.snapshot');
  writeFileSync(outside, content);
  for (const location of [
    `file://${outside}`,
    'file:///etc/passwd',
    `file://${join(server.storage, 'snapshots', '..', 'outside.snapshot')}`,
  ]) {
    const reply = await server.send('PUT', `/collections/${encodeURIComponent(name)}/snapshots/recover`, {
      location,
    });
    expect([location, reply.status]).toEqual([location, 400]);
  }
  const remote = await server.send('PUT', `/collections/${encodeURIComponent(name)}/snapshots/recover`, {
    location: 'http://127.0.0.1:1/x.snapshot',
  });
  expect([remote.status, errorOf(remote)]).toEqual([501, expect.stringContaining('http')]);
  expect(
    (await server.send('GET', `/collections/${encodeURIComponent(name)}/snapshots/..%2F..%2Faliases.json`))
      .status,
  ).toBe(404);
  expect((await server.client.count(name)).count).toBe(3);
});
