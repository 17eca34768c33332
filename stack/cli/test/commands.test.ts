import { createServer } from 'node:net';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CommandLine } from './command-line';

jest.setTimeout(180_000);

const cli = new CommandLine();

afterAll(() => cli.dispose());

const alive = (pid: number): boolean => {
  try {
    // A zombie that the container's init has not reaped has no command line.
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== '';
  } catch {
    return false;
  }
};

async function until(what: string, probe: () => Promise<boolean> | boolean): Promise<void> {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await sleep(100))
    if (await probe()) return;
  throw new Error(`did not happen: ${what}`);
}

interface Status {
  running: boolean;
  pid: number;
  basePort: number;
  services: {
    name: string;
    state: string;
    restarts: number;
    memoryMb?: number;
    processes: { pid?: number }[];
  }[];
}

async function status(): Promise<Status> {
  return JSON.parse((await cli.run('status', '--json')).stdout) as Status;
}

test('before the first start every command says so', async () => {
  expect(await cli.run('status')).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('does not run') as string,
  });
  expect(await cli.run('down')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('does not run') as string,
  });
  const logs = await cli.run('logs', 'kafka');
  expect(logs.code).toBe(1);
  expect(logs.stderr).toContain('BIZ_CLI_NO_LOG: There is no log of "kafka".');
});

test('a wrong profile or port is refused with what there is', async () => {
  expect((await cli.run('up', '--profile', 'everything')).stderr).toMatch(
    /no profile or service "everything"\. Profiles: core/,
  );
  expect((await cli.run('up', '--base-port', '70000')).stderr).toContain('"70000" is not a usable base port');
});

describe('detached', () => {
  beforeAll(async () => {
    const up = await cli.run('up', '--detach', '--only', 'redis,postgres');
    // What it said is part of the comparison, so that a failure tells its reason.
    expect([up.code, up.code === 0 ? '' : up.stdout + up.stderr]).toEqual([0, '']);
    expect(up.stdout).toContain('postgres://business:***@127.0.0.1:');
  }, 300_000);

  test('status shows what runs, with memory', async () => {
    const { running, services } = await status();
    expect(running).toBe(true);
    expect(services.map(({ name, state }) => `${name} ${state}`).sort()).toEqual([
      'postgres running',
      'redis running',
    ]);
    for (const { memoryMb } of services) expect(memoryMb).toBeGreaterThan(0);
    expect((await cli.run('status')).stdout).toMatch(/redis +running +\d+ MB/);
  });

  test('a second start is refused', async () => {
    const second = await cli.run('up', '--only', 'redis');
    expect(second.code).toBe(1);
    expect(second.stderr).toMatch(/BIZ_NATIVE_RUNNING: This clone's stack already runs: process \d+/);
  });

  test('credentials are masked unless they are asked for', async () => {
    const masked = await cli.run('credentials', 'postgres');
    expect(masked.stdout).toMatch(/password +\*\*\*/);
    const shown = await cli.run('credentials', 'postgres', '--show', '--json');
    const { postgres } = JSON.parse(shown.stdout) as { postgres: { password: string } };
    expect(postgres.password).toMatch(/^[0-9a-f]{48}$/);
    expect(masked.stdout).not.toContain(postgres.password);
    expect(statSync(join(cli.stateDir, 'secrets', 'postgres-business')).mode & 0o777).toBe(0o600);
  });

  test('no log holds a secret', async () => {
    const shown = await cli.run('credentials', '--show');
    const secrets = shown.stdout.match(/\b[0-9a-f]{48}\b/g) ?? [];
    expect(secrets.length).toBeGreaterThan(3);
    for (const name of ['postgres', 'redis', 'supervisor']) {
      const log = readFileSync(join(cli.stateDir, 'logs', `${name}.log`), 'utf8');
      for (const secret of secrets) expect(log).not.toContain(secret);
    }
  });

  test('logs shows the last lines and follows what comes', async () => {
    expect((await cli.run('logs', 'redis', '-n', '3')).stdout.trimEnd().split('\n')).toHaveLength(3);
    const follow = cli.start('logs', 'redis', '-f', '-n', '0');
    let seen = '';
    follow.stdout?.setEncoding('utf8').on('data', (chunk: string) => (seen += chunk));
    const before = (await status()).services.find(({ name }) => name === 'redis');
    process.kill(before?.processes[0]?.pid ?? 0, 'SIGKILL');
    await until(
      'the restart is shown',
      () => /was ended by SIGKILL; restarted/.test(seen) && /Ready to accept connections/.test(seen),
    );
    follow.kill();
    await until('redis runs again', async () => {
      const redis = (await status()).services.find(({ name }) => name === 'redis');
      return redis?.state === 'running' && redis.restarts === 1;
    });
  });

  test('reset is refused while it runs', async () => {
    expect((await cli.run('reset', '--yes')).stderr).toContain('BIZ_CLI_STILL_RUNNING');
  });

  test('a killed supervisor leaves services that down stops', async () => {
    const { pid, services } = await status();
    const pids = services.flatMap(({ processes }) => processes.flatMap((entry) => entry.pid ?? []));
    process.kill(pid, 'SIGKILL');
    await until('the supervisor is gone', () => !alive(pid));
    expect((await cli.run('status')).code).toBe(1);
    expect((await cli.run('down')).code).toBe(0);
    for (const left of pids) expect(alive(left)).toBe(false);
  });
});

test('in the foreground, Ctrl-C stops everything and the exit status is 0', async () => {
  const up = cli.start('up', '--only', 'redis');
  let output = '';
  up.stdout?.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  await until('it is up', () => output.includes('Redis  '));
  const [redis] = (await status()).services;
  const exit = new Promise<number | null>((resolve) => up.once('exit', resolve));
  up.kill('SIGINT');
  expect(await exit).toBe(0);
  expect(alive(redis?.processes[0]?.pid ?? 0)).toBe(false);
});

test('a busy port is told with its holder, and another block of ports works', async () => {
  const { basePort } = JSON.parse(readFileSync(join(cli.stateDir, 'state.json'), 'utf8')) as {
    basePort: number;
  };
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(basePort + 1, '127.0.0.1', resolve));
  try {
    const up = await cli.run('up', '--only', 'redis');
    expect(up.code).toBe(1);
    expect(up.stderr).toMatch(
      new RegExp(
        `BIZ_NATIVE_PORT_BUSY: port ${basePort + 1} \\(Redis, redis\\) is held by process ${process.pid} \\(`,
      ),
    );
    const other = basePort > 40_000 ? basePort - 4000 : basePort + 4000;
    expect((await cli.run('up', '--detach', '--only', 'redis', '--base-port', String(other))).code).toBe(0);
    expect((await status()).basePort).toBe(other);
    expect((await cli.run('down')).code).toBe(0);
  } finally {
    await new Promise((resolve) => holder.close(resolve));
  }
});

test('a missing tool is named with its install command, and nothing is made', async () => {
  const bare = new CommandLine({ PATH: '/nonexistent' });
  try {
    const up = await bare.run('up', '--only', 'kafka');
    expect(up.code).toBe(1);
    expect(up.stderr).toMatch(/BIZ_NATIVE_TOOL_MISSING/);
    expect(up.stderr).toMatch(
      /java 17 or newer is missing \(for kafka\)\. Install it: apt-get install openjdk-17/,
    );
    expect(up.stderr).toMatch(/mvn 3\.6 or newer is missing/);
  } finally {
    await bare.dispose();
  }
});

test('reset asks for a yes and then removes data and secrets', async () => {
  expect((await cli.run('reset')).stderr).toContain('BIZ_CLI_NOT_CONFIRMED');
  expect(statSync(join(cli.stateDir, 'data', 'postgres'), { throwIfNoEntry: false })).toBeDefined();
  expect((await cli.run('reset', '--yes')).code).toBe(0);
  for (const name of ['data', 'secrets', 'logs']) {
    expect(statSync(join(cli.stateDir, name), { throwIfNoEntry: false })).toBeUndefined();
  }
});
