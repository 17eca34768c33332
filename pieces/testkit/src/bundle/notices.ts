import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';

const manifestSchema = z.looseObject({
  name: z.string(),
  version: z.string(),
  license: z.string().optional(),
});

/** Licences of everything that a bundle contains, as their terms ask. Empty when it contains only the piece. */
export function thirdPartyNotices(inputs: readonly string[], workingDir: string): string {
  const packages = new Map<string, string>();
  for (const input of inputs) {
    const file = resolve(workingDir, input);
    if (!file.includes('node_modules')) continue;
    const directory = packageDirectory(dirname(file));
    if (directory === undefined) continue;
    const manifest = manifestSchema.safeParse(
      JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')),
    );
    if (!manifest.success) continue;
    const { name, version, license } = manifest.data;
    packages.set(
      `${name}@${version}`,
      `${name} ${version} (${license ?? 'see its text'})\n\n${licenseText(directory)}`,
    );
  }
  const sorted = [...packages].sort(([a], [b]) => a.localeCompare(b)).map(([, text]) => text.trim());
  return sorted.length === 0 ? '' : `${sorted.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}

/** The folder of the package that a file belongs to; nested package.json files without a name do not count. */
function packageDirectory(start: string): string | undefined {
  for (let directory = start; directory !== dirname(directory); directory = dirname(directory)) {
    const file = join(directory, 'package.json');
    if (existsSync(file) && manifestSchema.safeParse(JSON.parse(readFileSync(file, 'utf8'))).success)
      return directory;
  }
  return undefined;
}

function licenseText(directory: string): string {
  const name = readdirSync(directory).find((entry) => /^licen[sc]e(\.|$)/i.test(entry));
  return name === undefined ? '' : readFileSync(join(directory, name), 'utf8').replaceAll('\r\n', '\n');
}
