import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { FilesService } from '@activepieces/pieces-framework';
import { BizError } from '../errors';

export interface StoredFile {
  fileName: string;
  data: Buffer;
}

/** Serves what a piece wrote with `files.write`, on a loopback port, for as long as the process lives. */
export interface FileHost {
  /** Ends with a slash, as the server's own URLs do. */
  readonly baseUrl: string;
  readonly files: FilesService;
  read(url: string): StoredFile | undefined;
  close(): Promise<void>;
}

export function contentDisposition(fileName: string): string {
  const ascii = fileName.replaceAll(/[^\w. -]/g, '_');
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encodeURIComponent(fileName)}`;
}

/** Starts a file host of its own; close it, or use {@link sharedFileHost}. */
export async function createFileHost(): Promise<FileHost> {
  const stored = new Map<string, StoredFile>();
  const server: Server = createServer((request, response) => {
    const file = stored.get(new URL(request.url ?? '/', 'http://localhost').pathname);
    if (file === undefined) {
      response.writeHead(404, { connection: 'close' }).end();
      return;
    }
    response.writeHead(200, {
      connection: 'close',
      'content-type': 'application/octet-stream',
      'content-disposition': contentDisposition(file.fileName),
    });
    response.end(file.data);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  // A test runner must be able to end without closing a host it never saw.
  server.unref();
  server.on('connection', (socket) => socket.unref());
  const address = server.address();
  if (address === null || typeof address === 'string') {
    throw new BizError('BIZ_TESTKIT_FILE_HOST', 'The file host has no port.');
  }
  const baseUrl = `http://127.0.0.1:${address.port}/`;
  return {
    baseUrl,
    files: {
      async write({ fileName, data }) {
        const path = `/v1/step-files/${randomUUID()}`;
        stored.set(path, { fileName, data: Buffer.from(data) });
        return new URL(path, baseUrl).toString();
      },
    },
    read: (url) => stored.get(new URL(url).pathname),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

let shared: Promise<FileHost> | undefined;

/** The host that `runAction` and the trigger harness use when none is given; one a process, never closed. */
export function sharedFileHost(): Promise<FileHost> {
  shared ??= createFileHost();
  return shared;
}
