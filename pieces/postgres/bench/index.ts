import { randomUUID } from 'node:crypto';
import { testFacts } from '@bizstack/native/testing';
import { type MeasuredPair, measureRates, measureTimes, runAction } from '@bizstack/piece-testkit';
import { Pool } from 'pg';
import { insertRows } from '../src/lib/actions/insert-rows';
import { query } from '../src/lib/actions/query';
import { upsertRows } from '../src/lib/actions/upsert-rows';

const ROWS = 20_000;

/** The piece's steps beside `pg` used by hand. What the engine does with props before a step is not measured. */
export async function bench(): Promise<MeasuredPair[]> {
  const facts = testFacts('postgres');
  const auth = {
    host: facts['host'] ?? '',
    port: Number(facts['port']),
    user: facts['admin_user'] ?? '',
    password: facts['admin_password'] ?? '',
    database: 'postgres',
  };
  const pool = new Pool({ ...auth, max: 1 });
  const tables = { ours: `bench_${suffix()}`, reference: `bench_${suffix()}` };
  for (const table of Object.values(tables)) {
    await pool.query(`CREATE TABLE ${table} (id int PRIMARY KEY, name text, amount numeric, at timestamptz)`);
  }
  const rowsOf = (round: number) =>
    Array.from({ length: ROWS }, (_, index) => ({
      id: (round + 1) * ROWS + index,
      name: `Customer ${index}`,
      amount: `${index}.25`,
      at: '2026-01-31T10:00:00Z',
    }));
  const byHand = async (round: number, conflict: string): Promise<void> => {
    const rows = rowsOf(round);
    await pool.query(
      `INSERT INTO ${tables.reference} SELECT * FROM unnest($1::int[], $2::text[], $3::numeric[], $4::timestamptz[]) ${conflict}`,
      [
        rows.map(({ id }) => id),
        rows.map(({ name }) => name),
        rows.map(({ amount }) => amount),
        rows.map(({ at }) => at),
      ],
    );
  };

  const sql = 'SELECT $1::int AS n, $2::text AS t';
  const pairs = [
    ...(await measureTimes({
      name: 'query of one row',
      rounds: 400,
      warmUp: 20,
      ours: (round) =>
        runAction(query, {
          auth,
          processProps: false,
          props: { sql, parameters: { p1: round, p2: 'x' } },
        }),
      reference: (round) => pool.query(sql, [round, 'x']),
    })),
    await measureRates({
      name: `insert_rows, ${ROWS.toLocaleString('en')} rows a call`,
      unit: 'rows',
      amount: ROWS,
      rounds: 7,
      ours: (round) =>
        runAction(insertRows, {
          auth,
          processProps: false,
          props: { table: tables.ours, rows: rowsOf(round), returnRows: false },
        }),
      reference: (round) => byHand(round, ''),
    }),
    await measureRates({
      name: `upsert_rows of existing rows, ${ROWS.toLocaleString('en')} a call`,
      unit: 'rows',
      amount: ROWS,
      rounds: 5,
      ours: () =>
        runAction(upsertRows, {
          auth,
          processProps: false,
          props: { table: tables.ours, rows: rowsOf(0), conflictColumns: ['id'], returnRows: false },
        }),
      reference: () =>
        byHand(
          0,
          'ON CONFLICT (id) DO UPDATE SET (name, amount, at) = (excluded.name, excluded.amount, excluded.at)',
        ),
    }),
  ];
  for (const table of Object.values(tables)) await pool.query(`DROP TABLE ${table}`);
  await pool.end();
  return pairs;
}

function suffix(): string {
  return randomUUID().replaceAll('-', '');
}
