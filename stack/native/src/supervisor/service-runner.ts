import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BizError, isBizError, messageOf } from '@bizstack/contracts';
import type { DriverContext, ServiceDriver } from '../driver';
import type { RestartPolicy } from './backoff';
import { LogFile, tailOf } from './log-file';
import { ManagedProcess } from './managed-process';
import type { Reporter } from './reporter';

export type ServiceState =
  | 'waiting'
  | 'installing'
  | 'starting'
  | 'running'
  | 'unhealthy'
  | 'restarting'
  | 'failed'
  | 'stopping'
  | 'stopped';

const DEFAULT_START_TIMEOUT_MS = 180_000;
const HEALTH_EVERY_MS = 15_000;
const HEALTH_TIMEOUT_MS = 10_000;
const PREPARE_ATTEMPTS = 3;
const BEFORE_STOP_TIMEOUT_MS = 10_000;
/** Failed checks in a row after which a service that still runs is reported as unhealthy. */
const UNHEALTHY_AFTER = 3;

export interface ServiceRunnerOptions {
  readonly driver: ServiceDriver;
  readonly context: DriverContext;
  readonly runDir: string;
  readonly logDir: string;
  readonly policy: RestartPolicy;
  readonly report: Reporter;
  readonly onChange: () => void;
}

/** Brings one service up, keeps it up, brings it down. Installing comes first and is separate. */
export class ServiceRunner {
  state: ServiceState = 'waiting';
  detail = '';
  startedAt: number | undefined;
  processes: ManagedProcess[] = [];
  private installing: Promise<void> | undefined;
  private healthTimer: NodeJS.Timeout | undefined;
  private failedChecks = 0;
  private recovering = false;
  private readonly logs: LogFile[] = [];

  constructor(private readonly options: ServiceRunnerOptions) {}

  get driver(): ServiceDriver {
    return this.options.driver;
  }

  /** Brings the program into the cache; a second call joins the first. */
  install(): Promise<void> {
    this.installing ??= this.runInstall();
    return this.installing;
  }

  private async runInstall(): Promise<void> {
    const { driver, context } = this.options;
    this.set('installing');
    const begin = Date.now();
    try {
      await driver.install(context);
    } catch (error) {
      this.fail(`could not be installed: ${messageOf(error)}`);
      throw error;
    }
    const seconds = (Date.now() - begin) / 1000;
    if (seconds > 2) this.report('info', `installed in ${seconds.toFixed(0)} s`);
    this.set('waiting');
  }

  /** @throws BizError `BIZ_NATIVE_START_FAILED` with the end of the service's log. */
  async start(): Promise<void> {
    const { driver, context } = this.options;
    const begin = Date.now();
    this.set('starting');
    try {
      const specs = await driver.start(context);
      this.processes = specs.map((spec) => this.manage(spec));
      for (const managed of this.processes) await managed.start();
      await this.waitForHealth();
      await this.prepare();
    } catch (error) {
      const failure = this.startFailure(error);
      this.fail(failure.message);
      await this.stopProcesses();
      throw failure;
    }
    this.startedAt = Date.now();
    this.set('running');
    const version = driver.version === '' ? '' : ` ${driver.version}`;
    this.report('info', `${driver.title}${version} runs (${((Date.now() - begin) / 1000).toFixed(1)} s)`);
    this.watchHealth();
  }

  async stop(): Promise<void> {
    const { driver, context } = this.options;
    clearTimeout(this.healthTimer);
    if (this.processes.length === 0) {
      if (this.state !== 'failed') this.set('stopped');
      return;
    }
    const running = this.state === 'running' || this.state === 'unhealthy';
    this.set('stopping');
    if (running && driver.beforeStop) {
      try {
        await withTimeout(driver.beforeStop(context), BEFORE_STOP_TIMEOUT_MS);
      } catch (error) {
        this.report('warn', `is stopped although it could not be prepared for it: ${messageOf(error)}`);
      }
    }
    await this.stopProcesses();
    this.set('stopped');
    this.report('info', 'stopped');
  }

  killNow(): void {
    for (const managed of this.processes) managed.killNow();
  }

  private async stopProcesses(): Promise<void> {
    clearTimeout(this.healthTimer);
    await Promise.all([...this.processes].reverse().map((managed) => managed.stop()));
    for (const log of this.logs.splice(0)) log.close();
    this.processes = [];
  }

  private manage(spec: ConstructorParameters<typeof ManagedProcess>[1]): ManagedProcess {
    const { driver, runDir, logDir, policy } = this.options;
    const suffix = spec.name === undefined || spec.name === '' ? '' : `-${spec.name}`;
    const log = new LogFile(join(logDir, `${driver.name}${suffix}.log`));
    this.logs.push(log);
    return new ManagedProcess(
      driver.name,
      spec,
      runDir,
      log,
      {
        onCrash: (how, delay) => this.crashed(spec.name, how, delay),
        onRestart: () => void this.recover(),
      },
      policy,
    );
  }

  private crashed(name: string | undefined, how: string, delay: number | 'give-up'): void {
    const { driver, logDir } = this.options;
    const which = name === undefined ? '' : `process ${name} `;
    const log = join(logDir, `${driver.name}${name === undefined ? '' : `-${name}`}.log`);
    clearTimeout(this.healthTimer);
    if (delay === 'give-up') {
      this.detail = `${which}${how} too often; not restarted any more. See ${log}`;
      this.set('failed');
      this.report('error', this.detail);
      return;
    }
    if (this.state === 'starting') return;
    this.detail = `${which}${how}`;
    this.set('restarting');
    this.report('warn', `${which}${how}; starting it again in ${(delay / 1000).toFixed(1)} s (log: ${log})`);
  }

  /** After a restart the same gates apply as at the first start. */
  private async recover(): Promise<void> {
    if (this.state === 'starting' || this.recovering) return;
    this.recovering = true;
    try {
      await this.waitForHealth();
      await this.prepare();
      if (this.state !== 'restarting') return;
      this.detail = '';
      this.set('running');
      this.report('info', 'runs again');
      this.watchHealth();
    } catch (error) {
      if (this.state !== 'restarting') return;
      this.detail = `started again, but is not healthy: ${messageOf(error)}`;
      this.set('unhealthy');
      this.report('error', this.detail);
      this.watchHealth();
    } finally {
      this.recovering = false;
    }
  }

  private async waitForHealth(): Promise<void> {
    const { driver, context } = this.options;
    const timeoutMs = driver.startTimeoutMs ?? DEFAULT_START_TIMEOUT_MS;
    const deadline = Date.now() + timeoutMs;
    for (let delay = 50; ; delay = Math.min(1000, delay * 1.5)) {
      const failed = this.processes.find((managed) => managed.state === 'failed');
      if (failed) throw new Error(failed.lastExit ?? 'the process ended');
      if (this.state === 'stopping' || this.state === 'stopped') throw new Error('it was stopped meanwhile');
      try {
        await withTimeout(driver.health(context), HEALTH_TIMEOUT_MS);
        return;
      } catch (error) {
        if (Date.now() > deadline)
          throw new Error(`not ready after ${timeoutMs / 1000} s: ${messageOf(error)}`, { cause: error });
      }
      await sleep(delay, undefined, { signal: context.signal });
    }
  }

  /** A slow machine may let a call time out; what a driver does here is safe to repeat. */
  private async prepare(): Promise<void> {
    const { driver, context } = this.options;
    for (let attempt = 1; ; attempt++) {
      try {
        await driver.afterStart?.(context);
        return;
      } catch (error) {
        const final = isBizError(error) && !error.retryable;
        if (final || attempt === PREPARE_ATTEMPTS || context.signal.aborted) throw error;
        this.report('warn', `could not be prepared yet, trying again: ${messageOf(error)}`);
        await this.waitForHealth();
      }
    }
  }

  private watchHealth(): void {
    clearTimeout(this.healthTimer);
    this.healthTimer = setTimeout(() => void this.checkHealth(), HEALTH_EVERY_MS);
    this.healthTimer.unref();
  }

  private async checkHealth(): Promise<void> {
    const { driver, context } = this.options;
    if (this.state !== 'running' && this.state !== 'unhealthy') return;
    try {
      await withTimeout(driver.health(context), HEALTH_TIMEOUT_MS);
      this.failedChecks = 0;
      if (this.state === 'unhealthy') {
        this.detail = '';
        this.set('running');
        this.report('info', 'is healthy again');
      }
    } catch (error) {
      this.failedChecks += 1;
      if (this.failedChecks >= UNHEALTHY_AFTER && this.state === 'running') {
        this.detail = `does not answer: ${messageOf(error)}`;
        this.set('unhealthy');
        this.report('error', this.detail);
      }
    }
    if (this.state === 'running' || this.state === 'unhealthy') this.watchHealth();
  }

  private startFailure(cause: unknown): BizError {
    const { driver, logDir } = this.options;
    const files = this.processes.map(({ name }) =>
      join(logDir, `${driver.name}${name === '' ? '' : `-${name}`}.log`),
    );
    const lines = files.flatMap((file) => tailOf(file, 12));
    if (
      lines.some((line) => /no space left on device|ENOSPC/i.test(line)) ||
      /ENOSPC/.test(messageOf(cause))
    ) {
      return new BizError(
        'BIZ_NATIVE_DISK_FULL',
        `${driver.title} cannot start: the disk is full (${this.options.context.dataDir}).`,
        {
          hint: 'Free some space and run the same command again.',
          cause,
        },
      );
    }
    const log = lines.length === 0 ? '' : `\nEnd of ${files.join(', ')}:\n  ${lines.join('\n  ')}\n`;
    return new BizError(
      'BIZ_NATIVE_START_FAILED',
      `${driver.title} did not start: ${messageOf(cause)}.${log}`,
      {
        cause,
        details: { service: driver.name },
      },
    );
  }

  private set(state: ServiceState): void {
    this.state = state;
    this.options.onChange();
  }

  private fail(detail: string): void {
    this.detail = detail;
    this.set('failed');
  }

  private report(level: 'info' | 'warn' | 'error', message: string): void {
    this.options.report({ service: this.options.driver.name, level, message });
  }
}

async function withTimeout<T>(promise: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms / 1000} s`)), ms);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
