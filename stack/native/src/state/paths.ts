import { chmodSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** Where one running set of services keeps what is its own. */
export interface StatePaths {
  /** `<clone>/.bizstack`, or a folder below it for tests. */
  readonly stateDir: string;
  readonly dataDir: string;
  readonly logDir: string;
  /** Pid files, the lock and the control socket. */
  readonly runDir: string;
  readonly secretDir: string;
  readonly stateFile: string;
}

export function statePaths(stateDir: string): StatePaths {
  const root = resolve(stateDir);
  return {
    stateDir: root,
    dataDir: join(root, 'data'),
    logDir: join(root, 'logs'),
    runDir: join(root, 'run'),
    secretDir: join(root, 'secrets'),
    stateFile: join(root, 'state.json'),
  };
}

/** Makes the folders. Data stays traversable, because PostgreSQL refuses to run as root and runs as another user. */
export function createStateDirs(paths: StatePaths): void {
  for (const dir of [paths.stateDir, paths.dataDir]) {
    mkdirSync(dir, { recursive: true });
    chmodSync(dir, 0o711);
  }
  for (const dir of [paths.logDir, paths.runDir, paths.secretDir])
    mkdirSync(dir, { recursive: true, mode: 0o700 });
}

/** Downloads, shared by all clones of this user: `$BIZSTACK_CACHE_DIR`, else `$XDG_CACHE_HOME/bizstack`. */
export function defaultCacheDir(env: NodeJS.ProcessEnv = process.env): string {
  if (env['BIZSTACK_CACHE_DIR']) return resolve(env['BIZSTACK_CACHE_DIR']);
  const base = env['XDG_CACHE_HOME'] ? resolve(env['XDG_CACHE_HOME']) : join(homedir(), '.cache');
  return join(base, 'bizstack');
}
