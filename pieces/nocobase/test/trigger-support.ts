import { setTimeout as sleep } from 'node:timers/promises';
import type { Store } from '@activepieces/pieces-framework';

/** A flow's store in memory. It serialises as the engine's does. */
export function createMemoryStore(): Pick<Store, 'get' | 'put'> & { readonly size: number } {
  const values = new Map<string, string>();
  return {
    async get<T>(key: string): Promise<T | null> {
      const text = values.get(key);
      return text === undefined ? null : (JSON.parse(text) as T);
    },
    async put<T>(key: string, value: T): Promise<T> {
      values.set(key, JSON.stringify(value));
      return value;
    },
    get size() {
      return values.size;
    },
  };
}

const DEADLINE_MS = 90_000;

/** Calls `step` with one growing list until it returns true. */
export async function until<T>(step: (all: T[]) => Promise<boolean>): Promise<T[]> {
  const all: T[] = [];
  const deadline = Date.now() + DEADLINE_MS;
  while (!(await step(all))) {
    if (Date.now() > deadline)
      throw new Error(`Not enough after ${DEADLINE_MS / 1000} s: ${JSON.stringify(all)}`);
    await sleep(200);
  }
  return all;
}
