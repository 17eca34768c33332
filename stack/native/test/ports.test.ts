import { createServer, type Server } from 'node:net';
import fc from 'fast-check';
import {
  basePortOf,
  isPortFree,
  parseBasePort,
  PORT_BLOCK,
  portHolder,
  requireFreePorts,
} from '../src/state/ports';
import { cleanBeds, makeBed, nodeService, STAYS } from './fixtures/driver';

jest.setTimeout(180_000);

let server: Server | undefined;

afterEach(async () => {
  await cleanBeds();
  await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
  server = undefined;
});

function listen(): Promise<number> {
  return new Promise((resolve) => {
    const opened = createServer().listen(0, '127.0.0.1', () => {
      const address = opened.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
    server = opened;
  });
}

test('a busy port is told with what holds it and how to choose another', async () => {
  const port = await listen();
  expect(portHolder(port)?.pid).toBe(process.pid);
  await expect(requireFreePorts('127.0.0.1', new Map([[port, 'Shop, http']]))).rejects.toMatchObject({
    code: 'BIZ_NATIVE_PORT_BUSY',
    message: expect.stringMatching(
      new RegExp(
        `port ${port} \\(Shop, http\\) is held by process ${process.pid} \\(.*node.*\\).*--base-port`,
      ),
    ) as string,
  });
});

test('nothing is installed when a port is busy', async () => {
  const port = await listen();
  let installed = false;
  const driver = nodeService('shop', STAYS, {
    ports: { http: 3 },
    install: async () => void (installed = true),
  });
  const { stack } = makeBed([driver], { basePort: port - 3 });
  await expect(stack.start()).rejects.toMatchObject({ code: 'BIZ_NATIVE_PORT_BUSY' });
  expect(installed).toBe(false);
});

test('a free port is free', async () => {
  const port = await listen();
  expect(await isPortFree('127.0.0.1', port)).toBe(false);
  await new Promise<void>((resolve) => server?.close(() => resolve()));
  server = undefined;
  expect(await isPortFree('127.0.0.1', port)).toBe(true);
});

test('every path gives a block within the range, the same one each time', () => {
  fc.assert(
    fc.property(fc.string(), (path) => {
      const port = basePortOf(path);
      expect(port).toBe(basePortOf(path));
      expect(port).toBeGreaterThanOrEqual(14_000);
      expect(port + PORT_BLOCK).toBeLessThanOrEqual(32_767);
      expect((port - 14_000) % PORT_BLOCK).toBe(0);
    }),
  );
});

test.each(['', '0', '80', '65530', '12a', '-1', '1e4'])('the base port %p is refused', (text) => {
  expect(() => parseBasePort(text)).toThrow(/is not a usable base port/);
});

test('the base port of the last start is kept', async () => {
  const first = makeBed([nodeService('one', STAYS)], { basePort: 41_000 });
  await first.stack.start();
  await first.stack.stop();
  expect(makeBed([nodeService('one', STAYS)], { stateDir: first.stateDir }).stack.basePort).toBe(41_000);
});
