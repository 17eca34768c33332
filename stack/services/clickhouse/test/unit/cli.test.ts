import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseCommandLine, USAGE } from '../../src/cli';
import { parseOptions } from '../../src/options';

describe('the command line', () => {
  const dir = mkdtempSync(join(tmpdir(), 'bizstack-clickhouse-cli-'));
  const password = join(dir, 'password');
  beforeAll(() => writeFileSync(password, 'secret\r\n', { mode: 0o600 }));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  const needed = (): string[] => ['--data-dir', dir, '--user', 'me', '--password-file', password];

  it('reads the password from its file, without the line break', () => {
    expect(parseCommandLine([...needed(), '--port', '0', '--queue-timeout-seconds', '3'])).toMatchObject({
      run: 'serve',
      options: { dataDir: dir, user: 'me', password: 'secret', port: 0, queueTimeoutMs: 3000 },
    });
  });

  it.each([['--help'], ['--version']])('%s needs nothing else', (flag) => {
    expect(parseCommandLine([flag]).run).toBe(flag.slice(2));
    expect(USAGE).toContain(flag);
  });

  it.each([
    [['--port', 'x'], /--port must be a whole number/],
    [['--port', '-1'], /port/],
    [['--nonsense'], /nonsense/],
    [['stray'], /stray|positional/],
  ])('refuses %j', (extra, message) => {
    expect(() => parseCommandLine([...needed(), ...extra])).toThrow(message);
  });

  it.each(['data-dir', 'user', 'password-file'])('needs --%s', (name) => {
    const args = needed();
    args.splice(args.indexOf(`--${name}`), 2);
    expect(() => parseCommandLine(args)).toThrow(`--${name} is missing`);
  });

  it('refuses an empty or missing password file and never shows its text', () => {
    const empty = join(dir, 'empty');
    writeFileSync(empty, '\n');
    chmodSync(empty, 0o600);
    expect(() => parseCommandLine([...needed().slice(0, -1), empty])).toThrow(/must hold one line/);
    expect(() => parseCommandLine([...needed().slice(0, -1), join(dir, 'none')])).toThrow(/cannot be read/);
  });
});

describe('options', () => {
  const base = { dataDir: '/nowhere/data', user: 'me', password: 'x' };

  it.each(['127.0.0.1', '127.8.8.8', 'localhost', '::1'])('may listen on %s', (host) => {
    expect(parseOptions({ ...base, host }).host).toBe(host);
  });

  it.each(['0.0.0.0', '192.168.1.2', 'example.org', '::'])('listens on %s only when told so', (host) => {
    expect(() => parseOptions({ ...base, host })).toThrow(/--allow-remote/);
    expect(parseOptions({ ...base, host, allowRemote: true }).host).toBe(host);
  });

  it.each([
    [{ port: 70_000 }, /port/],
    [{ user: "a'b" }, /user/],
    [{ password: '' }, /password/],
    [{ maxConcurrentQueries: 0 }, /maxConcurrentQueries/],
  ])('refuses %j', (wrong, message) => {
    expect(() => parseOptions({ ...base, ...wrong })).toThrow(message);
  });
});
