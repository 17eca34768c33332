import { randomUUID } from 'node:crypto';
import { testFacts } from '@bizstack/native/testing';
import { type MeasuredPair, measureRates, measureTimes, runAction } from '@bizstack/piece-testkit';
import { searchPointsAction } from '../src/lib/actions/search-points';
import { upsertPointsAction } from '../src/lib/actions/upsert-points';

/** Points of the large upsert; fewer by BIZSTACK_BENCH_POINTS where time is short. */
const MANY = Number(process.env['BIZSTACK_BENCH_POINTS'] ?? 100_000);
const FEW = Math.min(2000, MANY);
const SIZE = 384;
/** What a hand-written loop does best with: the largest chunks and the most requests that the piece allows. */
const CHUNK = 256;
const PARALLEL = 4;

interface Point {
  id: number;
  vector: number[];
  payload: Record<string, unknown>;
}

/** The piece's steps beside plain `fetch`, against the same server. */
export async function bench(): Promise<MeasuredPair[]> {
  const { url = '', apiKey = '' } = testFacts('qdrant');
  const auth = { url, apiKey };
  const request = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { 'api-key': apiKey, 'content-type': 'application/json' },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const json: unknown = await response.json();
    if (!response.ok) throw new Error(`${method} ${path}: ${JSON.stringify(json).slice(0, 300)}`);
    return json;
  };
  const collections = { ours: uniqueName(), reference: uniqueName() };
  for (const name of Object.values(collections)) {
    // Building an index beside the upserts would be measured too, at a moment of the server's choice.
    const optimizers_config = { indexing_threshold: 10_000_000 };
    await request('PUT', `/collections/${name}`, {
      vectors: { size: SIZE, distance: 'Cosine' },
      optimizers_config,
    });
  }
  const points = Array.from({ length: MANY }, (_, id) => ({ id, vector: vectorOf(id), payload: { n: id } }));
  const byPiece = (some: Point[], batchSize: number, parallel: number) =>
    // The engine's own handling of props is not what is measured.
    runAction(upsertPointsAction, {
      auth,
      props: { collection: collections.ours, points: some, batchSize, parallel },
      processProps: false,
    });
  const put = (some: readonly Point[]) =>
    request('PUT', `/collections/${collections.reference}/points?wait=true`, { points: some });
  const few = points.slice(0, FEW);

  const pairs = [
    await measureRates({
      name: `upsert_points, ${MANY.toLocaleString('en')} points of ${SIZE} a call, beside a loop by hand`,
      unit: 'points',
      amount: MANY,
      rounds: 3,
      warmUp: 0,
      ours: () => byPiece(points, CHUNK, PARALLEL),
      reference: () => inChunks(points, put),
    }),
    await measureRates({
      name: `upsert_points, ${FEW.toLocaleString('en')} points in parallel chunks beside one request`,
      unit: 'points',
      amount: FEW,
      rounds: 5,
      ours: () => byPiece(few, CHUNK, PARALLEL),
      reference: () => put(few),
    }),
    ...(await measureTimes({
      name: 'search_points by vector, 10 of the points',
      rounds: 100,
      warmUp: 10,
      ours: (round) =>
        runAction(searchPointsAction, {
          auth,
          props: { collection: collections.ours, vector: vectorOf(round), limit: 10 },
          processProps: false,
        }),
      reference: (round) =>
        request('POST', `/collections/${collections.reference}/points/query`, {
          query: vectorOf(round),
          limit: 10,
          with_payload: true,
        }),
    })),
  ];
  for (const name of Object.values(collections)) await request('DELETE', `/collections/${name}`);
  return pairs;
}

async function inChunks(
  points: readonly Point[],
  put: (some: readonly Point[]) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < points.length) {
      const start = next;
      next += CHUNK;
      await put(points.slice(start, start + CHUNK));
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
}

/** The same numbers for the same seed, with six digits as models give them. */
function vectorOf(seed: number): number[] {
  return Array.from(
    { length: SIZE },
    (_, n) => Math.round(Math.sin(seed * 12.9898 + n * 78.233) * 1e6) / 1e6,
  );
}

function uniqueName(): string {
  return `bench_${randomUUID().replaceAll('-', '')}`;
}
