import { randomUUID } from 'node:crypto';
import { testFacts } from '@bizstack/native/testing';
import { type MeasuredPair, measureRates, measureTimes, runAction } from '@bizstack/piece-testkit';
import { createClient } from '@clickhouse/client';
import { insertRows } from '../src/lib/actions/insert-rows';
import { query } from '../src/lib/actions/query';

const MANY = 1_000_000;
const FEW = 100;
/** Runs side by side. */
const WIDTH = 8;

/** The piece's steps beside the raw client, against the same server. */
export async function bench(): Promise<MeasuredPair[]> {
  const facts = testFacts('clickhouse');
  const auth = {
    url: facts['url'] ?? '',
    user: facts['user'] ?? '',
    password: facts['password'] ?? '',
    timeoutSeconds: 570,
  };
  const client = createClient({
    url: auth.url,
    username: auth.user,
    password: auth.password,
    request_timeout: 570_000,
  });
  const tables = { ours: uniqueName(), reference: uniqueName() };
  for (const table of Object.values(tables)) {
    await client.command({
      query: `CREATE TABLE ${table} (id UInt32, name String, at DateTime64(3, 'UTC'), amount Float64, tags Array(String))
        ENGINE = MergeTree ORDER BY id`,
    });
  }
  const rows = Array.from({ length: MANY }, (_, id) => ({
    id,
    name: `Customer ${id}`,
    at: new Date(1_767_225_600_000 + id * 1_000).toISOString().replace('T', ' ').slice(0, 23),
    amount: id / 7,
    tags: ['a', 'b'],
  }));
  // The engine's own handling of props is not what is measured.
  const byPiece = (some: typeof rows, asyncInsert = false) =>
    runAction(insertRows, {
      auth,
      props: { table: tables.ours, rows: some, asyncInsert },
      processProps: false,
    });
  const byClient = (some: typeof rows, settings: Record<string, number> = {}) =>
    client.insert({
      table: tables.reference,
      values: some,
      format: 'JSONEachRow',
      clickhouse_settings: settings,
    });
  const few = rows.slice(0, FEW);
  const waiting = { async_insert: 1, wait_for_async_insert: 1 };

  const pairs = [
    await measureRates({
      name: `insert_rows, ${MANY.toLocaleString('en')} rows a call`,
      unit: 'rows',
      amount: MANY,
      rounds: 3,
      ours: () => byPiece(rows),
      reference: () => byClient(rows),
    }),
    await measureRates({
      name: `insert_rows, asynchronous, ${FEW} calls of one row, ${WIDTH} at once`,
      unit: 'rows',
      amount: FEW,
      rounds: 5,
      ours: () => sideBySide(few, (row) => byPiece([row], true)),
      reference: () => sideBySide(few, (row) => byClient([row], waiting)),
    }),
    await measureRates({
      name: `insert_rows, one batch of ${FEW} rows beside ${FEW} asynchronous calls`,
      unit: 'rows',
      amount: FEW,
      rounds: 5,
      ours: () => byPiece(few),
      reference: () => sideBySide(few, (row) => byClient([row], waiting)),
    }),
    ...(await measureTimes({
      name: 'query of one row by key',
      rounds: 200,
      warmUp: 10,
      ours: (round) =>
        runAction(query, {
          auth,
          props: {
            sql: `SELECT * FROM ${tables.ours} WHERE id = {id:UInt32}`,
            parameters: { id: Math.abs(round) },
            maxRows: 10,
          },
        }),
      reference: async (round) => {
        const result = await client.query({
          query: `SELECT * FROM ${tables.ours} WHERE id = {id:UInt32} LIMIT 10`,
          query_params: { id: Math.abs(round) },
          format: 'JSONEachRow',
        });
        return result.json();
      },
    })),
  ];
  for (const table of Object.values(tables)) await client.command({ query: `DROP TABLE ${table}` });
  await client.close();
  return pairs;
}

async function sideBySide<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const left = items[Symbol.iterator]();
  const worker = async () => {
    for (const item of left) await work(item);
  };
  await Promise.all(Array.from({ length: WIDTH }, worker));
}

function uniqueName(): string {
  return `bench_${randomUUID().replaceAll('-', '')}`;
}
