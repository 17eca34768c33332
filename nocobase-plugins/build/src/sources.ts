import { readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import fg from 'fast-glob';
import { packageOf } from './provided';

export const CLIENT_LANES = ['client', 'client-v2'] as const;
export type ClientLane = (typeof CLIENT_LANES)[number];

const NOT_SERVER = [
  'src/client/**',
  'src/client-v2/**',
  'src/**/__tests__/**',
  'src/**/*.test.*',
  '**/*.d.ts',
];

/** What NocoBase runs or reads on the server: server, ai, locale, swagger. */
export function serverSources(dir: string): string[] {
  return fg.sync('src/**/*.{ts,tsx,js}', { cwd: dir, absolute: true, ignore: NOT_SERVER }).sort();
}

/** Files that are copied as they are: translations, prompts, skills, templates. */
export function serverAssets(dir: string): string[] {
  return fg.sync('src/**/*.{json,md,txt,html,css}', { cwd: dir, ignore: NOT_SERVER }).sort();
}

export function laneEntry(dir: string, lane: ClientLane): string | undefined {
  return fg.sync(`src/${lane}/index.{ts,tsx,js}`, { cwd: dir })[0];
}

export function laneSources(dir: string): string[] {
  return fg.sync('src/{client,client-v2}/**/*.{ts,tsx,js,jsx}', {
    cwd: dir,
    absolute: true,
    ignore: ['**/__tests__/**', '**/*.test.*', '**/*.d.ts'],
  });
}

const IMPORT = /(?:from\s*|import\s*\(\s*|import\s+|require\s*\(\s*)(['"])([^'"\n]+)\1/g;

/** Every package specifier that the files name, without Node's own modules. */
export function importedSpecifiers(files: readonly string[]): string[] {
  const found = new Set<string>();
  for (const file of files) {
    for (const match of readFileSync(file, 'utf8').matchAll(IMPORT)) {
      const specifier = match[2];
      if (specifier === undefined || isBuiltin(specifier) || packageOf(specifier) === undefined) continue;
      found.add(specifier);
    }
  }
  return [...found].sort();
}

export function isBuiltin(specifier: string): boolean {
  return specifier.startsWith('node:') || builtinModules.includes(specifier.split('/')[0] ?? specifier);
}
