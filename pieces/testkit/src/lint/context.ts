import type { AnyPiece } from '../piece/load';

export interface PackageManifest {
  name?: unknown;
  version?: unknown;
  type?: unknown;
  scripts?: unknown;
  dependencies?: unknown;
  optionalDependencies?: unknown;
  peerDependencies?: unknown;
  [field: string]: unknown;
}

/** What the rules look at. */
export interface LintContext {
  /** Folder of the unpacked package. */
  directory: string;
  /** Paths inside of it, with forward slashes, sorted. */
  files: readonly string[];
  manifest: PackageManifest;
  /** Text of src/index.js; undefined when there is none. */
  source: string | undefined;
  /** Bytes of the tarball. */
  size: number;
  /** MB of heap after loading, in a process of its own; undefined when it does not load. */
  heapMb: number | undefined;
  /** Every export of src/index.js that the server would take for a piece. */
  pieces: readonly AnyPiece[];
  /** Why src/index.js cannot be required. */
  loadError: string | undefined;
  /** Locale → translations by English text. */
  translations: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** Release of the oldest server that must see the piece. */
  serverVersion: string;
}

export interface Finding {
  rule: string;
  /** What is wrong, and where. */
  message: string;
}

/** One rule; `check` names every violation. */
export interface Rule {
  id: string;
  /** What a package must be, in one sentence. */
  title: string;
  check(context: LintContext): readonly string[] | Promise<readonly string[]>;
}
