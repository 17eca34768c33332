import { mkdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { BizError, messageOf } from '@bizstack/contracts';
import type { DriverContext, ServiceDriver, ServiceFacts } from '../driver';
import { requireDisk } from '../install/disk';
import { findMissingTools, requireTools } from '../install/tools';
import { lockOrFail, type Lock } from '../state/lock';
import { createStateDirs, type StatePaths, statePaths } from '../state/paths';
import { basePortOf, requireFreePorts } from '../state/ports';
import { SecretStore } from '../state/secrets';
import { readState, writeState } from '../state/state-file';
import { DEFAULT_RESTART_POLICY, type RestartPolicy } from './backoff';
import { startOrder } from './order';
import { stopLeftovers } from './pid-file';
import type { Reporter } from './reporter';
import { ServiceRunner } from './service-runner';
import { removeStatus, type StackStatus, writeStatus } from './status';

const HOST = '127.0.0.1';
/** Least free space for the data of a start, in MB. */
const DATA_MB = 500;

export interface StackOptions {
  /** Root of the repository. */
  readonly rootDir: string;
  readonly stateDir: string;
  readonly cacheDir: string;
  /** Every driver that may be selected or depended on. */
  readonly drivers: readonly ServiceDriver[];
  /** Names of services; what they depend on comes along. */
  readonly services: readonly string[];
  /** First port; else the one of the last start, else derived from the path of `stateDir`. */
  readonly basePort?: number;
  readonly report: Reporter;
  readonly restartPolicy?: RestartPolicy;
}

/** A set of services in one state folder: install, start in order, watch, stop in reverse order. */
export class Stack {
  readonly paths: StatePaths;
  readonly basePort: number;
  readonly order: readonly ServiceDriver[];
  readonly secrets: SecretStore;
  private readonly runners = new Map<string, ServiceRunner>();
  private readonly abort = new AbortController();
  private readonly startedAt = Date.now();
  private lock: Lock | undefined;
  private stopped: Promise<void> | undefined;

  constructor(private readonly options: StackOptions) {
    this.paths = statePaths(options.stateDir);
    createStateDirs(this.paths);
    this.order = startOrder(options.drivers, options.services);
    this.secrets = new SecretStore(this.paths.secretDir);
    const saved = readState(this.paths.stateFile)?.basePort;
    this.basePort = options.basePort ?? saved ?? basePortOf(realpathSync(this.paths.stateDir));
    for (const driver of this.order) {
      const runner = new ServiceRunner({
        driver,
        context: this.contextOf(driver),
        runDir: this.paths.runDir,
        logDir: this.paths.logDir,
        policy: options.restartPolicy ?? DEFAULT_RESTART_POLICY,
        report: options.report,
        onChange: () => this.saveStatus(),
      });
      this.runners.set(driver.name, runner);
    }
  }

  /**
   * Checks tools, disk and ports, before anything is downloaded.
   * @throws BizError `BIZ_NATIVE_TOOL_MISSING`, `BIZ_NATIVE_DISK_FULL`, `BIZ_NATIVE_PORT_BUSY`, `BIZ_NATIVE_RUNNING`.
   */
  async prepare(): Promise<void> {
    const missing = await findMissingTools(this.order);
    requireTools(missing);
    for (const { tool, services } of missing) {
      this.say(
        'warn',
        `${tool.command} is missing: ${tool.without ?? 'less works'} (${services.join(', ')}). Install it: ${tool.install}`,
      );
    }
    this.lock ??= lockOrFail(this.lockFile);
    writeState(this.paths.stateFile, { version: 1, basePort: this.basePort });
    await stopLeftovers(this.paths.runDir, (entry) =>
      this.options.report({
        service: entry.service,
        level: 'warn',
        message: `process ${entry.pid} was left by a start that was killed; stopping it`,
      }),
    );
    requireDisk(this.paths.stateDir, DATA_MB, 'The stack');
    await requireFreePorts(HOST, this.portsInUse());
  }

  /** Installs all, starts all that is not a background service, and returns when these are healthy. */
  async start(): Promise<void> {
    await this.prepare();
    const started = new Map<string, Promise<void>>();
    for (const driver of this.order) {
      const runner = this.runnerOf(driver.name);
      const task = this.startOne(runner, started);
      task.catch(() => undefined);
      started.set(driver.name, task);
    }
    const awaited = this.order.filter((driver) => driver.background !== true);
    for (const driver of this.order) {
      if (driver.background !== true) continue;
      started.get(driver.name)?.catch((error: unknown) => {
        if (!this.abort.signal.aborted) this.report(driver.name, 'error', messageOf(error));
      });
    }
    const results = await Promise.allSettled(awaited.map(async (driver) => started.get(driver.name)));
    const reasons = results.flatMap((result) =>
      result.status === 'rejected' ? [result.reason as unknown] : [],
    );
    // A service that only waited for a failed one adds nothing to what went wrong.
    const causes = reasons.filter((reason) => !(reason instanceof DependencyFailed));
    if (causes.length === 0) return;
    if (this.abort.signal.aborted) throw new BizError('BIZ_NATIVE_STOPPED', 'The start was interrupted.');
    if (causes.length === 1) throw causes[0];
    throw new BizError('BIZ_NATIVE_START_FAILED', causes.map(messageOf).join('\n'), {
      cause: new AggregateError(causes),
    });
  }

  /** Stops everything in reverse order. Safe to call at any time and twice. */
  stop(): Promise<void> {
    this.stopped ??= this.stopAll();
    return this.stopped;
  }

  /** Ends every process at once, without waiting: for the exit of this process. */
  killNow(): void {
    for (const runner of this.runners.values()) runner.killNow();
  }

  /** Stops what a supervisor that was killed left behind. Nothing may supervise this state folder. */
  async stopLeftovers(): Promise<void> {
    const lock = lockOrFail(this.lockFile);
    try {
      await stopLeftovers(this.paths.runDir, (entry) =>
        this.options.report({
          service: entry.service,
          level: 'warn',
          message: `stopping process ${entry.pid}`,
        }),
      );
    } finally {
      lock.release();
    }
  }

  /** Removes the data of the services. Nothing may run. */
  async reset(): Promise<void> {
    const lock = this.lock ?? lockOrFail(this.lockFile);
    try {
      await stopLeftovers(this.paths.runDir, () => undefined);
      for (const driver of [...this.order].reverse()) await driver.reset(this.contextOf(driver));
    } finally {
      if (!this.lock) lock.release();
    }
  }

  status(): StackStatus {
    return {
      pid: process.pid,
      startedAt: new Date(this.startedAt).toISOString(),
      basePort: this.basePort,
      services: this.order.map((driver) => {
        const runner = this.runnerOf(driver.name);
        return {
          name: driver.name,
          title: driver.title,
          version: driver.version,
          state: runner.state,
          detail: runner.detail,
          since: runner.startedAt === undefined ? undefined : new Date(runner.startedAt).toISOString(),
          restarts: runner.processes.reduce((sum, managed) => sum + managed.restarts, 0),
          processes: runner.processes.map((managed) => ({
            name: managed.name,
            pid: managed.pid,
            state: managed.state,
          })),
          lacks: [...(driver.lacks ?? [])],
          background: driver.background === true,
        };
      }),
    };
  }

  /** @throws BizError `BIZ_NATIVE_SERVICE_UNKNOWN` */
  factsOf(name: string): ServiceFacts {
    const driver = this.order.find((candidate) => candidate.name === name);
    if (!driver) {
      throw new BizError('BIZ_NATIVE_SERVICE_UNKNOWN', `The service "${name}" is not part of this stack.`, {
        hint: `Part of it: ${this.order.map((candidate) => candidate.name).join(', ')}.`,
      });
    }
    return driver.facts(this.contextOf(driver));
  }

  contextOf(driver: ServiceDriver): DriverContext {
    const { rootDir, cacheDir } = this.options;
    const dataDir = join(this.paths.dataDir, driver.name);
    const report = (level: 'info' | 'warn' | 'error') => (message: string) =>
      this.report(driver.name, level, message);
    return {
      host: HOST,
      ports: Object.fromEntries(
        Object.entries(driver.ports).map(([name, offset]) => [name, this.basePort + offset]),
      ),
      dataDir,
      cacheDir,
      rootDir,
      log: { info: report('info'), warn: report('warn'), error: report('error') },
      signal: this.abort.signal,
      secret: (name) => {
        this.secrets.file(name);
        return this.secrets.get(name);
      },
      secretFile: (name) => this.secrets.file(name),
      factsOf: (service) => this.factsOf(service),
      progress: (step, done, total, unit) =>
        this.options.report({
          service: driver.name,
          level: 'info',
          message: step,
          ...(done === undefined ? {} : { progress: { done, total, unit } }),
        }),
    };
  }

  private async startOne(runner: ServiceRunner, started: ReadonlyMap<string, Promise<void>>): Promise<void> {
    const installed = runner.install();
    const dependencies = runner.driver.dependsOn;
    const results = await Promise.allSettled([
      installed,
      ...dependencies.map(async (name) => started.get(name)),
    ]);
    await installed;
    const broken = dependencies.filter((_, index) => results[index + 1]?.status === 'rejected');
    if (broken.length > 0) {
      runner.state = 'failed';
      runner.detail = `not started, because ${broken.join(', ')} did not start`;
      this.saveStatus();
      throw new DependencyFailed(`${runner.driver.name} ${runner.detail}`);
    }
    this.abort.signal.throwIfAborted();
    mkdirSync(join(this.paths.dataDir, runner.driver.name), { recursive: true, mode: 0o755 });
    await runner.start();
    if (this.abort.signal.aborted) await runner.stop();
  }

  private async stopAll(): Promise<void> {
    this.abort.abort();
    // A service stops when all that depend on it have stopped.
    const stops = new Map<string, Promise<void>>();
    for (const driver of [...this.order].reverse()) {
      const dependents = this.order.filter((other) => other.dependsOn.includes(driver.name));
      stops.set(
        driver.name,
        Promise.all(dependents.map(async (other) => stops.get(other.name))).then(() =>
          this.runnerOf(driver.name).stop(),
        ),
      );
    }
    await Promise.all(stops.values());
    if (this.lock) {
      removeStatus(this.paths.runDir);
      this.lock.release();
      this.lock = undefined;
    }
  }

  private portsInUse(): Map<number, string> {
    const ports = new Map<number, string>();
    for (const driver of this.order) {
      for (const [name, offset] of Object.entries(driver.ports))
        ports.set(this.basePort + offset, `${driver.title}, ${name}`);
    }
    return ports;
  }

  private get lockFile(): string {
    return join(this.paths.runDir, 'lock');
  }

  private runnerOf(name: string): ServiceRunner {
    const runner = this.runners.get(name);
    if (!runner)
      throw new BizError('BIZ_NATIVE_SERVICE_UNKNOWN', `The service "${name}" is not part of this stack.`);
    return runner;
  }

  private saveStatus(): void {
    if (this.lock) writeStatus(this.paths.runDir, this.status());
  }

  private report(service: string, level: 'info' | 'warn' | 'error', message: string): void {
    this.options.report({ service, level, message });
  }

  private say(level: 'info' | 'warn' | 'error', message: string): void {
    this.report('', level, message);
  }
}

class DependencyFailed extends Error {}

/** The repository that holds this package: the folder above that has a `package.json` with workspaces. */
export function findRootDir(from: string = __dirname): string {
  for (let dir = from; ; dir = join(dir, '..')) {
    try {
      if (readFileSync(join(dir, 'package.json'), 'utf8').includes('"workspaces"')) return realpathSync(dir);
    } catch {
      // No package.json here: look one folder higher.
    }
    if (realpathSync(dir) === '/') {
      throw new BizError('BIZ_NATIVE_ROOT', `${from} is not inside the bizstack repository.`);
    }
  }
}
