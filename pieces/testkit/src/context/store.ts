import { mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Store, StoreScope } from '@activepieces/pieces-framework';
import { z } from 'zod';
import { writeFileAtomic } from '../atomic-file';
import { BizError, codeOf } from '../errors';
import { LIMITS } from '../limits';

/** Where store entries live. Values are JSON texts, so that what is read is never the object that was put. */
export interface StoreBackend {
  get(key: string): Promise<string | undefined>;
  /** `undefined` deletes. Resolves once the change is as durable as the backend makes it. */
  set(key: string, value: string | undefined): Promise<void>;
}

/** Forgets everything with the process. */
export class MemoryStoreBackend implements StoreBackend {
  readonly entries = new Map<string, string>();

  async get(key: string): Promise<string | undefined> {
    return this.entries.get(key);
  }

  async set(key: string, value: string | undefined): Promise<void> {
    if (value === undefined) this.entries.delete(key);
    else this.entries.set(key, value);
  }
}

const fileSchema = z.record(z.string(), z.string());

/** Keeps all entries in one JSON file that is replaced atomically at every change. */
export class FileStoreBackend implements StoreBackend {
  private readonly entries: Map<string, string>;

  /** @throws BizError `BIZ_STORE_FILE_INVALID` when the file exists and is not a store. */
  constructor(private readonly file: string) {
    this.entries = new Map(Object.entries(readEntries(file)));
  }

  async get(key: string): Promise<string | undefined> {
    return this.entries.get(key);
  }

  async set(key: string, value: string | undefined): Promise<void> {
    if (value === undefined) this.entries.delete(key);
    else this.entries.set(key, value);
    mkdirSync(dirname(this.file), { recursive: true });
    writeFileAtomic(this.file, JSON.stringify(Object.fromEntries(this.entries)));
  }
}

function readEntries(file: string): Record<string, string> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return {};
    throw error;
  }
  try {
    return fileSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new BizError('BIZ_STORE_FILE_INVALID', `${file} is not a store file.`, {
      hint: 'Delete it to start with an empty store.',
      cause,
    });
  }
}

export interface StoreOptions {
  flowId: string;
  /** `test` for a trigger's test run, so that a test never touches the offsets of the published flow. */
  prefix?: string;
}

/**
 * The store that a piece sees. FLOW entries belong to one flow, PROJECT entries to all of them.
 * Rejects with `BIZ_STORE_KEY_INVALID` (empty or over 128 characters) and `BIZ_STORE_VALUE_TOO_LARGE`
 * (over 512 KB as JSON).
 */
export function createStore(backend: StoreBackend, { flowId, prefix = '' }: StoreOptions): Store {
  const fullKey = (key: string, scope: StoreScope = StoreScope.FLOW): string => {
    if (typeof key !== 'string' || key.length === 0 || key.length > LIMITS.storeKeyLength) {
      throw new BizError(
        'BIZ_STORE_KEY_INVALID',
        `A store key has 1 to ${LIMITS.storeKeyLength} characters; this one has ${String(key).length}.`,
        { hint: 'Shorten or hash it.' },
      );
    }
    return scope === StoreScope.PROJECT ? `${prefix}${key}` : `${prefix}flow_${flowId}/${key}`;
  };
  return {
    async put<T>(key: string, value: T, scope?: StoreScope): Promise<T> {
      const id = fullKey(key, scope);
      const text = JSON.stringify(value ?? null);
      const size = Buffer.byteLength(text);
      if (size > LIMITS.storeValueBytes) {
        throw new BizError(
          'BIZ_STORE_VALUE_TOO_LARGE',
          `The value of store key "${key}" has ${size} bytes; the limit is ${LIMITS.storeValueBytes}.`,
          { hint: 'Store less, or split it over several keys.' },
        );
      }
      await backend.set(id, text);
      return value;
    },
    async get<T>(key: string, scope?: StoreScope): Promise<T | null> {
      const text = await backend.get(fullKey(key, scope));
      if (text === undefined) return null;
      // The interface lets the piece say what it stored; nobody can check it.
      return JSON.parse(text) as T;
    },
    async delete(key: string, scope?: StoreScope): Promise<void> {
      await backend.set(fullKey(key, scope), undefined);
    },
  };
}
