import { connect } from 'node:net';
import { join } from 'node:path';
import { temporalDriver } from '../src/services/temporal';
import { defaultCacheDir } from '../src/state/paths';
import { isPortFree, PORT_BLOCK } from '../src/state/ports';
import { Stack } from '../src/supervisor/stack';
import type { StackEvent } from '../src/supervisor/reporter';
import { cleanBeds, stateOf, temporaryDir, until } from './fixtures/driver';

jest.setTimeout(180_000);

const before = process.env['BIZSTACK_TEMPORAL'];
beforeAll(() => {
  process.env['BIZSTACK_TEMPORAL'] = 'test-server';
});
afterAll(async () => {
  if (before === undefined) delete process.env['BIZSTACK_TEMPORAL'];
  else process.env['BIZSTACK_TEMPORAL'] = before;
  await cleanBeds();
});

test('the stand-in serves and says what it lacks', async () => {
  const events: StackEvent[] = [];
  let basePort = 51_000;
  while (!(await isPortFree('127.0.0.1', basePort + 7))) basePort += PORT_BLOCK;
  const stack = new Stack({
    rootDir: join(__dirname, '..', '..', '..'),
    stateDir: temporaryDir(),
    cacheDir: defaultCacheDir(),
    drivers: [temporalDriver],
    services: ['temporal'],
    basePort,
    report: (event) => events.push(event),
  });
  try {
    await stack.start();
    await until('it runs', () => stateOf(stack, 'temporal') === 'running');
    const { address } = stack.factsOf('temporal');
    expect(address).toBe(`127.0.0.1:${basePort + 7}`);
    // HTTP/2 begins with a settings frame of the server: type 4 at the fourth byte.
    const type = await new Promise<number | undefined>((resolve, reject) => {
      const socket = connect(basePort + 7, '127.0.0.1', () =>
        socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0'),
      );
      socket.once('error', reject).once('data', (chunk) => {
        resolve(chunk[3]);
        socket.destroy();
      });
    });
    expect(type).toBe(4);
    expect(
      events.some(
        ({ level, message }) => level === 'warn' && /test server stands in.*schedules/.test(message),
      ),
    ).toBe(true);
    expect(stack.status().services[0]?.lacks.join()).toMatch(/all is in memory/);
  } finally {
    await stack.stop();
  }
});
