import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BizError } from '@bizstack/contracts';
import { readStatus } from '../src/supervisor/status';
import {
  cleanBeds,
  FAST,
  isAlive,
  logOf,
  makeBed,
  nodeService,
  pidOf,
  stateOf,
  STAYS,
  until,
} from './fixtures/driver';

jest.setTimeout(180_000);

afterEach(cleanBeds);

test('a service starts after what it depends on is healthy, and stops before it', async () => {
  const order: string[] = [];
  const note = (name: string, dependsOn: readonly string[]) =>
    nodeService(name, STAYS, {
      dependsOn,
      health: async () => void order.push(`healthy ${name}`),
      start: async () => {
        order.push(`start ${name}`);
        return [{ command: process.execPath, args: ['-e', STAYS] }];
      },
      beforeStop: async () => void order.push(`stop ${name}`),
    });
  const { stack } = makeBed([note('shop', ['database']), note('database', [])]);
  await stack.start();
  await stack.stop();
  expect(order).toEqual([
    'start database',
    'healthy database',
    'start shop',
    'healthy shop',
    'stop shop',
    'stop database',
  ]);
});

test('a killed process is started again, reported, and prepared again', async () => {
  let prepared = 0;
  const { stack, events } = makeBed([
    nodeService('worker', STAYS, { afterStart: async () => void (prepared += 1) }),
  ]);
  await stack.start();
  const first = pidOf(stack, 'worker');
  process.kill(first ?? 0, 'SIGKILL');
  const second = await until('a new process runs', () => {
    const pid = pidOf(stack, 'worker');
    return pid !== undefined && pid !== first && stateOf(stack, 'worker') === 'running' && pid;
  });
  expect(isAlive(second)).toBe(true);
  expect(prepared).toBe(2);
  expect(events.map(({ message }) => message).join('\n')).toMatch(
    /was ended by SIGKILL; starting it again in .* s \(log: .*worker\.log\)/,
  );
  expect(stack.status().services[0]?.restarts).toBe(1);
});

test('preparing is repeated when it only timed out, and not when it was refused', async () => {
  let attempts = 0;
  const slow = makeBed([
    nodeService('slow', STAYS, {
      afterStart: async () => {
        attempts += 1;
        if (attempts < 3) throw new Error('no answer in time');
      },
    }),
  ]);
  await slow.stack.start();
  expect(attempts).toBe(3);

  let refusals = 0;
  const refused = makeBed([
    nodeService('refused', STAYS, {
      afterStart: async () => {
        refusals += 1;
        throw new BizError('BIZ_TEST_REFUSED', 'wrong schema');
      },
    }),
  ]);
  await expect(refused.stack.start()).rejects.toThrow(/wrong schema/);
  expect(refusals).toBe(1);
});

test('a process that crashes again and again is given up with a reason, while the others go on', async () => {
  const { stack, stateDir } = makeBed(
    [
      nodeService('steady', STAYS),
      nodeService('broken', "setTimeout(() => { console.log('no licence'); process.exit(7) }, 30)"),
    ],
    { policy: { ...FAST, maxCrashes: 3 } },
  );
  await stack.start();
  await until('it is given up', () => stateOf(stack, 'broken') === 'failed');
  const broken = stack.status().services.find(({ name }) => name === 'broken');
  expect(broken?.detail).toMatch(/ended with code 7 too often; not restarted any more\. See .*broken\.log/);
  expect(broken?.restarts).toBe(2);
  expect(logOf(stateDir, 'broken').match(/no licence/g)).toHaveLength(3);
  expect(stateOf(stack, 'steady')).toBe('running');
});

test('a service that never gets healthy fails the start with the end of its log, and nothing stays behind', async () => {
  const { stack } = makeBed(
    [
      nodeService('steady', STAYS),
      nodeService('sick', "console.log('cannot open licence file'); process.exit(3)", {
        health: async () => {
          throw new Error('connection refused');
        },
      }),
      nodeService('dependent', STAYS, { dependsOn: ['sick'] }),
    ],
    { policy: { ...FAST, maxCrashes: 2 } },
  );
  await expect(stack.start()).rejects.toMatchObject({
    code: 'BIZ_NATIVE_START_FAILED',
    message: expect.stringMatching(
      /sick did not start: ended with code 3[\s\S]*cannot open licence file/,
    ) as string,
  });
  const steady = pidOf(stack, 'steady');
  await stack.stop();
  expect(steady !== undefined && isAlive(steady)).toBe(false);
  expect(stack.status().services.find(({ name }) => name === 'dependent')?.detail).toBe(
    'not started, because sick did not start',
  );
});

test('a full disk is told as such', async () => {
  const { stack } = makeBed(
    [
      nodeService('store', "console.error('write failed: No space left on device'); process.exit(1)", {
        health: async () => {
          throw new Error('connection refused');
        },
      }),
    ],
    { policy: { ...FAST, maxCrashes: 2 } },
  );
  await expect(stack.start()).rejects.toMatchObject({ code: 'BIZ_NATIVE_DISK_FULL' });
});

test('stopping reaches what the service itself started, also when it ignores the polite signal', async () => {
  const stubborn = `
    const { spawn } = require('node:child_process');
    const child = spawn(process.execPath, ['-e', "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)"]);
    process.on('SIGTERM', () => {});
    child.on('spawn', () => console.log('child', child.pid));
    setInterval(() => {}, 1000);`;
  const { stack, stateDir } = makeBed([
    nodeService('stubborn', stubborn, {
      start: async () => [{ command: process.execPath, args: ['-e', stubborn], stopTimeoutMs: 200 }],
    }),
  ]);
  await stack.start();
  const child = Number(
    await until('the child says its pid', () => /child (\d+)/.exec(logOf(stateDir, 'stubborn'))?.[1]),
  );
  expect(isAlive(child)).toBe(true);
  await stack.stop();
  await until('the child is gone', () => !isAlive(child));
});

test('a service gets a minimal environment, not the caller’s', async () => {
  process.env['BIZSTACK_TEST_SECRET_OF_CALLER'] = 'do not pass on';
  const { stack, stateDir } = makeBed([
    nodeService('curious', 'console.log(JSON.stringify(process.env)); setInterval(() => {}, 1000)'),
  ]);
  await stack.start();
  const line = await until(
    'it prints its environment',
    () => /^\{.*\}$/m.exec(logOf(stateDir, 'curious'))?.[0],
  );
  expect(Object.keys(JSON.parse(line) as object)).toContain('PATH');
  expect(line).not.toContain('do not pass on');
  delete process.env['BIZSTACK_TEST_SECRET_OF_CALLER'];
});

test('a second start of the same clone is refused and names the first', async () => {
  const first = makeBed([nodeService('one', STAYS)]);
  await first.stack.start();
  const second = makeBed([nodeService('one', STAYS)], { stateDir: first.stateDir });
  await expect(second.stack.start()).rejects.toMatchObject({
    code: 'BIZ_NATIVE_RUNNING',
    message: expect.stringContaining(`process ${process.pid}`) as string,
  });
  expect(readStatus(first.stack.paths.runDir)?.services[0]?.state).toBe('running');
});

test('a background service neither delays the start nor fails it', async () => {
  const { stack, events } = makeBed([
    nodeService('quick', STAYS),
    nodeService('slow', STAYS, {
      background: true,
      install: async () => {
        throw new Error('the compiler is out of order');
      },
    }),
  ]);
  await stack.start();
  expect(stateOf(stack, 'quick')).toBe('running');
  await until('the failure is reported', () =>
    events.some(
      ({ service, level, message }) =>
        service === 'slow' && level === 'error' && message.includes('out of order'),
    ),
  );
});

test('the stack of a stopped clone has no status; an unreadable lock of nobody does not lock anybody out', async () => {
  const bed = makeBed([nodeService('one', STAYS)]);
  await bed.stack.start();
  await bed.stack.stop();
  expect(readStatus(bed.stack.paths.runDir)).toBeUndefined();
  writeFileSync(join(bed.stack.paths.runDir, 'lock'), 'half a l');
  const again = makeBed([nodeService('one', STAYS)], { stateDir: bed.stateDir });
  await again.stack.start();
  expect(stateOf(again.stack, 'one')).toBe('running');
});
