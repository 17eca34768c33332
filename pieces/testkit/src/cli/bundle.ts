import type { Command } from 'commander';
import { bundlePiece } from '../bundle/bundle';

/** `bundle <pieceDir>`: one CommonJS file, as a folder and a tarball. */
export function addBundle(program: Command): void {
  program
    .command('bundle')
    .description('bundle a piece into a folder and a tarball that every server loads')
    .argument('<pieceDir>', 'folder with package.json and src/index.ts')
    .requiredOption('--out <dir>', 'where the folder and the tarball go')
    .action(async (pieceDir: string, { out }: { out: string }) => {
      const { name, version, directory, tarball, size } = await bundlePiece({ pieceDir, outDir: out });
      process.stdout.write(
        `${name} ${version}\n  ${directory}\n  ${tarball} (${(size / 1024).toFixed(0)} KB)\n`,
      );
    });
}
