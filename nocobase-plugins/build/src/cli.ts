import { Command } from 'commander';
import { buildPlugin } from './build';
import { checkPlugin } from './check';
import { BizPluginError } from './error';
import { packPlugin } from './pack';

/** Entry of the command `bizstack-plugin`. */
export function main(argv: readonly string[]): void {
  const program = new Command('bizstack-plugin').description('Builds, checks and packs a NocoBase plugin.');
  program
    .command('build')
    .description('build src into dist')
    .argument('[dir]', 'folder of the plugin', '.')
    .option('--pin-nocobase <version>', 'let only this minor version of NocoBase enable the plugin')
    .action(async (dir: string, options: { pinNocobase?: string }) => {
      const { name, version, bundled, milliseconds } = await buildPlugin(dir, options);
      print(`${name} ${version} built in ${(milliseconds / 1000).toFixed(1)} s`);
      if (bundled.length > 0) print(`bundled: ${bundled.join(', ')}`);
    });
  program
    .command('check')
    .description('report what would keep NocoBase from loading the built plugin')
    .argument('[dir]', 'folder of the plugin', '.')
    .option('--nocobase <version>', 'version of NocoBase to check against')
    .action((dir: string, options: { nocobase?: string }) => {
      const problems = checkPlugin(dir, { nocobaseVersion: options.nocobase });
      for (const { code, message } of problems) print(`${code}: ${message}`);
      if (problems.length > 0) process.exitCode = 1;
      else print('ready');
    });
  program
    .command('pack')
    .description('check the built plugin and write its tarball')
    .argument('[dir]', 'folder of the plugin', '.')
    .option('--out <folder>', 'where the tarball goes', '.')
    .option('--nocobase <version>', 'version of NocoBase to check against')
    .action(async (dir: string, options: { out: string; nocobase?: string }) => {
      const { file, size } = await packPlugin(dir, options.out, { nocobaseVersion: options.nocobase });
      print(`${file} (${(size / 1024).toFixed(0)} KB)`);
    });
  program.parseAsync([...argv]).catch((error: unknown) => {
    const text = error instanceof BizPluginError ? `${error.code}: ${error.message}` : String(error);
    process.stderr.write(`${text}\n`);
    process.exitCode = 1;
  });
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
