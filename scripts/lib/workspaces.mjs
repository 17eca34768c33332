// The packages of this repository, as package.json lists them.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** @param {string} folder relative to the root */
export const readManifest = (folder) => JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8'));

/** Folders of all workspace packages, relative to the root, sorted. */
export function workspaceFolders() {
  const folders = readManifest('.').workspaces.flatMap((pattern) =>
    pattern.endsWith('/*')
      ? readdirSync(join(ROOT, pattern.slice(0, -2))).map((name) => `${pattern.slice(0, -1)}${name}`)
      : [pattern],
  );
  return [...new Set(folders)].filter((folder) => existsSync(join(ROOT, folder, 'package.json'))).sort();
}
