import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const BIN = join(__dirname, '..', 'bin', 'bizstack.js');

export interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command line against a state folder of its own. */
export class CommandLine {
  readonly stateDir = mkdtempSync(join(tmpdir(), 'bizstack-cli-'));
  private readonly env: NodeJS.ProcessEnv;

  constructor(env: Record<string, string> = {}) {
    this.env = { ...process.env, BIZSTACK_STATE_DIR: this.stateDir, ...env };
  }

  run(...args: readonly string[]): Promise<Result> {
    return new Promise((resolve) => {
      execFile(
        process.execPath,
        [BIN, ...args],
        { env: this.env, maxBuffer: 10_000_000 },
        (error, stdout, stderr) => {
          const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
          resolve({ code, stdout, stderr });
        },
      );
    });
  }

  start(...args: readonly string[]): ChildProcess {
    return spawn(process.execPath, [BIN, ...args], { env: this.env, stdio: ['ignore', 'pipe', 'pipe'] });
  }

  /** Stops whatever runs and removes the folder. */
  async dispose(): Promise<void> {
    await this.run('down');
    await this.run('reset', '--yes');
    rmSync(this.stateDir, { recursive: true, force: true });
  }
}
