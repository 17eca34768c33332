import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { isPortFree } from '../src/state/ports';
import { testFacts } from '../src/testing';
import { FACTS_VARIABLE } from '../src/testing/facts-file';
import { writeFileAtomic } from '../src/state/state-file';
import { cleanBeds, isAlive, temporaryDir, until } from './fixtures/driver';

jest.setTimeout(180_000);

const reportSchema = z.object({
  file: z.string(),
  redis: z.object({ port: z.string(), password: z.string(), url: z.string() }),
});
type Report = z.infer<typeof reportSchema>;
const running: ChildProcess[] = [];

afterEach(async () => {
  for (const child of running.splice(0)) child.kill('SIGTERM');
  await cleanBeds();
});

function jestRun(
  stateDir: string,
  ...args: readonly string[]
): Promise<{ child: ChildProcess; report: Report }> {
  const child = spawn(process.execPath, [join(__dirname, 'fixtures', 'jest-run.cjs'), ...args], {
    env: { ...process.env, BIZSTACK_STATE_DIR: stateDir, BIZSTACK_TEST_QUIET: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.push(child);
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the run ended with code ${code} before it was up`)));
    child.stdout.setEncoding('utf8').once('data', (line: string) => {
      child.removeAllListeners('exit');
      resolve({ child, report: reportSchema.parse(JSON.parse(line)) });
    });
  });
}

function pidOf(stateDir: string, slot: number): number {
  const file = join(stateDir, 'test', String(slot), 'run', 'pids', 'redis.json');
  return z.object({ pid: z.number() }).parse(JSON.parse(readFileSync(file, 'utf8'))).pid;
}

test('a run gets its services with secrets, and leaves nothing', async () => {
  const stateDir = temporaryDir();
  const { child, report } = await jestRun(stateDir, 'redis');
  expect(report.redis.url).toContain(report.redis.password);
  await until('the run ends by itself', () => child.exitCode === 0);
  expect(await isPortFree('127.0.0.1', Number(report.redis.port))).toBe(true);
  expect(statSync(join(stateDir, 'test', '0', 'data', 'redis'), { throwIfNoEntry: false })).toBeUndefined();
});

test('two runs at once have servers of their own; what a killed run left is stopped by the next one', async () => {
  const stateDir = temporaryDir();
  const first = await jestRun(stateDir, 'redis', 'stay');
  expect(statSync(first.report.file).mode & 0o777).toBe(0o600);
  const second = await jestRun(stateDir, 'redis', 'stay');
  expect(second.report.redis.port).not.toBe(first.report.redis.port);
  expect(second.report.redis.password).not.toBe(first.report.redis.password);
  const left = pidOf(stateDir, 0);
  first.child.kill('SIGKILL');
  await until('the first run is gone', () => first.child.signalCode === 'SIGKILL');
  expect(isAlive(left)).toBe(true);

  const third = await jestRun(stateDir, 'redis', 'stay');
  expect(isAlive(left)).toBe(false);
  expect(isAlive(pidOf(stateDir, 0))).toBe(true);
  for (const { child } of [second, third]) child.kill('SIGINT');
  await until('both have stopped', () => second.child.exitCode === 130 && third.child.exitCode === 130);
  expect(await isPortFree('127.0.0.1', Number(second.report.redis.port))).toBe(true);
});

test('facts of a service that does not run, or that it does not have, are refused with what there is', () => {
  const before = process.env[FACTS_VARIABLE];
  try {
    delete process.env[FACTS_VARIABLE];
    expect(() => testFacts('kafka')).toThrow(
      /No test services run\. Name them in the package's jest\.config\.cjs/,
    );
    const file = join(temporaryDir(), 'facts.json');
    writeFileAtomic(file, JSON.stringify({ kafka: { brokers: '127.0.0.1:1', port: 1 } }), 0o600);
    process.env[FACTS_VARIABLE] = file;
    expect({ ...testFacts('kafka') }).toEqual({ brokers: '127.0.0.1:1', port: '1' });
    expect(() => testFacts('kafka')['broker']).toThrow(/no fact "broker"\. Facts: brokers, port/);
    expect(() => testFacts('redis')).toThrow(/"redis" does not run\. Running: kafka/);
  } finally {
    if (before === undefined) delete process.env[FACTS_VARIABLE];
    else process.env[FACTS_VARIABLE] = before;
  }
});
