import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listeningUrl } from '@bizstack/native/testing';
import type { QdrantClient } from '@qdrant/js-client-rest' with { 'resolution-mode': 'import' };
import { SERVER_DIR, serverPython } from './python';

jest.setTimeout(120_000);

export const API_KEY = 'a-key-of-the-tests';

export interface Reply {
  status: number;
  headers: Headers;
  body: { result?: unknown; status?: string | { error: string }; time?: number };
}

/** A server process of the test's own, on a free port. */
export class TestServer {
  private constructor(
    readonly child: ChildProcess,
    readonly url: string,
    readonly storage: string,
    private readonly log: string[],
    readonly client: QdrantClient,
  ) {}

  static async start(options: { storage?: string; args?: string[] } = {}): Promise<TestServer> {
    const storage = options.storage ?? newStorage();
    const keyFile = join(storage, '..', `${storage.split('/').at(-1)}.key`);
    writeFileSync(keyFile, `${API_KEY}\n`, { mode: 0o600 });
    const args = ['--host', '127.0.0.1', '--port', '0', '--storage', storage, '--api-key-file', keyFile];
    const child = spawn(await serverPython(), ['-m', 'bizstack_qdrant', ...args, ...(options.args ?? [])], {
      cwd: SERVER_DIR,
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const log: string[] = [];
    const url = await listeningUrl(child, log);
    // The key goes as a header: given as `apiKey`, the client warns about plain HTTP each time.
    const client = await connectClient({ url, headers: { 'api-key': API_KEY } });
    return new TestServer(child, url, storage, log, client);
  }

  get logged(): string {
    return this.log.join('\n');
  }

  /** A request without the client, for what the client would not send. */
  async send(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Reply> {
    const response = await fetch(this.url + path, {
      method,
      headers: { 'api-key': API_KEY, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return {
      status: response.status,
      headers: response.headers,
      body: (await response.json()) as Reply['body'],
    };
  }

  /** Ends the process and waits for its end; returns the exit code, null after a signal that killed it. */
  async end(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const ended = new Promise((resolve) => this.child.once('exit', resolve));
      this.child.kill(signal);
      await ended;
    }
    return this.child.exitCode;
  }

  async endAndRemove(): Promise<void> {
    await this.end();
    rmSync(this.storage, { recursive: true, force: true });
    rmSync(`${this.storage}.key`, { force: true });
  }
}

/** The official client; it is an ES module to TypeScript, hence the import. */
export async function connectClient(
  options: ConstructorParameters<typeof QdrantClient>[0],
): Promise<QdrantClient> {
  const { QdrantClient: Client } = await import('@qdrant/js-client-rest');
  return new Client(options);
}

export function newStorage(): string {
  return mkdtempSync(join(tmpdir(), 'bizstack-qdrant-'));
}

export function errorOf(reply: Reply): string {
  return typeof reply.body.status === 'object' ? reply.body.status.error : '';
}

/** Asks again until `check` is content; fails after the deadline. */
export async function eventually<T>(
  ask: () => Promise<T>,
  check: (value: T) => boolean,
  deadlineMs = 60_000,
): Promise<T> {
  const end = Date.now() + deadlineMs;
  for (;;) {
    const value = await ask();
    if (check(value)) return value;
    if (Date.now() > end) throw new Error(`Not reached in time; last: ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

let counter = 0;

/** A collection name that no other test uses. */
export function uniqueName(what = 'c'): string {
  counter += 1;
  return `${what}_${process.pid}_${counter}`;
}
