import { createServer, type Server } from 'node:http';
import { messageOf } from '@bizstack/contracts';

/** `/healthz`: the process lives; `/readyz`: it can do its work. */
export function startHealth(host: string, port: number, ready: () => Promise<void>): Promise<Server> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const answer = (status: number, body: unknown): void =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (request.method !== 'GET') return answer(405, { error: 'only GET' });
    if (pathname === '/healthz') return answer(200, { status: 'ok' });
    if (pathname !== '/readyz') return answer(404, { error: 'unknown path' });
    ready().then(
      () => answer(200, { status: 'ready' }),
      (error: unknown) => answer(503, { status: 'not ready', reason: messageOf(error) }),
    );
    return undefined;
  });
  server.requestTimeout = 10_000;
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve(server));
  });
}
