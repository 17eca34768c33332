import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createClient, type ClickHouseClient, type ClickHouseClientConfigOptions } from '@clickhouse/client';

export const USER = 'bizstack';
export const PASSWORD = 'pa:ss wörd';

const MAIN = join(__dirname, '..', '..', 'dist', 'main.js');
const START_MS = 60_000;

// A large result or a cold start on a busy machine takes longer than Jest's five seconds.
jest.setTimeout(120_000);

/** A data directory with a password file beside it. */
export class TestHome {
  readonly dir = mkdtempSync(join(tmpdir(), 'bizstack-clickhouse-test-'));
  readonly dataDir = join(this.dir, 'data');
  readonly passwordFile = join(this.dir, 'password');

  constructor() {
    writeFileSync(this.passwordFile, `${PASSWORD}\n`, { mode: 0o600 });
  }

  /** Another password file: headers cannot hold every character of {@link PASSWORD}. */
  plainPasswordFile(password: string): string {
    const path = join(this.dir, `password-${password}`);
    writeFileSync(path, password, { mode: 0o600 });
    return path;
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** The real server in a process of its own. */
export class TestServer {
  readonly url: string;
  readonly home: TestHome;
  readonly #child: ChildProcess;
  readonly #ownsHome: boolean;

  private constructor(url: string, home: TestHome, child: ChildProcess, ownsHome: boolean) {
    this.url = url;
    this.home = home;
    this.#child = child;
    this.#ownsHome = ownsHome;
  }

  static async start(args: readonly string[] = [], givenHome?: TestHome): Promise<TestServer> {
    if (!existsSync(MAIN)) throw new Error(`${MAIN} is missing: build the package first (npm run build).`);
    const home = givenHome ?? new TestHome();
    const child = spawn(
      process.execPath,
      [
        ...[MAIN, '--port', '0', '--data-dir', home.dataDir, '--user', USER],
        ...['--password-file', home.passwordFile, ...args],
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let output = '';
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const url = await new Promise<string>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`The server did not start: ${output}`)), START_MS);
      child.once('exit', (code) => {
        clearTimeout(timer);
        reject(new Error(`The server ended with ${code}: ${output}`));
      });
      createInterface({ input: child.stdout }).on('line', (line) => {
        const found = /listening on (http:\S+)/.exec(line)?.[1];
        if (found === undefined) return;
        clearTimeout(timer);
        resolve(found);
      });
    });
    child.removeAllListeners('exit');
    return new TestServer(url, home, child, givenHome === undefined);
  }

  client(options: ClickHouseClientConfigOptions = {}): ClickHouseClient {
    return createClient({
      url: this.url,
      username: USER,
      password: PASSWORD,
      request_timeout: 60_000,
      log: { LoggerClass: SilentLogger },
      ...options,
    });
  }

  /** A request without the client, as the account. */
  request(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    const basic = Buffer.from(`${USER}:${PASSWORD}`).toString('base64');
    if (!headers.has('authorization')) headers.set('authorization', `Basic ${basic}`);
    return fetch(this.url + path, { ...init, headers });
  }

  /** Runs a statement and returns its text; fails when the server answers with an error. */
  async sql(text: string): Promise<string> {
    const response = await this.request('/', { method: 'POST', body: text });
    const answer = await response.text();
    if (!response.ok) throw new Error(answer);
    return answer.trimEnd();
  }

  /** Resident memory of the server, bytes. */
  memory(): number {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024;
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const exited = once(this.#child, 'exit');
      this.#child.kill(signal);
      await exited;
    }
    if (this.#ownsHome) this.home.remove();
    return this.#child.exitCode;
  }
}

/** Polls until a check holds. */
export async function eventually(check: () => Promise<boolean>, withinMs = 20_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await check())) {
    if (Date.now() > deadline) throw new Error(`It did not come true within ${withinMs} ms.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Expected errors are asserted, not printed. */
class SilentLogger {
  trace(): void {}
  debug(): void {}
  info(): void {}
  warn(): void {}
  error(): void {}
}

let counter = 0;

/** A name that no other test of this file uses. */
export function unique(prefix: string): string {
  counter += 1;
  return `${prefix}_${process.pid}_${counter}`;
}
