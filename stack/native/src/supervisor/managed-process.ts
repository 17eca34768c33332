import { spawn, type ChildProcess } from 'node:child_process';
import { BizError } from '@bizstack/contracts';
import type { ProcessSpec } from '../driver';
import { signalGroup } from '../state/process-info';
import { Backoff, type RestartPolicy } from './backoff';
import type { LogFile } from './log-file';
import { removePidFile, stopGroup, writePidFile } from './pid-file';

export type ProcessState = 'stopped' | 'running' | 'backoff' | 'failed';

export interface ProcessEvents {
  /** The process ended by itself; `delayMs` until it is started again, or `give-up`. */
  onCrash(how: string, delayMs: number | 'give-up'): void;
  /** It was started again after a crash. */
  onRestart(): void;
}

const DEFAULT_STOP_TIMEOUT_MS = 15_000;

/** One child process: own process group, logged, restarted with back-off, stopped whole. */
export class ManagedProcess {
  private child: ChildProcess | undefined;
  private timer: NodeJS.Timeout | undefined;
  private stopping = false;
  private startedAt = 0;
  private readonly backoff: Backoff;
  state: ProcessState = 'stopped';
  restarts = 0;
  /** How it last ended, for a person. */
  lastExit: string | undefined;

  constructor(
    readonly service: string,
    readonly spec: ProcessSpec,
    private readonly runDir: string,
    private readonly log: LogFile,
    private readonly events: ProcessEvents,
    policy: RestartPolicy,
  ) {
    this.backoff = new Backoff(policy);
  }

  get name(): string {
    return this.spec.name ?? '';
  }

  get pid(): number | undefined {
    return this.state === 'running' ? this.child?.pid : undefined;
  }

  /** @throws BizError `BIZ_NATIVE_SPAWN` when the program cannot be started at all. */
  async start(): Promise<void> {
    const { command, args, cwd, env, uid, gid } = this.spec;
    this.stopping = false;
    this.log.note(`starting ${command}`);
    const child = spawn(command, [...args], {
      cwd,
      env: { ...baseEnvironment(), ...env },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(uid === undefined ? {} : { uid }),
      ...(gid === undefined ? {} : { gid }),
    });
    this.child = child;
    this.startedAt = Date.now();
    child.stdout?.on('data', (chunk: Buffer) => this.log.write(chunk));
    child.stderr?.on('data', (chunk: Buffer) => this.log.write(chunk));
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (cause) => {
        this.state = 'failed';
        reject(
          new BizError(
            'BIZ_NATIVE_SPAWN',
            `${this.service}: ${command} cannot be started: ${cause.message}.`,
            { cause },
          ),
        );
      });
    });
    child.on('error', () => undefined);
    this.state = 'running';
    if (child.pid !== undefined) {
      writePidFile(this.runDir, {
        service: this.service,
        name: this.name,
        pid: child.pid,
        stopSignal: this.spec.stopSignal ?? 'SIGTERM',
        stopTimeoutMs: this.spec.stopTimeoutMs ?? DEFAULT_STOP_TIMEOUT_MS,
      });
    }
    if (child.exitCode !== null || child.signalCode !== null)
      this.ended(child, child.exitCode, child.signalCode);
    else child.once('exit', (code, signal) => this.ended(child, code, signal));
  }

  /** Stops the process and all it started; SIGKILL after the spec's timeout. */
  async stop(): Promise<void> {
    this.stopping = true;
    clearTimeout(this.timer);
    const pid = this.child?.pid;
    if (pid !== undefined && this.state === 'running') {
      await stopGroup(
        pid,
        this.spec.stopSignal ?? 'SIGTERM',
        this.spec.stopTimeoutMs ?? DEFAULT_STOP_TIMEOUT_MS,
      );
    }
    removePidFile(this.runDir, this.service, this.name);
    this.state = 'stopped';
    this.log.note('stopped');
  }

  /** Last resort when the supervisor itself ends unexpectedly: nothing may be left behind. */
  killNow(): void {
    this.stopping = true;
    clearTimeout(this.timer);
    if (this.child?.pid !== undefined && this.state === 'running') signalGroup(this.child.pid, 'SIGKILL');
  }

  private ended(child: ChildProcess, code: number | null, signal: NodeJS.Signals | null): void {
    if (this.child !== child || this.stopping) return;
    // What the leader left of its group would hold ports and files of the next start.
    if (child.pid !== undefined) signalGroup(child.pid, 'SIGKILL');
    removePidFile(this.runDir, this.service, this.name);
    const how = signal === null ? `ended with code ${code}` : `was ended by ${signal}`;
    this.lastExit = how;
    const next = this.backoff.crashed(Date.now(), Date.now() - this.startedAt);
    this.state = next === 'give-up' ? 'failed' : 'backoff';
    this.log.note(next === 'give-up' ? `${how}; not restarted any more` : `${how}; restarted in ${next} ms`);
    this.events.onCrash(how, next);
    if (next !== 'give-up') this.timer = setTimeout(() => void this.restart(), next);
  }

  private async restart(): Promise<void> {
    if (this.stopping) return;
    this.restarts += 1;
    try {
      await this.start();
      this.events.onRestart();
    } catch (error) {
      this.state = 'failed';
      this.events.onCrash(error instanceof Error ? error.message : String(error), 'give-up');
    }
  }
}

/** What every service gets; nothing else of the caller's environment reaches it. */
function baseEnvironment(): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of ['PATH', 'HOME', 'LANG', 'TZ', 'TMPDIR']) {
    const value = process.env[name];
    if (value !== undefined) kept[name] = value;
  }
  return { LANG: 'C.UTF-8', ...kept };
}
