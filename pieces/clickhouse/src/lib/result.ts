import type { ResultSet } from '@clickhouse/client';
import { z } from 'zod';

export interface ResultColumn {
  readonly name: string;
  readonly type: string;
}

export type ResultRow = Record<string, unknown>;

const listSchema = z.array(z.unknown());
const namesSchema = z.array(z.string());

export interface Collected {
  readonly rows: ResultRow[];
  readonly columns: ResultColumn[];
  readonly truncated: boolean;
}

/** Reads names, types and at most `limit` rows of a result; what comes after is not read any more. */
export async function collectRows(
  result: ResultSet<'JSONCompactEachRowWithNamesAndTypes'>,
  { limit, signal }: { limit: number | undefined; signal: AbortSignal },
): Promise<Collected> {
  const stop = () => result.close();
  signal.addEventListener('abort', stop, { once: true });
  const heads: string[][] = [];
  const rows: ResultRow[] = [];
  try {
    for await (const portion of result.stream()) {
      for (const row of portion) {
        const values: unknown = row.json();
        if (heads.length < 2) {
          heads.push(namesSchema.parse(values));
          continue;
        }
        if (limit !== undefined && rows.length >= limit) return finish(heads, rows, true);
        rows.push(toObject(heads[0] ?? [], listSchema.parse(values)));
      }
    }
    return finish(heads, rows, false);
  } finally {
    signal.removeEventListener('abort', stop);
    result.close();
  }
}

function finish([names = [], types = []]: string[][], rows: ResultRow[], truncated: boolean): Collected {
  return { rows, columns: names.map((name, index) => ({ name, type: types[index] ?? '' })), truncated };
}

function toObject(names: readonly string[], values: readonly unknown[]): ResultRow {
  const row: ResultRow = {};
  for (const [index, name] of names.entries()) {
    // A column may be called __proto__.
    Object.defineProperty(row, name, {
      value: values[index],
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return row;
}
