import type { TableInfo } from './schema';

/** What a table of the ReplacingMergeTree family goes by, besides its sorting key. */
export interface Replacing {
  /** Of rows with the same key the one with the highest value stays; null: the last one inserted. */
  readonly versionColumn: string | null;
  /** Rows with 1 in it count as deleted; null without such a column. */
  readonly deletedColumn: string | null;
}

/** Undefined for every other engine. */
export function replacingOf({
  engine,
  engineFull,
}: Pick<TableInfo, 'engine' | 'engineFull'>): Replacing | undefined {
  if (!engine.endsWith('ReplacingMergeTree')) return undefined;
  const [version, deleted] = engineColumns(engineFull);
  return { versionColumn: version ?? null, deletedColumn: deleted ?? null };
}

const COLUMN = '`(?:[^`\\\\]|\\\\[^])+`|[A-Za-z_]\\w*';

/** The columns in the engine's arguments; replicated engines have a path and a replica, in quotes, before them. */
function engineColumns(engineFull: string): string[] {
  const list =
    new RegExp(`^\\w+\\(((?:\\s*(?:'(?:[^'\\\\]|\\\\[^])*'|${COLUMN})\\s*,?)*)\\)`).exec(engineFull)?.[1] ??
    '';
  return [...list.matchAll(new RegExp(`'(?:[^'\\\\]|\\\\[^])*'|(${COLUMN})`, 'g'))].flatMap(([, name]) =>
    name === undefined ? [] : [name.startsWith('`') ? name.slice(1, -1).replaceAll(/\\([^])/g, '$1') : name],
  );
}
