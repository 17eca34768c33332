import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { runInNewContext } from 'node:vm';
import { type Problem, checkPlugin } from '../src/check';

const run = promisify(execFile);
const CLI = join(__dirname, '..', 'bin', 'bizstack-plugin.js');
const NAME = '@example/plugin-fixture';

jest.setTimeout(120_000);

const MANIFEST = {
  name: NAME,
  version: '1.2.3',
  displayName: 'Fixture',
  description: 'A plugin for this test',
  license: 'Apache-2.0',
  main: 'dist/server/index.js',
  files: ['dist', 'client.js', 'client-v2.js', 'server.js'],
  nocobase: { supportedVersions: ['2.x'], editionLevel: 0 },
  peerDependencies: { '@nocobase/server': '2.x' },
  devDependencies: { zod: '*' },
};

const SOURCES: Readonly<Record<string, string>> = {
  'src/server/index.ts': `export { default } from './plugin';`,
  'src/server/plugin.ts': `
    import { Plugin } from '@nocobase/server';
    import { z } from 'zod';
    export default class Fixture extends Plugin { check(value: unknown): string { return z.string().parse(value); } }`,
  'src/server/collections/things.ts': `export default { name: 'things', fields: [] };`,
  'src/server/__tests__/never.test.ts': `throw new Error('tests are not built');`,
  'src/ai/ai-employees/helper/prompt.md': `You help.`,
  'src/locale/en-US.json': `{ "Thing": "Thing" }`,
  'src/client-v2/index.tsx': `
    import { Plugin } from '@nocobase/client-v2';
    export default class Client extends Plugin { async load() { this.page = () => import('./page'); } }`,
  'src/client-v2/page.tsx': `import React from 'react'; export default function Page() { return <p>Page</p>; }`,
};

const folders: string[] = [];

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function fixture(manifest: object = MANIFEST, sources: Readonly<Record<string, string>> = SOURCES): string {
  const dir = mkdtempSync(join(tmpdir(), 'plugin-build-'));
  folders.push(dir);
  write(dir, { ...sources, 'package.json': JSON.stringify(manifest) });
  mkdirSync(join(dir, 'node_modules'));
  symlinkSync(dirname(require.resolve('zod/package.json')), join(dir, 'node_modules', 'zod'), 'dir');
  return dir;
}

function write(dir: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), text);
  }
}

async function built(manifest?: object, sources?: Readonly<Record<string, string>>): Promise<string> {
  const dir = fixture(manifest, sources);
  await run('node', [CLI, 'build', dir]);
  return dir;
}

describe('a built plugin', () => {
  let dir: string;

  beforeAll(async () => {
    dir = await built();
  });

  test('is ready for NocoBase', () => {
    expect(checkPlugin(dir)).toEqual([]);
  });

  test('has what NocoBase looks for by name, and no tests', () => {
    for (const file of [
      'dist/server/collections/things.js',
      'dist/ai/ai-employees/helper/prompt.md',
      'dist/locale/en-US.json',
      'server.js',
      'client.js',
      'client-v2.js',
    ]) {
      expect([file, existsSync(join(dir, file))]).toEqual([file, true]);
    }
    expect(existsSync(join(dir, 'dist/server/__tests__'))).toBe(false);
  });

  test('runs on the server with no package of its own installed', async () => {
    unlinkSync(join(dir, 'node_modules', 'zod'));
    write(dir, { 'node_modules/@nocobase/server/index.js': 'exports.Plugin = class Plugin {};' });
    const code = `
      const Plugin = require(${JSON.stringify(join(dir, 'server.js'))}).default;
      const plugin = new Plugin();
      let refused = false;
      try { plugin.check(1); } catch (error) { refused = error.name === 'ZodError'; }
      console.log(plugin.check('text'), refused);`;
    const { stdout } = await run('node', ['-e', code], { cwd: tmpdir() });
    expect(stdout.trim()).toBe('text true');
  });

  test('carries the licences of what it bundles', () => {
    expect(readFileSync(join(dir, 'dist/third-party-licenses.txt'), 'utf8')).toMatch(
      /^zod \d+\.\d+\.\d+ \(MIT\)/,
    );
  });

  test('defines its client module and asks NocoBase for what it did not bundle', () => {
    const code = readFileSync(join(dir, 'dist/client-v2/index.js'), 'utf8');
    const defined: unknown[][] = [];
    const define = Object.assign((...parts: unknown[]) => defined.push(parts), { amd: {} });
    runInNewContext(code, { define, window: {}, self: {} });
    expect(defined[0]?.slice(0, 2)).toEqual([
      `${NAME}/client-v2`,
      expect.arrayContaining(['@nocobase/client-v2']),
    ]);
    expect(readdirSync(join(dir, 'dist/client-v2')).length).toBeGreaterThan(1);
  });

  test('has a stub for the first client, which is a plugin', () => {
    const code = readFileSync(join(dir, 'dist/client/index.js'), 'utf8');
    let factory: unknown;
    const define = Object.assign((_name: string, _needs: string[], make: unknown) => (factory = make), {
      amd: {},
    });
    runInNewContext(code, { define });
    class Plugin {}
    const module: unknown =
      typeof factory === 'function' ? Reflect.apply(factory, undefined, [{ Plugin }]) : undefined;
    const client: unknown =
      typeof module === 'object' && module !== null ? Reflect.get(module, 'default') : undefined;
    expect(typeof client === 'function' && client.prototype instanceof Plugin).toBe(true);
  });

  test('names versions of shared packages, and no minor of NocoBase', () => {
    const versions = readFileSync(join(dir, 'dist/externalVersion.js'), 'utf8');
    expect(versions).toMatch(/"react": "18\.\d+\.\d+"/);
    expect(versions).not.toContain('@nocobase');
  });

  test('is packed with its bundled packages and without sources', async () => {
    const out = join(dir, 'out');
    const { stdout } = await run('node', [CLI, 'pack', dir, '--out', out]);
    const file = join(out, 'example-plugin-fixture-1.2.3.tgz');
    expect(stdout).toContain(file);
    const list = (await run('tar', ['-tzf', file])).stdout.split('\n');
    expect(list).toEqual(
      expect.arrayContaining([
        'package/dist/node_modules/zod/index.js',
        'package/dist/server/index.js',
        'package/client-v2.js',
      ]),
    );
    expect(list.filter((name) => name.startsWith('package/src/'))).toEqual([]);
  });
});

test('a pinned NocoBase is named and checked', async () => {
  const dir = fixture();
  await run('node', [CLI, 'build', dir, '--pin-nocobase', '2.1.0']);
  expect(codes(checkPlugin(dir))).toEqual(['BIZ_PLUGIN_EXTERNAL_RANGE', 'BIZ_PLUGIN_EXTERNAL_RANGE']);
  expect(checkPlugin(dir, { nocobaseVersion: '2.1.7' })).toEqual([]);
});

describe('building is refused', () => {
  test.each([
    ['without a server', { 'src/server/index.ts': '' }, 'BIZ_PLUGIN_NO_SERVER'],
    [
      'with a package that is not installed',
      { 'src/server/index.ts': `import 'no-such-package-at-all'; export default 1;` },
      'BIZ_PLUGIN_DEPENDENCY_MISSING',
    ],
    [
      'with a client that does not compile',
      { 'src/client-v2/index.tsx': `export default <;` },
      'BIZ_PLUGIN_CLIENT_BUILD',
    ],
  ])('%s', async (what, change, code) => {
    const dir = fixture(MANIFEST, { ...SOURCES, ...change });
    if (what === 'without a server') rmSync(join(dir, 'src/server/index.ts'));
    await expect(run('node', [CLI, 'build', dir])).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining(code) as string,
    });
  });

  test('without a usable package.json', async () => {
    const dir = fixture({ name: 'Not A Name' });
    await expect(run('node', [CLI, 'build', dir])).rejects.toMatchObject({
      stderr: expect.stringContaining('BIZ_PLUGIN_MANIFEST') as string,
    });
  });
});

describe('check finds what keeps NocoBase from loading a plugin', () => {
  let dir: string;

  beforeAll(async () => {
    dir = await built();
  });

  const lost = (file: string): Problem[] => {
    const path = join(dir, file);
    const text = readFileSync(path, 'utf8');
    rmSync(path);
    try {
      return checkPlugin(dir);
    } finally {
      writeFileSync(path, text);
    }
  };
  const replaced = (file: string, text: string): Problem[] => {
    const path = join(dir, file);
    const before = readFileSync(path, 'utf8');
    writeFileSync(path, text);
    try {
      return checkPlugin(dir);
    } finally {
      writeFileSync(path, before);
    }
  };
  const manifest = (change: object): Problem[] =>
    replaced('package.json', JSON.stringify({ ...MANIFEST, ...change }));

  test.each([
    ['dist/server/index.js', 'BIZ_PLUGIN_SERVER_MISSING'],
    ['dist/client/index.js', 'BIZ_PLUGIN_CLIENT_MISSING'],
    ['dist/externalVersion.js', 'BIZ_PLUGIN_EXTERNAL_VERSION_MISSING'],
    ['client-v2.js', 'BIZ_PLUGIN_ENTRY_MISSING'],
  ])('%s is missing', (file, code) => {
    expect(codes(lost(file))).toEqual([code]);
  });

  test.each([
    [
      'NocoBase as a dependency',
      { dependencies: { '@nocobase/server': '2.x' } },
      'BIZ_PLUGIN_DEPENDS_ON_NOCOBASE',
    ],
    ['dependencies that nobody installs', { dependencies: { kafkajs: '2.2.4' } }, 'BIZ_PLUGIN_DEPENDENCIES'],
    [
      'a peer range of another version',
      { peerDependencies: { '@nocobase/server': '1.x' } },
      'BIZ_PLUGIN_PEER_RANGE',
    ],
    ['no supported versions', { nocobase: {} }, 'BIZ_PLUGIN_SUPPORTED_VERSIONS'],
    ['another main', { main: 'index.js' }, 'BIZ_PLUGIN_MAIN'],
    ['sources in the package', { files: [...MANIFEST.files, 'src'] }, 'BIZ_PLUGIN_SOURCE_PACKED'],
    ['no dist in the package', { files: ['client.js', 'client-v2.js', 'server.js'] }, 'BIZ_PLUGIN_FILES'],
  ])('%s', (_what, change, code) => {
    expect(codes(manifest(change))).toEqual([code]);
  });

  test('a shared package of a version that NocoBase refuses', () => {
    expect(codes(replaced('dist/externalVersion.js', 'module.exports = {"react":"19.0.0"};'))).toEqual([
      'BIZ_PLUGIN_EXTERNAL_RANGE',
    ]);
    expect(codes(replaced('dist/externalVersion.js', 'process.exit(1)'))).toEqual([
      'BIZ_PLUGIN_EXTERNAL_VERSION',
    ]);
  });

  test('an import that nothing provides, and a client under another name', () => {
    expect(codes(replaced('dist/server/index.js', 'require("left-pad")'))).toEqual([
      'BIZ_PLUGIN_IMPORT_UNRESOLVED',
    ]);
    expect(codes(replaced('dist/client-v2/index.js', 'define("other", [], () => 1)'))).toEqual([
      'BIZ_PLUGIN_CLIENT_NAME',
    ]);
  });

  test('the command says so and fails', async () => {
    const broken = await built();
    rmSync(join(broken, 'dist/client/index.js'));
    await expect(run('node', [CLI, 'check', broken])).rejects.toMatchObject({
      code: 1,
      stdout: expect.stringContaining('BIZ_PLUGIN_CLIENT_MISSING') as string,
    });
    await expect(run('node', [CLI, 'pack', broken, '--out', broken])).rejects.toMatchObject({
      stderr: expect.stringContaining('BIZ_PLUGIN_CHECK_FAILED') as string,
    });
  });
});

function codes(problems: readonly Problem[]): string[] {
  return problems.map(({ code }) => code);
}
