#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { assembleModel } from './model-files';
import { startServer } from './server';

const USAGE = `bizstack-embeddings-server --model-dir DIR [--host 127.0.0.1] [--port 8090] [--api-key-file FILE] [--threads N]
bizstack-embeddings-server assemble --from SITE_PACKAGES --to DIR`;

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      host: { type: 'string', default: '127.0.0.1' },
      port: { type: 'string', default: '8090' },
      'model-dir': { type: 'string' },
      'api-key-file': { type: 'string' },
      threads: { type: 'string', default: String(Math.max(1, Math.floor(availableParallelism() / 2))) },
      from: { type: 'string' },
      to: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) return void console.log(USAGE);
  if (positionals[0] === 'assemble' && values.from && values.to) return assembleModel(values.from, values.to);
  const modelDir = values['model-dir'];
  if (modelDir === undefined || positionals.length > 0) throw new Error(`Usage:\n${USAGE}`);
  const keyFile = values['api-key-file'];
  if (!LOOPBACK.has(values.host) && keyFile === undefined) {
    throw new Error('A host other than loopback needs --api-key-file.');
  }
  const server = await startServer({
    host: values.host,
    port: natural('--port', values.port),
    modelDir,
    apiKey: keyFile === undefined ? undefined : readFileSync(keyFile, 'utf8').trim(),
    threads: natural('--threads', values.threads),
  });
  console.log(`embeddings on ${server.url}`);
  const stop = () => void server.close().then(() => process.exit(0));
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

function natural(name: string, value: string): number {
  if (!/^\d{1,5}$/.test(value)) throw new Error(`${name} must be a number, not "${value}".`);
  return Number(value);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
