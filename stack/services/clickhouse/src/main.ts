#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isBizError, messageOf } from '@bizstack/contracts';
import { z } from 'zod';
import { parseCommandLine, USAGE } from './cli';

/** Threads beside those that wait for running queries: uploads, compression, cancelling. */
const SPARE_THREADS = 8;

async function main(): Promise<void> {
  const command = parseCommandLine(process.argv.slice(2));
  if (command.run === 'help') {
    process.stdout.write(USAGE);
    return;
  }
  if (command.run === 'version') {
    process.stdout.write(`${readVersion()}\n`);
    return;
  }
  // Read by Node.js at its first asynchronous call, so before the engine is loaded.
  const queries = command.options.maxConcurrentQueries ?? 8;
  process.env.UV_THREADPOOL_SIZE = String(queries + SPARE_THREADS);
  const { startServer } = await import('./server.js');
  const server = await startServer(command.options);
  console.log(`listening on ${server.url} (ClickHouse ${server.version}, pid ${process.pid})`);
  const stop = (): void => {
    server.close().then(
      () => process.exit(0),
      (error: unknown) => fail(error),
    );
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

function readVersion(): string {
  const text = readFileSync(join(__dirname, '..', 'package.json'), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}

function fail(error: unknown): never {
  const cause =
    error instanceof Error && error.cause !== undefined ? `\n  cause: ${messageOf(error.cause)}` : '';
  console.error(`${isBizError(error) ? `${error.code}: ` : ''}${messageOf(error)}${cause}`);
  process.exit(isBizError(error, 'BIZ_CLICKHOUSE_ARGUMENTS') ? 2 : 1);
}

main().catch(fail);
