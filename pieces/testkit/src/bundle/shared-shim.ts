import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Plugin } from 'esbuild';
import { isPlainObject } from '../values';

export const SHARED_PACKAGE = '@activepieces/shared';

const CJS_BINDING = /(?:const|let|var)\s+(\w+)\s*=\s*(?:\w+\()?require\(["']@activepieces\/shared["']\)/g;
const ESM_IMPORT =
  /import\s+(type\s+)?(?:\{([^}]*)\}|\*\s+as\s+(\w+))\s+from\s*["']@activepieces\/shared["']/g;
const ESM_EXPORT = /export\s+(type\s+)?(?:\{([^}]*)\}|(\*))\s*from\s*["']@activepieces\/shared["']/g;

/** Names of @activepieces/shared that a module reads; `'*'` when that cannot be seen from its text. */
export function usedNames(source: string): Set<string> {
  const names = new Set<string>();
  const addList = (list: string): void => {
    for (const part of list.split(',')) {
      const [name = ''] = part.trim().split(/\s+as\s+/);
      if (name !== '' && !name.startsWith('type ')) names.add(name);
    }
  };
  const addMembers = (binding: string): void => {
    for (const match of source.matchAll(new RegExp(`\\b${binding}\\.(\\w+)`, 'g')))
      names.add(match[1] ?? '*');
  };
  for (const match of source.matchAll(CJS_BINDING)) addMembers(match[1] ?? '');
  for (const match of source.matchAll(ESM_IMPORT)) {
    if (match[1] !== undefined) continue;
    if (match[2] === undefined) addMembers(match[3] ?? '');
    else addList(match[2]);
  }
  for (const match of source.matchAll(ESM_EXPORT)) {
    if (match[1] !== undefined) continue;
    if (match[2] === undefined) names.add('*');
    else addList(match[2]);
  }
  const mentions = source.match(/(?:from|require\()\s*["']@activepieces\/shared["']/g)?.length ?? 0;
  const understood = [CJS_BINDING, ESM_IMPORT, ESM_EXPORT].reduce(
    (sum, form) => sum + [...source.matchAll(form)].length,
    0,
  );
  if (mentions > understood) names.add('*');
  return names;
}

/**
 * Replaces the barrel of @activepieces/shared, which evaluates hundreds of schemas on load, by a module that gets
 * each used name from the file that defines it, when it is first read.
 */
export function slimShared(pieceDir: string, used: ReadonlySet<string>): Plugin {
  return {
    name: 'slim-shared',
    setup(build) {
      if (used.has('*')) return;
      const index = definingFiles(pieceDir, used);
      build.onResolve({ filter: /^@activepieces\/shared$/ }, () => ({
        path: SHARED_PACKAGE,
        namespace: 'slim-shared',
      }));
      build.onLoad({ filter: /.*/, namespace: 'slim-shared' }, () => ({
        contents: [...index.files]
          .sort(([a], [b]) => a.localeCompare(b))
          .map(
            ([name, file]) =>
              `Object.defineProperty(exports, ${JSON.stringify(name)}, ` +
              `{ enumerable: true, get: () => require(${JSON.stringify(file)}).${name} });`,
          )
          .join('\n'),
        loader: 'js',
        resolveDir: index.root,
      }));
    },
  };
}

/** The file that defines each name; names that are types only have none. */
function definingFiles(
  pieceDir: string,
  used: ReadonlySet<string>,
): { root: string; files: Map<string, string> } {
  const requireFrom = createRequire(join(pieceDir, 'package.json'));
  const root = dirname(requireFrom.resolve(`${SHARED_PACKAGE}/package.json`));
  const barrel: unknown = requireFrom(SHARED_PACKAGE);
  const wanted = new Set([...used].filter((name) => isPlainObject(barrel) && name in barrel));
  const files = new Map<string, string>();
  for (const file of javaScriptFiles(join(root, 'src'))) {
    const text = readFileSync(join(root, file), 'utf8');
    // Barrels define nothing: they would bring everything back.
    if (/__exportStar|tslib_\d+\.__exportStar/.test(text)) continue;
    for (const name of wanted) {
      if (files.has(name) || !new RegExp(`exports\\.${name} = (?!void 0)`).test(text)) continue;
      const module: unknown = requireFrom(join(root, file));
      if (isPlainObject(module) && isPlainObject(barrel) && module[name] === barrel[name])
        files.set(name, `./${file}`);
    }
  }
  for (const name of wanted) if (!files.has(name)) files.set(name, './src/index.js');
  return { root, files };
}

function javaScriptFiles(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.js'))
    .map((name) => join('src', name))
    .sort();
}
