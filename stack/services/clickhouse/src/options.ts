import { isIP } from 'node:net';
import { statSync } from 'node:fs';
import { BizError } from '@bizstack/contracts';
import { z } from 'zod';

const MIB = 1024 * 1024;
/** Each running query holds one of Node.js' worker threads, and three must stay free to cancel, spool and compress. */
const THREADS = Number(process.env.UV_THREADPOOL_SIZE ?? 4);
const OTHER_THREADS = 3;

const count = z.number().int().positive();

const schema = z
  .strictObject({
    /** Address to listen on. */
    host: z.string().min(1).default('127.0.0.1'),
    /** 0 = any free port. */
    port: z.number().int().min(0).max(65_535).default(8123),
    dataDir: z.string().min(1),
    user: z.string().regex(/^[A-Za-z0-9_.@-]+$/, 'must be letters, digits and _ . @ -'),
    password: z.string().min(1),
    /** Serve other machines too: without TLS, so only behind a proxy or in a private network. */
    allowRemote: z.boolean().default(false),
    /** Default: what the thread pool allows, at most 8. */
    maxConcurrentQueries: count.max(64).optional(),
    maxQueuedQueries: z.number().int().nonnegative().default(200),
    queueTimeoutMs: count.default(60_000),
    maxSessions: count.default(200),
    /** Statement text without rows. */
    maxQueryBytes: count.default(16 * MIB),
    /** Rows of one INSERT, decompressed; also a result with wait_end_of_query. */
    maxBodyBytes: count.default(10 * 1024 * MIB),
    /** All rows and results on disk at one time. */
    maxSpoolBytes: count.default(20 * 1024 * MIB),
    /** Disk space that must stay free. */
    minFreeBytes: z
      .number()
      .int()
      .nonnegative()
      .default(256 * MIB),
    receiveTimeoutMs: count.default(300_000),
    sendTimeoutMs: count.default(300_000),
    stopTimeoutMs: z.number().int().nonnegative().default(10_000),
  })
  .superRefine((value, issues) => {
    if (!value.allowRemote && !isLoopback(value.host)) {
      issues.addIssue({
        code: 'custom',
        path: ['host'],
        message: `${value.host} is not a loopback address; --allow-remote is needed to serve other machines`,
      });
    }
  });

/** Options of {@link startServer}; times in milliseconds, sizes in bytes. */
export type ServerOptions = z.input<typeof schema>;
export type ParsedOptions = z.output<typeof schema> & { readonly maxConcurrentQueries: number };

/** @throws BizError `BIZ_CLICKHOUSE_OPTIONS` naming every option that is wrong */
export function parseOptions(input: ServerOptions): ParsedOptions {
  const parsed = schema.safeParse(input);
  if (!parsed.success) {
    throw new BizError('BIZ_CLICKHOUSE_OPTIONS', z.prettifyError(parsed.error), { cause: parsed.error });
  }
  assertDirectory(parsed.data.dataDir);
  const possible = THREADS - OTHER_THREADS;
  const maxConcurrentQueries = parsed.data.maxConcurrentQueries ?? Math.max(1, Math.min(possible, 8));
  if (maxConcurrentQueries > Math.max(1, possible)) {
    throw new BizError(
      'BIZ_CLICKHOUSE_THREADS',
      `maxConcurrentQueries is ${maxConcurrentQueries}, but this process has ${THREADS} worker threads.`,
      { hint: `Start it with UV_THREADPOOL_SIZE=${maxConcurrentQueries + OTHER_THREADS}.` },
    );
  }
  return { ...parsed.data, maxConcurrentQueries };
}

function assertDirectory(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === false) {
    throw new BizError('BIZ_CLICKHOUSE_OPTIONS', `The data directory ${path} is not a directory.`);
  }
}

function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}
