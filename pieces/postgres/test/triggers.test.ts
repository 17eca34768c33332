import { createTriggerHarness, MemoryStoreBackend, runAction } from '@bizstack/piece-testkit';
import { Client } from 'pg';
import { queryToFile } from '../src/lib/actions/query-to-file';
import { closeConnections } from '../src/lib/client';
import { newRow } from '../src/lib/triggers/new-row';
import { queryAlert } from '../src/lib/triggers/query-alert';
import { auth, newTable, sql } from './support/postgres';

afterAll(closeConnections);

function open(
  props: { table: string; cursorColumn: string } & Record<string, unknown>,
  store = new MemoryStoreBackend(),
) {
  const harness = createTriggerHarness(newRow, {
    auth,
    props: { start: 'earliest', ...props },
    store,
  });
  const ids = async () => (await harness.run()).map((row) => (row as { row: { id: number } }).row.id);
  return { harness, ids, store };
}

/** Other tests write as well, and rows wait for their transactions: polls until `count` rows came. */
async function collect(ids: () => Promise<number[]>, count: number): Promise<number[]> {
  const seen: number[] = [];
  const deadline = Date.now() + 20_000;
  while (seen.length < count && Date.now() < deadline) seen.push(...(await ids()));
  return seen;
}

describe('new_row', () => {
  it('delivers each row once, in order, also where the order column is equal', async () => {
    const table = await newTable('id int PRIMARY KEY, at timestamptz NOT NULL');
    const { harness, ids } = open({ table, cursorColumn: 'at', maxRows: 3 });
    await harness.enable();
    await sql(`INSERT INTO ${table} SELECT g, '2026-01-01 00:00:00.123456Z' FROM generate_series(1, 8) g`);
    await sql(`INSERT INTO ${table} VALUES (0, '2026-01-01 00:00:00.123457Z')`);
    expect(await collect(ids, 9)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 0]);
    expect(await ids()).toEqual([]);
  });

  it('begins with the rows after publishing, and goes on there when published again', async () => {
    const table = await newTable('id int PRIMARY KEY');
    await sql(`INSERT INTO ${table} VALUES (1)`);
    const { harness, ids } = open({ table, cursorColumn: 'id', start: 'latest' });
    await harness.enable();
    await sql(`INSERT INTO ${table} VALUES (2)`);
    expect(await collect(ids, 1)).toEqual([2]);
    await harness.disable();
    await sql(`INSERT INTO ${table} VALUES (3)`);
    await harness.enable();
    expect(await collect(ids, 1)).toEqual([3]);
  });

  it('delivers again when the engine died with the rows', async () => {
    const table = await newTable('id int PRIMARY KEY');
    const { harness, ids, store } = open({ table, cursorColumn: 'id' });
    await harness.enable();
    await sql(`INSERT INTO ${table} VALUES (1), (2)`);
    expect(await collect(ids, 2)).toEqual([1, 2]);
    for (const [key, text] of store.entries)
      store.entries.set(key, text.replace(/"pid":\d+/, '"pid":4194305'));
    expect(await collect(ids, 2)).toEqual([1, 2]);
  });

  it('does not lose a row whose transaction commits late', async () => {
    const table = await newTable('id serial PRIMARY KEY');
    const { harness, ids } = open({ table, cursorColumn: 'id' });
    await harness.enable();
    const slow = new Client(auth);
    await slow.connect();
    try {
      await slow.query(`BEGIN; INSERT INTO ${table} DEFAULT VALUES`);
      await sql(`INSERT INTO ${table} DEFAULT VALUES`);
      expect([...(await ids()), ...(await ids())]).toEqual([]);
      await slow.query('COMMIT');
      expect(await collect(ids, 2)).toEqual([1, 2]);
    } finally {
      await slow.end();
    }
  });

  it('shows the newest rows as a test', async () => {
    const table = await newTable('id int PRIMARY KEY');
    await sql(`INSERT INTO ${table} SELECT generate_series(1, 9)`);
    const { harness } = open({ table, cursorColumn: 'id' });
    expect(await harness.test()).toEqual(
      [9, 8, 7, 6, 5].map((id) => ({ table: `public.${table}`, row: { id } })),
    );
  });

  it('refuses a table in which equal rows cannot be told apart, and an unknown column', async () => {
    const table = await newTable('id int');
    await expect(open({ table, cursorColumn: 'id' }).harness.enable()).rejects.toMatchObject({
      code: 'BIZ_POSTGRES_KEY_MISSING',
    });
    await expect(open({ table, cursorColumn: 'nope' }).harness.enable()).rejects.toMatchObject({
      code: 'BIZ_POSTGRES_COLUMN_UNKNOWN',
    });
  });
});

describe('query_alert', () => {
  it('fires on the edge and is armed again when the value is back', async () => {
    const table = await newTable('n numeric');
    await sql(`INSERT INTO ${table} VALUES (1)`);
    const harness = createTriggerHarness(queryAlert, {
      auth,
      props: { sql: `SELECT n FROM ${table}`, condition: 'above', threshold: 10, rearmAt: 5 },
    });
    await harness.enable();
    const fired: boolean[] = [];
    for (const n of [1, 10, 11, 50, 7, 11, 5, 11]) {
      await sql(`UPDATE ${table} SET n = $1`, [n]);
      fired.push((await harness.run()).length > 0);
    }
    expect(fired).toEqual([false, false, true, false, false, false, false, true]);
  });

  it('refuses what is not a number when it is published', async () => {
    const harness = createTriggerHarness(queryAlert, {
      auth,
      props: { sql: "SELECT 'x'", condition: 'above', threshold: 1 },
    });
    await expect(harness.enable()).rejects.toMatchObject({ code: 'BIZ_POSTGRES_ALERT_NOT_NUMBER' });
  });
});

describe('query_to_file', () => {
  const read = async (format: 'csv' | 'jsonl' | 'json', text: string) => {
    const { output } = await runAction(queryToFile, { auth, props: { sql: text, format } });
    const { file, ...rest } = output as { file: string; fileName: string; count: number };
    return { content: await (await fetch(file)).text(), ...rest };
  };

  it('writes CSV that keeps null and empty text apart', async () => {
    const { content, fileName, count } = await read(
      'csv',
      `SELECT 1 AS id, 'a "b", c' AS "x,y", NULL AS n, '' AS e, '{"k":1}'::jsonb AS j`,
    );
    expect(content).toBe('id,"x,y",n,e,j\r\n1,"a ""b"", c",,"","{""k"":1}"\r\n');
    expect({ fileName, count }).toEqual({ fileName: 'rows.csv', count: 1 });
  });

  it('writes the header of an empty result, and empty JSON', async () => {
    expect((await read('csv', 'SELECT 1 AS id WHERE false')).content).toBe('id\r\n');
    expect((await read('json', 'SELECT 1 AS id WHERE false')).content).toBe('[]\n');
    expect((await read('jsonl', 'SELECT 1 AS id WHERE false')).content).toBe('');
  });

  it('writes many rows', async () => {
    const { content } = await read('json', 'SELECT g FROM generate_series(1, 10000) g');
    expect(JSON.parse(content)).toHaveLength(10_000);
    expect(
      (await read('jsonl', 'SELECT g FROM generate_series(1, 4000) g')).content.trim().split('\n'),
    ).toHaveLength(4_000);
  });
});
