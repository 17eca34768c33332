import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheEntry, isComplete } from '../src/install/cache-entry';
import { requireDisk } from '../src/install/disk';
import { verifyChecksums } from '../src/install/maven';
import { runCommand } from '../src/install/run-command';
import { compareVersions, findMissingTools, requireTools } from '../src/install/tools';
import { cleanBeds, makeBed, nodeService, STAYS, temporaryDir, until } from './fixtures/driver';

jest.setTimeout(180_000);

afterEach(cleanBeds);

test('all missing tools are named at once, with the commands that install them, before anything is installed', async () => {
  let installed = false;
  const needs = (name: string, command: string, minimum?: string) =>
    nodeService(name, STAYS, {
      requires: [
        { command, install: `apt-get install ${command}`, ...(minimum === undefined ? {} : { minimum }) },
      ],
      install: async () => void (installed = true),
    });
  const { stack } = makeBed([
    needs('one', 'bizstack-no-such-tool'),
    needs('two', 'bizstack-nor-this'),
    needs('three', 'node', '999'),
  ]);
  const failure = stack.start();
  await expect(failure).rejects.toMatchObject({ code: 'BIZ_NATIVE_TOOL_MISSING' });
  await failure.catch((error: unknown) => {
    const text = String(error);
    expect(text).toContain(
      'bizstack-no-such-tool is missing (for one). Install it: apt-get install bizstack-no-such-tool',
    );
    expect(text).toContain('bizstack-nor-this is missing (for two)');
    expect(text).toMatch(/node 999 or newer is \d+\.\d+\.\d+, too old \(for three\)/);
    expect(text).toContain('Nothing has been downloaded yet');
  });
  expect(installed).toBe(false);
});

test('a missing optional tool does not stop anything', async () => {
  const missing = await findMissingTools([
    {
      name: 'one',
      requires: [{ command: 'bizstack-no-such-tool', install: 'x', optional: true, without: 'less works' }],
    },
  ]);
  expect(missing).toHaveLength(1);
  expect(() => requireTools(missing)).not.toThrow();
});

test.each([
  ['17', '17', 0],
  ['17.0.2', '17', 1],
  ['9', '10', -1],
  ['3.11', '3.9', 1],
  ['1.8', '17', -1],
])('version %s against %s', (a, b, sign) => {
  expect(Math.sign(compareVersions(a, b))).toBe(sign);
});

test('an install that is killed half-way is done again, whole', async () => {
  const cacheDir = temporaryDir();
  const script = `
    const { cacheEntry } = require('@bizstack/native');
    const { writeFileSync } = require('node:fs');
    void cacheEntry({ cacheDir: ${JSON.stringify(cacheDir)}, key: 'tool-1', neededMb: 1, fill: async (dir) => {
      writeFileSync(dir + '/half', '');
      console.log('half');
      await new Promise((resolve) => setTimeout(resolve, 600_000));
    } });`;
  const installer = spawn(process.execPath, ['-e', script], {
    cwd: __dirname,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => installer.stdout.once('data', resolve));
  installer.kill('SIGKILL');
  await until('the installer is gone', () => installer.signalCode === 'SIGKILL');
  expect(isComplete(join(cacheDir, 'tool-1'))).toBe(false);

  const dir = await cacheEntry({
    cacheDir,
    key: 'tool-1',
    neededMb: 1,
    fill: async (target) => writeFileSync(join(target, 'whole'), ''),
  });
  expect(existsSync(join(dir, 'whole'))).toBe(true);
  expect(existsSync(join(dir, 'half'))).toBe(false);
  expect(readdirSync(cacheDir)).toEqual(['tool-1']);
});

test('two that install the same thing at once install it once', async () => {
  const cacheDir = temporaryDir();
  let fills = 0;
  const install = () =>
    cacheEntry({
      cacheDir,
      key: 'tool-1',
      neededMb: 1,
      fill: async (dir) => {
        fills += 1;
        await runCommand(process.execPath, ['-e', 'setTimeout(() => {}, 300)']);
        writeFileSync(join(dir, 'file'), String(fills));
      },
    });
  const [a, b] = await Promise.all([install(), install()]);
  expect(a).toBe(b);
  expect(fills).toBe(1);
  expect(readFileSync(join(a, 'file'), 'utf8')).toBe('1');
});

test('an install that fails leaves nothing, and the next one succeeds', async () => {
  const cacheDir = temporaryDir();
  const entry = { cacheDir, key: 'tool-1', neededMb: 1 };
  await expect(
    cacheEntry({
      ...entry,
      fill: async (dir) => {
        writeFileSync(join(dir, 'half'), '');
        throw new Error('the network is down');
      },
    }),
  ).rejects.toThrow('the network is down');
  expect(readdirSync(cacheDir)).toEqual([]);
  await cacheEntry({ ...entry, fill: async () => undefined });
  expect(isComplete(join(cacheDir, 'tool-1'))).toBe(true);
});

test('too little disk is said before an install begins', async () => {
  expect(() => requireDisk(temporaryDir(), 5000, 'Installing Kafka', () => 120)).toThrow(
    /Installing Kafka needs 5000 MB in .*, and 120 MB are free\. Free some space/,
  );
  let filled = false;
  const failing = cacheEntry({
    cacheDir: temporaryDir(),
    key: 'huge',
    neededMb: 1e12,
    fill: async () => void (filled = true),
  });
  await expect(failing).rejects.toMatchObject({ code: 'BIZ_NATIVE_DISK_FULL' });
  expect(filled).toBe(false);
});

test('a failed command is told with the end of what it printed', async () => {
  const command = runCommand(process.execPath, ['-e', "console.error('registry says no'); process.exit(4)"]);
  await expect(command).rejects.toMatchObject({
    code: 'BIZ_NATIVE_COMMAND_FAILED',
    message: expect.stringMatching(/ended with code 4:\nregistry says no/) as string,
  });
});

test('an archive that is changed, missing or unlisted is refused', async () => {
  const dir = temporaryDir();
  const list = join(dir, 'list.sha256');
  const sha = createHash('sha256').update('jar').digest('hex');
  writeFileSync(join(dir, 'a.jar'), 'jar');
  writeFileSync(list, `${sha}  a.jar\n`);
  await verifyChecksums(dir, list);
  writeFileSync(list, `${sha}  a.jar\n${sha}  b.jar\n`);
  await expect(verifyChecksums(dir, list)).rejects.toThrow(/b\.jar was not downloaded/);
  writeFileSync(join(dir, 'b.jar'), 'other');
  await expect(verifyChecksums(dir, list)).rejects.toThrow(/b\.jar has another checksum/);
  writeFileSync(list, `${sha}  a.jar\n`);
  await expect(verifyChecksums(dir, list)).rejects.toThrow(/b\.jar is not in the list/);
});
