import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROVIDED, packageOf } from './provided';
import { importedSpecifiers, laneSources, serverSources } from './sources';

/**
 * Versions that NocoBase compares with its own before it enables a plugin. NocoBase accepts only plugins that
 * name its own minor version, so its packages are left out unless the author pins one: a plugin built for 2.2
 * would otherwise be refused by 2.3.
 */
export function externalVersions(dir: string, nocobaseVersion?: string): Record<string, string> {
  const versions: Record<string, string> = {};
  for (const specifier of importedSpecifiers([...serverSources(dir), ...laneSources(dir)])) {
    const name = packageOf(specifier);
    if (name === undefined) continue;
    const provided = PROVIDED[name];
    if (provided !== undefined) versions[name] = provided.version;
    else if (name.startsWith('@nocobase/') && nocobaseVersion !== undefined) versions[name] = nocobaseVersion;
  }
  return versions;
}

export function writeExternalVersions(dir: string, nocobaseVersion?: string): void {
  const json = JSON.stringify(externalVersions(dir, nocobaseVersion), undefined, 2);
  writeFileSync(join(dir, 'dist', 'externalVersion.js'), `module.exports = ${json};\n`);
}
