import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  cleanBeds,
  isAlive,
  makeBed,
  nodeService,
  pidOf,
  STAYS,
  temporaryDir,
  until,
} from './fixtures/driver';

jest.setTimeout(180_000);

afterEach(cleanBeds);

/** Starts a supervisor that runs one service; resolves with both pids. */
function supervise(stateDir: string): Promise<{ supervisor: ChildProcess; child: number }> {
  const supervisor = spawn(process.execPath, [join(__dirname, 'fixtures', 'supervise.cjs'), stateDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    supervisor.once('exit', (code) => reject(new Error(`the supervisor ended with code ${code}`)));
    supervisor.stdout.setEncoding('utf8').once('data', (line: string) => {
      resolve({ supervisor, child: (JSON.parse(line) as { child: number }).child });
    });
  });
}

test('after kill -9 of the supervisor the next start stops what was left and starts anew', async () => {
  const stateDir = temporaryDir();
  const { supervisor, child } = await supervise(stateDir);
  supervisor.kill('SIGKILL');
  await until('the supervisor is gone', () => supervisor.signalCode === 'SIGKILL');
  expect(isAlive(child)).toBe(true);

  const { stack, events } = makeBed([nodeService('sleeper', STAYS)], { stateDir });
  await stack.start();
  expect(isAlive(child)).toBe(false);
  expect(pidOf(stack, 'sleeper')).not.toBe(child);
  expect(events.map(({ message }) => message)).toContain(
    `process ${child} was left by a start that was killed; stopping it`,
  );
});

test('a process that only has the pid of a leftover is left alone', async () => {
  const stateDir = temporaryDir();
  const bystander = spawn(process.execPath, ['-e', STAYS], { stdio: 'ignore', detached: true });
  try {
    const { stack } = makeBed([nodeService('sleeper', STAYS)], { stateDir });
    const file = join(stateDir, 'run', 'pids', 'sleeper.json');
    await stack.start();
    await stack.stop();
    expect(existsSync(file)).toBe(false);
    const entry = {
      service: 'sleeper',
      name: '',
      pid: bystander.pid,
      startTime: '1',
      stopSignal: 'SIGTERM',
      stopTimeoutMs: 100,
    };
    writeFileSync(file, JSON.stringify(entry));
    const again = makeBed([nodeService('sleeper', STAYS)], { stateDir });
    await again.stack.start();
    expect(bystander.pid !== undefined && isAlive(bystander.pid)).toBe(true);
  } finally {
    bystander.kill('SIGKILL');
  }
});
