import { spawn } from 'node:child_process';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheEntry, cacheEntryDir, defaultCacheDir, runCommand } from '@bizstack/native';

/** Apicurio Registry (Apache-2.0), which serves the Confluent API, from Maven Central. */
const VERSION = '3.0.9';
const KEY = `apicurio-registry-${VERSION}`;

async function install(): Promise<string> {
  const options = { cacheDir: defaultCacheDir(), key: KEY, neededMb: 250 };
  await cacheEntry({
    ...options,
    fill: async (dir) => {
      const artifact = `io.apicurio:apicurio-registry-app:${VERSION}:tar.gz:all`;
      const download = join(dir, 'download');
      mkdirSync(download);
      await runCommand(
        'mvn',
        ['-q', '-B', 'dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${download}`],
        { cwd: dir },
      );
      await runCommand('tar', [
        'xzf',
        join(download, `apicurio-registry-app-${VERSION}-all.tar.gz`),
        '-C',
        dir,
      ]);
      rmSync(download, { recursive: true });
    },
  });
  return cacheEntryDir(options.cacheDir, KEY);
}

export interface RegistryServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** A real registry in memory. */
export async function startRegistry(): Promise<RegistryServer> {
  const dir = await install();
  const port = await freePort();
  const child = spawn(
    'java',
    ['-Xmx256m', '-XX:TieredStopAtLevel=1', '-jar', `apicurio-registry-app-${VERSION}-runner.jar`],
    {
      cwd: dir,
      stdio: 'ignore',
      env: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        QUARKUS_HTTP_HOST: '127.0.0.1',
        QUARKUS_HTTP_PORT: String(port),
        APICURIO_STORAGE_KIND: 'sql',
      },
    },
  );
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const url = `http://127.0.0.1:${port}/apis/ccompat/v7`;
  const deadline = Date.now() + 120_000;
  for (;;) {
    const ready = await fetch(`${url}/subjects`).then(
      (response) => response.ok,
      () => false,
    );
    if (ready) break;
    if (Date.now() > deadline || child.exitCode !== null) {
      child.kill('SIGKILL');
      throw new Error('The schema registry did not start.');
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return {
    url,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

export async function freePort(): Promise<number> {
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** An HTTP server that answers as the test says: failures that a real registry cannot be made to show. */
export async function startFakeRegistry(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<RegistryServer & { readonly requests: string[] }> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    requests,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
