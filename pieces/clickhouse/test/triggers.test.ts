import { createTriggerHarness, MemoryStoreBackend } from '@bizstack/piece-testkit';
import fc from 'fast-check';
import { closeConnections } from '../src/lib/client';
import { newRow } from '../src/lib/triggers/new-row';
import { queryAlert } from '../src/lib/triggers/query-alert';
import {
  advance,
  type Order,
  type PolledRow,
  type Position,
  seenCount,
  START,
  unseen,
} from '../src/lib/triggers/row-position';
import { auth, newTable, run, sql } from './support/clickhouse';

afterAll(closeConnections);

function open(
  props: { table: string; cursorColumn: string } & Record<string, unknown>,
  store = new MemoryStoreBackend(),
) {
  const harness = createTriggerHarness(newRow, { auth, props: { start: 'earliest', ...props }, store });
  const ids = async () => (await harness.run()).map((row) => (row as { row: { id: number } }).row.id);
  return { harness, ids, store };
}

async function all(ids: () => Promise<number[]>): Promise<number[]> {
  const seen: number[] = [];
  for (;;) {
    const batch = await ids();
    if (batch.length === 0) return seen;
    seen.push(...batch);
  }
}

const TIMES = "id UInt32, at DateTime64(6, 'Europe/Berlin')";

describe('new_row', () => {
  it('delivers each row once, in order, also where the order column is equal', async () => {
    const table = await newTable(TIMES, 'MergeTree ORDER BY id');
    const { harness, ids } = open({ table, cursorColumn: 'at', maxRows: 3 });
    await harness.enable();
    await run(`INSERT INTO ${table} SELECT number + 1, '2026-01-01 00:00:00.123456' FROM numbers(8)`);
    await run(`INSERT INTO ${table} VALUES (0, '2026-01-01 00:00:00.123457')`);
    expect(await all(ids)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 0]);
  });

  it('delivers a row that comes in later with an equal or somewhat older time', async () => {
    const table = await newTable(TIMES, 'MergeTree ORDER BY id');
    const { harness, ids } = open({ table, cursorColumn: 'at', lookbackSeconds: 60 });
    await harness.enable();
    await run(`INSERT INTO ${table} VALUES (5, '2026-01-01 12:00:00')`);
    expect(await all(ids)).toEqual([5]);
    await run(`INSERT INTO ${table} VALUES (1, '2026-01-01 12:00:00'), (9, '2026-01-01 12:00:00')`);
    expect(await all(ids)).toEqual([1, 9]);
    await run(`INSERT INTO ${table} VALUES (3, '2026-01-01 11:59:01'), (4, '2026-01-01 11:58:59')`);
    expect(await all(ids)).toEqual([3]);
    expect(await all(ids)).toEqual([]);
  });

  it('keeps the order in the hour that comes twice', async () => {
    const table = await newTable(TIMES, 'MergeTree ORDER BY id');
    const { harness, ids } = open({ table, cursorColumn: 'at', maxRows: 1, lookbackSeconds: 0 });
    await harness.enable();
    await run(
      `INSERT INTO ${table} SELECT number, toDateTime64('2026-10-25 00:30:00', 6, 'UTC') + toIntervalMinute(number * 20) FROM numbers(6)`,
    );
    expect(await all(ids)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it.each([
    ['UInt64', '1844674407370955161', 'number'],
    ['Int128', '-170141183460469231731687303715884105', 'number'],
    ['String', "'it\\\\'s '", "concat('k', leftPad(toString(number), 3, '0'))"],
    ['LowCardinality(String)', "'a'", "leftPad(toString(number), 3, '0')"],
    ['Date', "'2026-01-01'", 'toDate(20000 + number)'],
    ['Float64', '0.1', 'number / 3'],
    ['Nullable(UInt32)', '7', 'number'],
    ["Enum16('a' = 1, 'b' = 2)", "'a'", 'toInt8(1 + number % 2)'],
    ['Decimal(20, 5)', '0.1', 'toDecimal128(number, 5) / 7'],
    [
      'UUID',
      "'00000000-0000-0000-0000-000000000000'",
      "toUUID(concat(leftPad(toString(number), 8, '0'), '-0000-0000-0000-000000000000'))",
    ],
    ['DateTime', "'2026-01-01 00:00:00'", 'toDateTime(1800000000 + number)'],
  ])('goes by a column of %s', async (type, _one, expression) => {
    const table = await newTable(`id UInt32, k ${type}`, 'MergeTree ORDER BY id');
    const { harness, ids } = open({ table, cursorColumn: 'k', maxRows: 4 });
    await harness.enable();
    await run(`INSERT INTO ${table} SELECT number, ${expression} FROM numbers(10)`);
    expect((await all(ids)).sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    await run(`INSERT INTO ${table} SELECT 100 + id, k FROM ${table} ORDER BY k DESC LIMIT 1`);
    expect(await all(ids)).toHaveLength(1);
  });

  it('begins with the rows after publishing, and goes on there when published again', async () => {
    const table = await newTable(TIMES, 'MergeTree ORDER BY id');
    await run(`INSERT INTO ${table} VALUES (1, '2026-01-01 00:00:00'), (2, '2026-01-01 00:00:00')`);
    const { harness, ids } = open({ table, cursorColumn: 'at', start: 'latest' });
    await harness.enable();
    expect(await ids()).toEqual([]);
    await run(`INSERT INTO ${table} VALUES (3, '2026-01-01 00:00:00')`);
    expect(await all(ids)).toEqual([3]);
    await harness.disable();
    await run(`INSERT INTO ${table} VALUES (4, '2026-01-01 00:00:00')`);
    await harness.enable();
    expect(await all(ids)).toEqual([4]);
  });

  it('begins with the first row of an empty table', async () => {
    const table = await newTable(TIMES, 'MergeTree ORDER BY id');
    const { harness, ids } = open({ table, cursorColumn: 'at', start: 'latest' });
    await harness.enable();
    await run(`INSERT INTO ${table} VALUES (1, '2026-01-01 00:00:00')`);
    expect(await all(ids)).toEqual([1]);
  });

  it('delivers again when the engine died with the rows', async () => {
    const table = await newTable(TIMES, 'MergeTree ORDER BY id');
    const { harness, ids, store } = open({ table, cursorColumn: 'at' });
    await harness.enable();
    await run(`INSERT INTO ${table} VALUES (1, '2026-01-01 00:00:00'), (2, '2026-01-01 00:00:00')`);
    expect(await ids()).toEqual([1, 2]);
    for (const [key, text] of store.entries)
      store.entries.set(key, text.replace(/"pid":\d+/, '"pid":4194305'));
    expect(await ids()).toEqual([1, 2]);
    expect(await ids()).toEqual([]);
  });

  it('sees only the last versions with FINAL, and no rows without a value', async () => {
    const table = await newTable(
      'id UInt32, k Nullable(UInt32), v UInt8',
      'ReplacingMergeTree(v) ORDER BY id',
    );
    await run(`INSERT INTO ${table} VALUES (1, 1, 1)`);
    await run(`INSERT INTO ${table} VALUES (1, 1, 2), (2, NULL, 1)`);
    const { harness } = open({ table, cursorColumn: 'k', final: true });
    await harness.enable();
    expect(await harness.run()).toEqual([{ table: `default.${table}`, row: { id: 1, k: 1, v: 2 } }]);
  });

  it('goes through more equal values than it can remember', async () => {
    const table = await newTable('id UInt32, k UInt8', 'MergeTree ORDER BY id');
    await run(`INSERT INTO ${table} SELECT number, 1 FROM numbers(6000)`);
    const { harness, ids } = open({ table, cursorColumn: 'k', maxRows: 1_000 });
    await harness.enable();
    expect(await all(ids)).toEqual(Array.from({ length: 6_000 }, (_, id) => id));
    await run(`INSERT INTO ${table} VALUES (6000, 1), (5, 2)`);
    expect(await all(ids)).toEqual([6_000, 5]);
    await run(`INSERT INTO ${table} VALUES (1, 2)`);
    expect(await all(ids)).toEqual([1]);
  });

  it('delivers none of the many rows that were there before publishing', async () => {
    const table = await newTable(TIMES, 'MergeTree ORDER BY id');
    await run(`INSERT INTO ${table} SELECT number, '2026-01-01 00:00:00' FROM numbers(6000)`);
    const { harness, ids } = open({ table, cursorColumn: 'at', start: 'latest' });
    await harness.enable();
    expect(await ids()).toEqual([]);
    await run(`INSERT INTO ${table} VALUES (6000, '2026-01-01 00:00:01')`);
    expect(await all(ids)).toEqual([6_000]);
    await run(`INSERT INTO ${table} VALUES (1, '2026-01-01 00:00:01')`);
    expect(await all(ids)).toEqual([1]);
  });

  it('shows the newest rows as a test', async () => {
    const table = await newTable('id UInt32', 'MergeTree ORDER BY id');
    await run(`INSERT INTO ${table} SELECT number + 1 FROM numbers(9)`);
    const { harness } = open({ table, cursorColumn: 'id' });
    expect(await harness.test()).toEqual(
      [9, 8, 7, 6, 5].map((id) => ({ table: `default.${table}`, row: { id } })),
    );
  });

  it('refuses a column that has no order, and an unknown one', async () => {
    const table = await newTable('id UInt32, l Array(UInt8)');
    await expect(open({ table, cursorColumn: 'l' }).harness.enable()).rejects.toMatchObject({
      code: 'BIZ_CLICKHOUSE_ORDER_INVALID',
    });
    await expect(open({ table, cursorColumn: 'nope' }).harness.enable()).rejects.toMatchObject({
      code: 'BIZ_CLICKHOUSE_COLUMN_UNKNOWN',
    });
  });
});

describe('the position of new_row', () => {
  interface Stored {
    at: number;
    tie: number;
    text: string;
  }
  const LOOKBACK = 3;
  const order: Order = {
    floorOf: (last) => String(Number(last) - LOOKBACK).padStart(4, '0'),
    comparable: true,
  };
  const textOf = (at: number) => String(at).padStart(4, '0');

  /** What the query of the trigger gives, from a table in memory. */
  function select(table: readonly Stored[], position: Position, maxRows: number): PolledRow[] {
    const isAfter = ({ at, tie }: Stored) =>
      position.last === null ||
      textOf(at) > (position.last[0] ?? '') ||
      (textOf(at) === position.last[0] && textOf(tie) > (position.last[1] ?? ''));
    const rows = table
      .filter((row) =>
        position.tracked ? position.floor === null || textOf(row.at) >= position.floor : isAfter(row),
      )
      .sort((a, b) => a.at - b.at || a.tie - b.tie);
    const limit = seenCount(position) + maxRows;
    const edge = rows[limit - 1];
    const chosen = position.tracked
      ? rows.slice(0, limit)
      : rows.filter((row, index) => index < limit || (row.at === edge?.at && row.tie === edge.tie));
    return chosen.map((row) => ({
      order: [textOf(row.at), textOf(row.tie)],
      after: isAfter(row),
      content: row.text,
    }));
  }

  function poll(table: readonly Stored[], position: Position, maxRows: number, maxSeen?: number) {
    const rows = unseen(position, select(table, position, maxRows));
    const delivered = position.tracked ? rows.slice(0, maxRows) : rows;
    return { delivered, next: advance(position, delivered, order, maxSeen) };
  }

  // Times grow, with rows that are late by no more than the look-back, equal times, and identical rows.
  const insertions = fc.array(
    fc.array(
      fc.record({
        step: fc.integer({ min: -LOOKBACK, max: 2 }),
        tie: fc.integer({ min: 0, max: 2 }),
        text: fc.constantFrom('a', 'b'),
      }),
      { maxLength: 6 },
    ),
    { maxLength: 12 },
  );

  it('delivers every row exactly once, whatever comes in between the polls', () => {
    fc.assert(
      fc.property(insertions, fc.integer({ min: 1, max: 4 }), (batches, maxRows) => {
        const table: Stored[] = [];
        const got: string[] = [];
        let position = START;
        let newest = 100;
        const drain = () => {
          for (;;) {
            const { delivered, next } = poll(table, position, maxRows);
            position = next;
            if (delivered.length === 0) return;
            got.push(...delivered.map(({ content }) => content));
          }
        };
        for (const batch of batches) {
          for (const { step, tie, text } of batch) {
            const at = newest + step;
            table.push({ at, tie, text: `${at} ${tie} ${text}` });
          }
          newest = Math.max(newest, ...table.map(({ at }) => at));
          drain();
        }
        expect([...got].sort()).toEqual(table.map(({ text }) => text).sort());
      }),
      { numRuns: 1_000 },
    );
  });

  it('loses no row that comes behind the last one when it cannot remember them all, and repeats none', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.record({ step: fc.integer({ min: 0, max: 1 }) }), { maxLength: 8 }), {
          maxLength: 8,
        }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 5 }),
        (batches, maxRows, maxSeen) => {
          const table: Stored[] = [];
          const got: string[] = [];
          let position = START;
          let at = 100;
          for (const batch of batches) {
            for (const { step } of batch) {
              at += step;
              table.push({ at, tie: table.length, text: `row ${table.length}` });
            }
            for (;;) {
              const { delivered, next } = poll(table, position, maxRows, maxSeen);
              position = next;
              if (delivered.length === 0) break;
              got.push(...delivered.map(({ content }) => content));
            }
            expect(position.seen.length).toBeLessThanOrEqual(maxSeen);
          }
          expect(got).toEqual(table.map(({ text }) => text));
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

describe('query_alert', () => {
  it('fires on the edge and is armed again when the value is back', async () => {
    const table = await newTable('n Float64', 'Memory');
    const harness = createTriggerHarness(queryAlert, {
      auth,
      props: {
        sql: `SELECT n FROM ${table} WHERE n >= {min:Float64} LIMIT 1`,
        parameters: { min: 0 },
        condition: 'above',
        threshold: 10,
        rearmAt: 5,
      },
    });
    await harness.enable();
    const fired: boolean[] = [];
    for (const n of [1, 10, 11, 50, 7, 11, 5, 11]) {
      await run(`TRUNCATE TABLE ${table}`);
      await run(`INSERT INTO ${table} VALUES (${n})`);
      fired.push((await harness.run()).length > 0);
    }
    expect(fired).toEqual([false, false, true, false, false, false, false, true]);
    // Without rows there is neither an alarm nor the end of one.
    await run(`TRUNCATE TABLE ${table}`);
    expect(await harness.run()).toEqual([]);
    expect(await harness.test()).toMatchObject([{ value: null, threshold: 10, condition: 'above' }]);
    expect(await sql(`SELECT * FROM ${table}`)).toEqual([]);
  });

  it('takes large numbers, and no value from an average of nothing', async () => {
    const alert = (text: string) =>
      createTriggerHarness(queryAlert, {
        auth,
        props: { sql: text, condition: 'below', threshold: 5 },
      });
    expect(await alert('SELECT avg(number) FROM numbers(0)').run()).toEqual([]);
    expect(await alert('SELECT toDecimal64(1.5, 2), 99').run()).toMatchObject([{ value: 1.5 }]);
    expect(await alert('SELECT toUInt64(3)').run()).toMatchObject([{ value: 3 }]);
  });

  it('refuses what is not a number, or not a query, when it is published', async () => {
    const alert = (text: string) =>
      createTriggerHarness(queryAlert, { auth, props: { sql: text, condition: 'above', threshold: 1 } });
    await expect(alert("SELECT 'x'").enable()).rejects.toMatchObject({
      code: 'BIZ_CLICKHOUSE_ALERT_NOT_NUMBER',
    });
    await expect(alert('SELECT nothing').enable()).rejects.toMatchObject({
      code: 'BIZ_CLICKHOUSE_COLUMN_UNKNOWN',
    });
  });
});
