import { buildSync } from 'esbuild';

/** Whether a text is an ES module or CommonJS; undefined when it is no JavaScript. */
export function moduleSyntax(source: string): 'esm' | 'cjs' | undefined {
  try {
    const { metafile } = buildSync({
      stdin: { contents: source, loader: 'js', sourcefile: 'index.js' },
      bundle: true,
      external: ['*'],
      platform: 'node',
      metafile: true,
      write: false,
      logLevel: 'silent',
    });
    return metafile.inputs['index.js']?.format ?? 'cjs';
  } catch {
    return undefined;
  }
}
