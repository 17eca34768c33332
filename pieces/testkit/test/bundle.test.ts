import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundlePiece, loadPiece, loadPieces, runAction } from '../src';
import { usedNames } from '../src/bundle/shared-shim';
import { bundleDemo, pieceSource, scratch } from './fixtures/bundled';
import { anyString } from './fixtures/matchers';

jest.setTimeout(60_000);

describe('bundlePiece', () => {
  it('writes one CommonJS file without dependencies that loads alone and runs', async () => {
    const bundled = await bundleDemo();
    const manifest: unknown = JSON.parse(readFileSync(join(bundled.directory, 'package.json'), 'utf8'));
    expect(manifest).toMatchObject({
      name: '@acme/piece-demo',
      version: '0.2.0',
      main: './src/index.js',
      dependencies: {},
    });
    expect(bundled.tarball).toMatch(/acme-piece-demo-0\.2\.0\.tgz$/);
    const { piece } = loadPiece(bundled.directory);
    const action = piece.getAction('make_file');
    expect((await runAction(action!, { props: { content: 'x' } })).output).toMatchObject({
      file: anyString,
    });
  });

  it('keeps the heap of a piece far below that of the whole shared package', async () => {
    const { directory } = await bundleDemo();
    const measure = join(__dirname, '..', 'runtime', 'measure-piece.cjs');
    const output = execFileSync(
      process.execPath,
      ['--expose-gc', measure, join(directory, 'src', 'index.js')],
      { encoding: 'utf8' },
    );
    const { heapMb } = JSON.parse(output) as { heapMb: number };
    expect(heapMb).toBeLessThan(25);
  });

  it('puts a thread beside the bundle and keeps the packages it names', async () => {
    const pieceDir = pieceSource('@acme/piece-thread', '0.1.0', 'export const piece = 1;\n');
    const file = join(pieceDir, 'package.json');
    const manifest = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    const bundle = { threads: { 'worker.js': 'src/thread.ts' }, external: { sharp: '0.35.5' } };
    writeFileSync(file, JSON.stringify({ ...manifest, bundle }));
    writeFileSync(join(pieceDir, 'src', 'thread.ts'), "import sharp from 'sharp';\nconsole.log(sharp);\n");
    const { directory } = await bundlePiece({ pieceDir, outDir: scratch('out') });
    expect(readFileSync(join(directory, 'src', 'worker.js'), 'utf8')).toContain('require("sharp")');
    expect(JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'))).toMatchObject({
      dependencies: { sharp: '0.35.5' },
      threads: ['worker.js'],
    });
  });

  it('makes the same bytes twice', async () => {
    const [first, second] = [await bundleDemo(), await bundleDemo()];
    expect(readFileSync(first.tarball).equals(readFileSync(second.tarball))).toBe(true);
  });

  it('loads from the tarball as from the folder', async () => {
    const { outDir, tarball } = await bundleDemo();
    const cache = scratch('cache');
    const fromFile = await loadPieces([tarball], cache);
    const fromFolder = await loadPieces([outDir], cache);
    expect([...fromFile.keys()]).toEqual(['@acme/piece-demo']);
    expect(fromFolder.get('@acme/piece-demo')?.directory).toBe(join(outDir, 'acme-piece-demo'));
  });

  it('fails with a code when the piece does not compile or is not there', async () => {
    const broken = pieceSource('@acme/piece-broken', '0.1.0', "import './missing';\n");
    await expect(bundlePiece({ pieceDir: broken, outDir: scratch('out') })).rejects.toMatchObject({
      code: 'BIZ_BUNDLE_FAILED',
    });
    await expect(bundlePiece({ pieceDir: scratch('empty'), outDir: scratch('out') })).rejects.toMatchObject({
      code: 'BIZ_BUNDLE_FAILED',
    });
  });
});

describe('usedNames', () => {
  it.each([
    ["import { a, b as c, type T } from '@activepieces/shared';", ['a', 'b']],
    ["import type { T } from '@activepieces/shared';", []],
    [
      'const shared_1 = require("@activepieces/shared");\nshared_1.isNil(x); (0, shared_1.isEmpty)(y)',
      ['isEmpty', 'isNil'],
    ],
    ["import * as shared from '@activepieces/shared';\nshared.isNil(1)", ['isNil']],
    ["export * from '@activepieces/shared';", ['*']],
    ['foo(require("@activepieces/shared"))', ['*']],
  ])('sees what %s reads', (source, names) => {
    expect([...usedNames(source)].sort()).toEqual(names);
  });
});
