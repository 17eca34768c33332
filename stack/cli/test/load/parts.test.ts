import fc from 'fast-check';
import { isOlder } from '../../src/load/activepieces/version';
import { hashOfJson } from '../../src/load/json-file';
import { resolvePlaceholders } from '../../src/load/placeholders';
import { hashOf, readTarball } from '../../src/load/tarball';
import { newFolder, removeFolders, tarball } from './fixtures';
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

jest.setTimeout(120_000);

afterAll(removeFolders);

describe('placeholders', () => {
  test('text without a placeholder is left alone, whatever it holds', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        fc.pre(!/\$\{[A-Z]/.test(JSON.stringify(value)));
        expect(resolvePlaceholders(value, {}, 'x.json')).toEqual(value);
      }),
    );
  });

  test('a value is put in as it is, also when it looks like a placeholder or a replacement pattern', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (secret) => {
        expect(resolvePlaceholders({ a: ['x${NAME}y'] }, { NAME: secret }, 'x.json')).toEqual({
          a: [`x${secret}y`],
        });
      }),
    );
    expect(resolvePlaceholders('${A}', { A: '${B}$&' }, 'x.json')).toBe('${B}$&');
  });
});

describe('hash of JSON', () => {
  test('is the same for every order of keys and another for another value', () => {
    expect(hashOfJson({ a: 1, b: { c: [1, 2], d: null } })).toBe(
      hashOfJson({ b: { d: null, c: [1, 2] }, a: 1 }),
    );
    expect(hashOfJson({ a: [1, 2] })).not.toBe(hashOfJson({ a: [2, 1] }));
  });
});

describe('versions', () => {
  test('are compared by number, and a version is never older than itself', () => {
    expect(isOlder('0.9.0', '0.10.0')).toBe(true);
    expect(isOlder('0.83.1-rc.1', '0.83.0')).toBe(false);
    const version = fc.tuple(fc.nat(99), fc.nat(99), fc.nat(99)).map((parts) => parts.join('.'));
    fc.assert(
      fc.property(version, version, (a, b) => {
        expect(isOlder(a, a)).toBe(false);
        expect(isOlder(a, b) && isOlder(b, a)).toBe(false);
      }),
    );
  });
});

describe('tarballs', () => {
  async function write(bytes: Buffer): Promise<string> {
    const file = join(await newFolder(), 'a.tgz');
    await writeFile(file, bytes);
    return file;
  }

  test('every file of an archive is read back', async () => {
    const names = fc.stringMatching(/^[a-z]{1,20}\.js$/);
    await fc.assert(
      fc.asyncProperty(fc.dictionary(names, fc.string({ maxLength: 2000 })), async (files) => {
        const entries = await readTarball(await write(tarball(files)));
        expect(Object.fromEntries(entries.map(({ path, content }) => [path, content.toString()]))).toEqual({
          ...files,
        });
      }),
      { numRuns: 30 },
    );
  });

  test('the hash follows the contents, not the dates', async () => {
    const hash = async (bytes: Buffer) => hashOf(await readTarball(await write(bytes)));
    const first = await hash(tarball({ 'package/a.js': '1' }, 1));
    expect(await hash(tarball({ 'package/a.js': '1' }, 99_999))).toBe(first);
    expect(await hash(tarball({ 'package/a.js': '2' }, 1))).not.toBe(first);
  });

  test('an archive that is cut off anywhere is an error, never half a package', async () => {
    const whole = tarball({ 'package/a.js': 'x'.repeat(3000), 'package/b.js': 'y' });
    for (let length = 0; length < whole.length; length += 7) {
      await expect(readTarball(await write(whole.subarray(0, length)))).rejects.toMatchObject({
        code: 'BIZ_LOAD_TARBALL',
      });
    }
  });

  test('what tar itself writes, with paths longer than a ustar header holds', async () => {
    const folder = await newFolder();
    const deep = join('package', 'd'.repeat(90), 'e'.repeat(90), 'f'.repeat(120));
    await mkdir(join(folder, deep), { recursive: true });
    await writeFile(join(folder, deep, 'a.js'), 'deep');
    const file = join(folder, 'a.tgz');
    await promisify(execFile)('tar', ['--format=posix', '-czf', file, '-C', folder, 'package']);
    const entries = await readTarball(file);
    expect(entries.map(({ path, content }) => [path, content.toString()])).toEqual([
      [join(deep, 'a.js'), 'deep'],
    ]);
  });
});
