import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { loadIntoActivepieces } from '../../src/load';
import { loadFolder, removeFolders } from './fixtures';
import { ScriptedActivepieces } from './scripted-activepieces';

const ADMIN = { email: 'admin@example.com', password: 'a-long-password-91' };
const VARIABLES = { KAFKA_BROKERS: 'kafka:9092', KAFKA_PASSWORD: 'kafka-secret-7f3a' };

let files: Awaited<ReturnType<typeof loadFolder>>;
const servers: ScriptedActivepieces[] = [];

beforeEach(async () => {
  files = await loadFolder();
});

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
  await removeFolders();
});

async function newServer(): Promise<ScriptedActivepieces> {
  const server = new ScriptedActivepieces();
  await server.start();
  servers.push(server);
  return server;
}

function load(server: ScriptedActivepieces, signal?: AbortSignal) {
  return loadIntoActivepieces({
    url: server.url,
    credentials: ADMIN,
    artifacts: files.artifacts,
    connections: files.connections,
    flows: [files.flow],
    variables: VARIABLES,
    retry: { attempts: 3, baseDelayMs: 1, maxDelayMs: 5 },
    pollMs: 1,
    ...(signal === undefined ? {} : { signal }),
  });
}

/** A whole load for each of its requests. */
jest.setTimeout(120_000);

test('a load that ends after any of its requests is completed by the next one', async () => {
  const whole = await newServer();
  await load(whole);
  const expected = whole.state();
  expect(whole.requests.length).toBeGreaterThan(15);

  for (let last = 1; last <= whole.requests.length; last += 1) {
    const server = await newServer();
    const abort = new AbortController();
    server.onRequest = (count) => {
      if (count === last) {
        abort.abort(new Error('killed'));
      }
      return count >= last;
    };
    await expect(load(server, abort.signal)).rejects.toThrow('killed');
    server.onRequest = () => false;

    await load(server);
    expect({ last, state: server.state() }).toEqual({ last, state: expected });
  }
});

test('a process that is killed with SIGKILL while the flow is published leaves nothing that the next run cannot finish', async () => {
  const server = await newServer();
  const child = spawn(
    process.execPath,
    ['-r', join(__dirname, 'register-typescript.cjs'), join(__dirname, 'load-process.ts')],
    {
      env: {
        PATH: process.env['PATH'],
        LOAD: JSON.stringify({
          url: server.url,
          credentials: ADMIN,
          artifacts: files.artifacts,
          connections: files.connections,
          flows: [files.flow],
          variables: VARIABLES,
        }),
      },
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  server.onRequest = () => {
    const published = server.flows[0]?.publishedVersionId != null;
    if (published) {
      child.kill('SIGKILL');
    }
    return published;
  };
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
  expect(signal).toBe('SIGKILL');
  server.onRequest = () => false;

  await load(server);
  const whole = await newServer();
  await load(whole);
  expect(server.state()).toEqual(whole.state());
});
