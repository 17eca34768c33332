import * as fc from 'fast-check';
import { matches, type Condition, type Filter, type Payload } from './reference-filter';
import { TestServer, errorOf, uniqueName } from './server';

let server: TestServer;

beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.endAndRemove());

const WORDS = ['red', 'green', 'blue'];
const DATES = ['2024-01-01T00:00:00Z', '2024-06-15T12:30:00Z', '2025-03-01T08:00:00+02:00'];
const word = fc.constantFrom(...WORDS);
const number = fc.integer({ min: -3, max: 3 });
const orArray = <T>(value: fc.Arbitrary<T>) =>
  fc.oneof(value, fc.array(value, { maxLength: 3 }), fc.constant(null));

const fullPayload: fc.Arbitrary<Payload> = fc.record(
  {
    word: orArray(word),
    n: orArray(number),
    x: orArray(fc.constantFrom(-1.5, 0, 0.25, 2.75)),
    flag: orArray(fc.boolean()),
    at: orArray(fc.constantFrom(...DATES)),
    place: fc.record({ lon: fc.integer({ min: -170, max: 170 }), lat: fc.integer({ min: -80, max: 80 }) }),
    deep: fc.record({ word: orArray(word) }, { requiredKeys: [] }),
    items: fc.array(fc.record({ kind: word, n: number }), { maxLength: 3 }),
  },
  { requiredKeys: [] },
);
/** Points without any payload are a case of their own for the server. */
const payload = fc.oneof(
  { weight: 1, arbitrary: fc.constant<Payload>({}) },
  { weight: 7, arbitrary: fullPayload },
);

const bounds = <T>(value: fc.Arbitrary<T>) =>
  fc
    .record({ gt: value, gte: value, lt: value, lte: value }, { requiredKeys: [] })
    .filter((range) => Object.keys(range).length > 0);
const simple: fc.Arbitrary<Condition> = fc.oneof(
  fc.record({ key: fc.constantFrom('word', 'deep.word'), match: fc.record({ value: word }) }),
  fc.record({
    key: fc.constant('word'),
    match: fc.record({ any: fc.array(word, { minLength: 1, maxLength: 2 }) }),
  }),
  fc.record({
    key: fc.constant('word'),
    match: fc.record({ except: fc.array(word, { minLength: 1, maxLength: 2 }) }),
  }),
  fc.record({ key: fc.constant('n'), match: fc.record({ value: number }) }),
  fc.record({
    key: fc.constant('n'),
    match: fc.record({ any: fc.array(number, { minLength: 1, maxLength: 3 }) }),
  }),
  fc.record({ key: fc.constant('flag'), match: fc.record({ value: fc.boolean() }) }),
  fc.record({ key: fc.constantFrom('n', 'x'), range: bounds(fc.constantFrom(-2, -1.5, 0, 0.25, 1, 2.75)) }),
  fc.record({ key: fc.constant('at'), range: bounds(fc.constantFrom(...DATES)) }),
  fc.record({
    key: fc.constantFrom('word', 'n', 'items'),
    values_count: bounds(fc.integer({ min: 0, max: 3 })),
  }),
  fc.record({ is_empty: fc.record({ key: fc.constantFrom('word', 'n', 'deep', 'deep.word', 'items') }) }),
  fc.record({ is_null: fc.record({ key: fc.constantFrom('word', 'n', 'deep.word') }) }),
  fc.record({ has_id: fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 10 }) }),
  fc.record({
    key: fc.constant('place'),
    geo_radius: fc.record({
      center: fc.record({ lon: fc.integer({ min: -90, max: 90 }), lat: fc.integer({ min: -60, max: 60 }) }),
      radius: fc.integer({ min: 1_000_000, max: 8_000_000 }),
    }),
  }),
  fc.record({
    key: fc.constant('place'),
    geo_bounding_box: fc.record({
      top_left: fc.record({ lon: fc.integer({ min: -170, max: -1 }), lat: fc.integer({ min: 1, max: 80 }) }),
      bottom_right: fc.record({
        lon: fc.integer({ min: 1, max: 170 }),
        lat: fc.integer({ min: -80, max: -1 }),
      }),
    }),
  }),
  fc.record({
    nested: fc.record({
      key: fc.constant('items'),
      filter: fc.record({
        must: fc.array(
          fc.oneof(
            fc.record({ key: fc.constant('kind'), match: fc.record({ value: word }) }),
            fc.record({ key: fc.constant('n'), range: bounds(number) }),
          ),
          { minLength: 1, maxLength: 2 },
        ),
      }),
    }),
  }),
);

const { filter } = fc.letrec<{ filter: Filter; condition: Condition }>((tie) => ({
  condition: fc.oneof({ depthSize: 'small', withCrossShrink: true }, simple, tie('filter')),
  filter: fc.record(
    {
      must: fc.array(tie('condition'), { minLength: 1, maxLength: 3 }),
      should: fc.array(tie('condition'), { minLength: 1, maxLength: 3 }),
      must_not: fc.array(tie('condition'), { minLength: 1, maxLength: 2 }),
      min_should: fc.record({
        conditions: fc.array(tie('condition'), { minLength: 1, maxLength: 3 }),
        min_count: fc.integer({ min: 1, max: 2 }),
      }),
    },
    { requiredKeys: [] },
  ),
}));

const INDEXES = {
  word: 'keyword',
  'deep.word': 'keyword',
  n: 'integer',
  x: 'float',
  flag: 'bool',
  at: 'datetime',
  place: 'geo',
};

/** The ids that each filter chooses; one request for all, because there are many. */
async function idsBy(collection: string, filters: Filter[]): Promise<number[][]> {
  const searches = filters.map((filter) => ({ filter, limit: 1000 }));
  const reply = await server.send('POST', `/collections/${collection}/points/query/batch`, { searches });
  if (reply.status !== 200) throw new Error(errorOf(reply));
  const results = reply.body.result as { points: { id: number }[] }[];
  return results.map(({ points }) => points.map((point) => point.id).toSorted((a, b) => a - b));
}

test('filters choose the same points as a plain evaluation, without and with payload indexes', async () => {
  const { client } = server;
  await fc.assert(
    fc.asyncProperty(
      fc.array(payload, { minLength: 5, maxLength: 30 }),
      fc.array(filter, { minLength: 20, maxLength: 20 }),
      async (payloads, filters) => {
        const collection = uniqueName();
        await client.createCollection(collection, { vectors: { size: 1, distance: 'Dot' } });
        await client.upsert(collection, {
          points: payloads.map((each, id) => ({ id, vector: [1], payload: each })),
        });
        const expected = filters.map((each) => ({
          filter: each,
          ids: payloads.flatMap((point, id) => (matches(each, id, point) ? [id] : [])),
        }));
        const check = async () => {
          const found = await idsBy(collection, filters);
          expect(filters.map((each, i) => ({ filter: each, ids: found[i] }))).toEqual(expected);
        };
        await check();
        for (const [field_name, field_schema] of Object.entries(INDEXES)) {
          await client.createPayloadIndex(collection, {
            wait: true,
            field_name,
            field_schema: field_schema as 'keyword',
          });
        }
        await check();
        await client.deleteCollection(collection);
      },
    ),
    { numRuns: 8, interruptAfterTimeLimit: 100_000, markInterruptAsFailure: true },
  );
});
