import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { BizError } from '@bizstack/contracts';
import { isLock, tryLock, type Lock } from '../state/lock';
import { defaultCacheDir } from '../state/paths';
import { basePortOf, isPortFree, PORT_BLOCK } from '../state/ports';
import { resolveFacts } from '../state/secrets';
import { writeFileAtomic } from '../state/state-file';
import { DRIVERS } from '../services';
import { findRootDir, Stack } from '../supervisor/stack';
import { lineReporter } from '../supervisor/reporter';
import { FACTS_VARIABLE, type TestFacts } from './facts-file';

const MAX_SLOTS = 16;

/** The services of one Jest run, in the process that started it. */
export class TestStack {
  private constructor(
    private readonly stack: Stack,
    private readonly slot: Lock,
  ) {}

  /** Starts the services with fresh data; several runs of one clone each take a slot of their own. */
  static async start(services: readonly string[]): Promise<TestStack> {
    const rootDir = findRootDir();
    const { slot, stateDir } = takeSlot(
      join(process.env['BIZSTACK_STATE_DIR'] ?? join(rootDir, '.bizstack'), 'test'),
    );
    const show = process.env['BIZSTACK_TEST_QUIET'] === undefined;
    const report = lineReporter((line) => show && process.stderr.write(`${line}\n`));
    try {
      const basePort = await freeBlock(stateDir);
      const stack = new Stack({
        rootDir,
        stateDir,
        cacheDir: defaultCacheDir(),
        drivers: DRIVERS,
        services,
        basePort,
        report,
      });
      // Whatever an earlier run that was killed left: its processes and its data.
      await stack.reset();
      rmSync(stack.paths.logDir, { recursive: true, force: true });
      const testStack = new TestStack(stack, slot);
      process.once('exit', () => stack.killNow());
      try {
        await stack.start();
        testStack.publish();
      } catch (error) {
        await stack.stop();
        throw error;
      }
      return testStack;
    } catch (error) {
      slot.release();
      throw error;
    }
  }

  /** Stops the services and removes their data; the logs stay until the slot is used again. */
  async stop(): Promise<void> {
    await this.stack.stop();
    await this.stack.reset();
    this.slot.release();
  }

  /** For a signal: nothing is waited for. */
  killNow(): void {
    this.stack.killNow();
  }

  /** Writes the facts where the tests of this run find them. */
  private publish(): void {
    const facts: TestFacts = {};
    for (const driver of this.stack.order) {
      facts[driver.name] = {
        ...resolveFacts(this.stack.factsOf(driver.name), (name) => this.stack.secrets.get(name)),
        logFile: join(this.stack.paths.logDir, `${driver.name}.log`),
      };
    }
    const file = join(this.stack.paths.secretDir, 'test-facts.json');
    writeFileAtomic(file, JSON.stringify(facts), 0o600);
    process.env[FACTS_VARIABLE] = file;
  }
}

function takeSlot(parent: string): { slot: Lock; stateDir: string } {
  for (let number = 0; number < MAX_SLOTS; number++) {
    const stateDir = join(parent, String(number));
    const slot = tryLock(`${stateDir}.lock`);
    if (isLock(slot)) return { slot, stateDir };
  }
  throw new BizError('BIZ_TEST_SLOTS', `${MAX_SLOTS} test runs of this clone are under way.`, {
    hint: 'Wait for one to end.',
  });
}

/** A block of ports that is free now: the slot's own one, or the next ones. */
async function freeBlock(stateDir: string): Promise<number> {
  const offsets = DRIVERS.flatMap((driver) => Object.values(driver.ports));
  for (let attempt = 0; attempt < 20; attempt++) {
    const base = basePortOf(`${stateDir}#${attempt}`);
    const free = await Promise.all(offsets.map((offset) => isPortFree('127.0.0.1', base + offset)));
    if (free.every(Boolean)) return base;
  }
  throw new BizError('BIZ_TEST_PORTS', `No ${PORT_BLOCK} free ports were found for the test services.`);
}
