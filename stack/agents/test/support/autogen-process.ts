import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import {
  autogenPackages,
  autogenServerDir,
  defaultCacheDir,
  findRootDir,
  pythonPackagesDir,
  statePaths,
} from '@bizstack/native';
import { listeningUrl, testFacts } from '@bizstack/native/testing';

/** Bytecode of the shared service, which has run these packages: without it a start takes seconds longer. */
function bytecode(): string {
  const stateDir = dirname(dirname(testFacts('autogen')['logFile'] ?? ''));
  return join(statePaths(stateDir).dataDir, 'autogen', 'pycache');
}

export const TOKEN = 'token-of-the-autogen-tests';

/** An AutoGen service of the test's own, on a free port, with its runs in the shared PostgreSQL. */
export class AutogenProcess {
  private constructor(
    readonly child: ChildProcess,
    readonly service: { url: string; token: string },
    readonly log: string[],
    private readonly dir: string,
  ) {}

  static async start(environment: Record<string, string> = {}): Promise<AutogenProcess> {
    const dir = mkdtempSync(join(tmpdir(), 'bizstack-autogen-'));
    const secret = (name: string, value: string) => {
      const file = join(dir, name);
      writeFileSync(file, value, { mode: 0o600 });
      return file;
    };
    const rootDir = findRootDir();
    const packages = await pythonPackagesDir({ cacheDir: defaultCacheDir() }, autogenPackages(rootDir));
    const child = spawn('python3', ['-m', 'bizstack_autogen'], {
      cwd: dir,
      env: {
        PATH: process.env['PATH'] ?? '',
        PYTHONPATH: [autogenServerDir(rootDir), packages].join(delimiter),
        PYTHONUNBUFFERED: '1',
        PYTHONPYCACHEPREFIX: bytecode(),
        AUTOGEN_PORT: '0',
        AUTOGEN_TOKEN_FILE: secret('token', TOKEN),
        AUTOGEN_DATABASE_URL_FILE: secret('url', testFacts('postgres')['database_url_business_data'] ?? ''),
        AUTOGEN_MODEL_ORIGINS: 'http://127.0.0.1:*',
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const log: string[] = [];
    const url = await listeningUrl(child, log);
    return new AutogenProcess(child, { url, token: TOKEN }, log, dir);
  }

  async end(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const ended = new Promise((resolve) => this.child.once('exit', resolve));
      this.child.kill(signal);
      await ended;
    }
    rmSync(this.dir, { recursive: true, force: true });
    return this.child.exitCode;
  }
}
