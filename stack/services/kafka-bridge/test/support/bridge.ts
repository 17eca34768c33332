import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { nodeBinary } from '@bizstack/native';
import { testFacts } from '@bizstack/native/testing';

const ROOT = join(__dirname, '..', '..', '..', '..', '..');
const MAIN = join(__dirname, '..', '..', 'dist', 'main.js');

export const TOKEN = 'test-token-of-the-bridge';
export const brokers = testFacts('kafka')['brokers'] ?? '';

/** One schema for the whole file: its bridges are replicas of each other. */
export const schema = `bridge_${randomUUID().replaceAll('-', '')}`;

export const baseEnv = {
  BRIDGE_PORT: '0',
  BRIDGE_TOKEN: TOKEN,
  BRIDGE_SIGNING_KEY: 'test-signing-key-of-the-bridge-0123456789',
  BRIDGE_DATABASE_URL: testFacts('postgres')['admin_url'] ?? '',
  BRIDGE_DATABASE_SCHEMA: schema,
  BRIDGE_WEBHOOK_ORIGINS: 'http://127.0.0.1:*',
  BRIDGE_SYNC_SECONDS: '1',
  BRIDGE_SESSION_TIMEOUT_SECONDS: '6',
  BRIDGE_RETRY_BASE_MS: '50',
  BRIDGE_RETRY_MAX_MS: '500',
  KAFKA_BROKERS: brokers,
};

export interface Bridge {
  readonly url: string;
  /** Of its database; replicas share one. */
  readonly schema: string;
  readonly process: ChildProcess;
  /** Lines of its log. */
  readonly lines: string[];
  request(
    method: string,
    path: string,
    body?: unknown,
    token?: string,
  ): Promise<{ status: number; body: unknown }>;
  /** SIGTERM; the exit code. */
  stop(): Promise<number | null>;
  kill(): Promise<void>;
}

/** Starts a replica in a process of its own. */
export async function startBridge(env: Record<string, string> = {}): Promise<Bridge> {
  const child = spawn(nodeBinary(ROOT), [MAIN], {
    env: { PATH: process.env['PATH'], ...baseEnv, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  const ended = once(child, 'exit');
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line);
      const { message, url } = JSON.parse(line) as { message: string; url?: string };
      if (message === 'kafka-bridge listens' && url !== undefined) resolve(url);
    });
    createInterface({ input: child.stderr }).on('line', (line) => lines.push(line));
    child.once('exit', (code) => reject(new Error(`The bridge ended with ${code}: ${lines.join('\n')}`)));
  });
  return {
    url,
    schema: env['BRIDGE_DATABASE_SCHEMA'] ?? schema,
    process: child,
    lines,
    async request(method, path, body, token = TOKEN) {
      const response = await fetch(url + path, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
    },
    async stop() {
      child.kill('SIGTERM');
      await ended;
      return child.exitCode;
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
