import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { BizError, messageOf } from '@bizstack/contracts';
import { z } from 'zod';
import { hashOf, readTarball } from './tarball';

export type ArtifactKind = 'piece' | 'plugin' | 'library';

/** A package tarball that `npm run pack` wrote. */
export interface Artifact {
  readonly file: string;
  readonly kind: ArtifactKind;
  readonly name: string;
  readonly version: string;
  /** Hexadecimal SHA-256 of the package's files. */
  readonly hash: string;
}

const manifest = z.looseObject({
  name: z.string().min(1),
  version: z.string().min(1),
  nocobase: z.looseObject({}).optional(),
});

/**
 * Every `*.tgz` of a folder, sorted by name. Two versions of one package: both are listed.
 *
 * @throws BIZ_LOAD_ARTIFACTS when the folder cannot be read, BIZ_LOAD_TARBALL when a file is damaged
 */
export async function readArtifacts(folder: string): Promise<Artifact[]> {
  let names: string[];
  try {
    names = (await readdir(folder)).filter((name) => name.endsWith('.tgz')).sort();
  } catch (error) {
    throw new BizError(
      'BIZ_LOAD_ARTIFACTS',
      `Cannot read the folder of packages ${folder}: ${messageOf(error)}.`,
      {
        hint: 'Run `npm run pack`, or name another folder with --artifacts.',
        cause: error,
      },
    );
  }
  return Promise.all(names.map((name) => readArtifact(join(folder, name))));
}

async function readArtifact(file: string): Promise<Artifact> {
  const entries = await readTarball(file);
  const packageJson = entries.find(({ path }) => path === 'package/package.json');
  if (packageJson === undefined) {
    throw new BizError('BIZ_LOAD_TARBALL', `${file} has no package/package.json.`, {
      hint: 'Only tarballs of `npm pack` can be loaded.',
    });
  }
  const parsed = manifest.safeParse(JSON.parse(packageJson.content.toString('utf8')));
  if (!parsed.success) {
    throw new BizError(
      'BIZ_LOAD_TARBALL',
      `package.json in ${file} is not valid: ${z.prettifyError(parsed.error)}`,
      { cause: parsed.error },
    );
  }
  const { name, version, nocobase } = parsed.data;
  // The engine loads `src/index.js` of a piece whatever `main` says; nothing else of ours has that file.
  const isPiece =
    /^(@[^/]+\/)?piece-/.test(name) && entries.some(({ path }) => path === 'package/src/index.js');
  return {
    file,
    kind: isPiece ? 'piece' : nocobase === undefined ? 'library' : 'plugin',
    name,
    version,
    hash: hashOf(entries),
  };
}

/** For messages: the file's name without its folder. */
export function fileName(artifact: Artifact): string {
  return basename(artifact.file);
}
