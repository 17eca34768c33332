import { readdirSync } from 'node:fs';
import { create } from 'tar';

/** npm uses the same moment, so that a tarball does not change with the clock. */
const MTIME = new Date('1985-10-26T08:15:00.000Z');

/** Name that `npm pack` gives: `@scope/name` 1.2.3 → `scope-name-1.2.3.tgz`. */
export function tarballName(name: string, version: string): string {
  return `${flatName(name)}-${version}.tgz`;
}

export function flatName(name: string): string {
  return name.replace(/^@/, '').replaceAll('/', '-');
}

/** Packs a folder below `package/`, with the same bytes for the same content. */
export async function packFolder(directory: string, file: string): Promise<void> {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`.slice(directory.length + 1))
    .sort();
  await create(
    {
      file,
      cwd: directory,
      prefix: 'package',
      gzip: { level: 9 },
      portable: true,
      mtime: MTIME,
      noPax: true,
    },
    files,
  );
}
