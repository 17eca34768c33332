import type { Logger } from './log';

/** A program that the machine must have; named, with the command that installs it, before any download. */
export interface ToolRequirement {
  readonly command: string;
  /** Least version, for example `17`; compared with what `versionArgs` prints. */
  readonly minimum?: string;
  readonly versionArgs?: readonly string[];
  /** For a person, for example `apt-get install openjdk-17-jre-headless`. */
  readonly install: string;
  /** True when the service runs without it, with less; `without` says what is lost. */
  readonly optional?: boolean;
  readonly without?: string;
}

/** One operating-system process of a service. The supervisor starts, logs, watches and restarts it. */
export interface ProcessSpec {
  /** Unique within the service; the log file is `<service>[-<name>].log`. */
  readonly name?: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  /** Added to a minimal environment (PATH, HOME, LANG, TZ), never to the caller's whole one. */
  readonly env?: Readonly<Record<string, string>>;
  readonly uid?: number;
  readonly gid?: number;
  readonly stopSignal?: NodeJS.Signals;
  /** Milliseconds between `stopSignal` and SIGKILL. */
  readonly stopTimeoutMs?: number;
}

/**
 * What a service tells others once it is up: URLs, ports, user names. A secret is named with `secretOf`, alone or
 * within a URL; it is filled in only where it is needed.
 */
export type ServiceFacts = Readonly<Record<string, string | number>>;

export interface DriverContext {
  /** 127.0.0.1 */
  readonly host: string;
  /** Ports of this service, by the names in `ServiceDriver.ports`. */
  readonly ports: Readonly<Record<string, number>>;
  /** Data of this service in this clone; exists. */
  readonly dataDir: string;
  /** `$XDG_CACHE_HOME/bizstack`: downloads, shared by all clones, keyed by version and checksum. */
  readonly cacheDir: string;
  /** Root of the repository. */
  readonly rootDir: string;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** A secret of this clone, generated at first use and kept in a file of mode 0600. */
  secret(name: string): string;
  /** The file that holds that secret alone, for programs that read one. */
  secretFile(name: string): string;
  /** Facts of a service named in `dependsOn`; secrets stand in them as references (`secretOf`, `resolveFacts`). */
  factsOf(service: string): ServiceFacts;
  /** Reports a long step: `done`/`total` in the unit named, for example MB. */
  progress(step: string, done?: number, total?: number, unit?: string): void;
}

/** One service of the native stack. Every method is safe to call twice and safe to be interrupted. */
export interface ServiceDriver {
  readonly name: string;
  readonly title: string;
  readonly version: string;
  readonly dependsOn: readonly string[];
  /** Port names with their offset from the clone's base port. */
  readonly ports: Readonly<Record<string, number>>;
  readonly requires: readonly ToolRequirement[];
  /** What the native form lacks beside the production image, one line each. */
  readonly lacks?: readonly string[];
  /** Milliseconds from the start of the processes to the first health; 180,000 when not given. */
  readonly startTimeoutMs?: number;
  /** True for a service whose install takes long and that nothing waits for: `up` is done without it. */
  readonly background?: boolean;
  /** Brings the program into the cache. Never touches `dataDir`. */
  install(context: DriverContext): Promise<void>;
  /** Prepares `dataDir` (initdb, format, config files) and says what to run. */
  start(context: DriverContext): Promise<readonly ProcessSpec[]>;
  /** Throws while the service is not ready to serve. */
  health(context: DriverContext): Promise<void>;
  /** Runs once after the first health of every start: schemas, topics, accounts. */
  afterStart?(context: DriverContext): Promise<void>;
  /** What must be said to the service before its processes get `stopSignal`. */
  beforeStop?(context: DriverContext): Promise<void>;
  /** Removes what this clone's service keeps. The service is stopped. */
  reset(context: DriverContext): Promise<void>;
  facts(context: DriverContext): ServiceFacts;
}
