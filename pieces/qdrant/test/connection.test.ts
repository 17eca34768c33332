import { runOptions, validateAuth } from '@bizstack/piece-testkit';
import { qdrantAuth } from '../src/lib/auth';
import { searchPointsAction } from '../src/lib/actions/search-points';
import { facetPayloadAction } from '../src/lib/actions/facet-payload';
import { closedUrl, connection, fakeEmbeddings, listen, run, uniqueName } from './support';

const validate = (changes: Partial<ReturnType<typeof connection>>) =>
  validateAuth(qdrantAuth, { ...connection(), ...changes });

async function reason(changes: Parameters<typeof validate>[0]): Promise<string> {
  const result = await validate(changes);
  return result.valid ? 'valid' : result.error;
}

describe('validate', () => {
  test('accepts the servers, with and without embeddings', async () => {
    expect(await validate({})).toEqual({ valid: true });
    expect(await validate({ embeddingsUrl: undefined })).toEqual({ valid: true });
    expect(await validate({ embeddingsUrl: `${connection().embeddingsUrl}/v1/` })).toEqual({ valid: true });
  });

  test('says that nothing listens', async () => {
    expect(await reason({ url: await closedUrl() })).toMatch(/refused.*BIZ_QDRANT_UNREACHABLE/);
    expect(await reason({ embeddingsUrl: await closedUrl() })).toMatch(/refused.*BIZ_EMBEDDINGS_UNREACHABLE/);
  });

  test('says which key is wrong and shows none', async () => {
    const qdrantReason = await reason({ apiKey: 'wrong-key-1' });
    expect(qdrantReason).toContain('BIZ_QDRANT_UNAUTHORIZED');
    const embeddingsReason = await reason({ embeddingsApiKey: 'wrong-key-2' });
    expect(embeddingsReason).toContain('BIZ_EMBEDDINGS_UNAUTHORIZED');
    expect(qdrantReason + embeddingsReason).not.toMatch(/wrong-key|qk-|ek-/);
  });

  test.each([
    ['qdrant:6333', 'http'],
    ['not a url', 'not a URL'],
    ['ftp://127.0.0.1', 'http'],
    ['http://me:secret@127.0.0.1:6333', 'user name'],
  ])('refuses the URL %s', async (url, part) => {
    const text = await reason({ url });
    expect(text).toContain(part);
    expect(text).not.toContain('secret');
  });

  test('recognises a server that is not Qdrant, and a redirect', async () => {
    const page = await listen((_, response) => void response.end('<html>hello</html>'));
    const redirect = await listen(
      (_, response) => void response.writeHead(301, { location: 'http://x.test' }).end(),
    );
    try {
      expect(await reason({ url: page.url })).toContain('BIZ_QDRANT_ANSWER_UNEXPECTED');
      expect(await reason({ embeddingsUrl: page.url })).toContain('BIZ_EMBEDDINGS_ANSWER_UNEXPECTED');
      expect(await reason({ url: redirect.url })).toContain('redirects to http://x.test');
    } finally {
      await page.close();
      await redirect.close();
    }
  });

  test('takes a connection that ends without an answer for what it is', async () => {
    const server = await listen((request) => void request.socket.destroy());
    try {
      expect(await reason({ url: server.url })).toContain('BIZ_QDRANT_CONNECTION_LOST');
    } finally {
      await server.close();
    }
  });

  test('wants a model with the embeddings URL, and the length it was told', async () => {
    expect(await reason({ embeddingsModel: '' })).toContain('model');
    const fake = await fakeEmbeddings(() => undefined);
    try {
      expect(await reason({ embeddingsUrl: fake.url, embeddingsDimensions: 4 })).toMatch(
        /3 dimensions, not 4/,
      );
    } finally {
      await fake.close();
    }
  });
});

describe('dropdowns', () => {
  test('read collections, vector names and indexed fields from the server', async () => {
    const collection = uniqueName();
    await run('create_collection', { collection, size: 3, vectorName: 'title' });
    await run('create_payload_index', { collection, field: 'city', type: 'keyword' });
    const ask = (action: typeof searchPointsAction | typeof facetPayloadAction, property: string) =>
      runOptions(action, { property, auth: connection(), input: { collection } });
    const collections = await ask(searchPointsAction, 'collection');
    expect(collections.options).toContainEqual({ label: collection, value: collection });
    expect((await ask(searchPointsAction, 'vectorName')).options).toEqual([
      { label: 'title', value: 'title' },
    ]);
    expect((await ask(facetPayloadAction, 'field')).options).toEqual([
      { label: 'city (keyword)', value: 'city' },
    ]);
  });

  test('show the reason instead of failing', async () => {
    const ask = (property: string, auth?: ReturnType<typeof connection>) =>
      runOptions(searchPointsAction, { property, auth, input: {} });
    expect(await ask('collection')).toMatchObject({ disabled: true, options: [] });
    expect((await ask('vectorName', connection())).placeholder).toContain('Collection');
    const wrong = await ask('collection', { ...connection(), apiKey: 'wrong-key-3' });
    expect(wrong).toMatchObject({ disabled: true, options: [] });
    expect(wrong.placeholder).toContain('API key');
  });
});
