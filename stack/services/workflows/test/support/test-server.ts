import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultCacheDir, type DriverContext, DRIVERS } from '@bizstack/native';

const ROOT = join(__dirname, '..', '..', '..', '..', '..');

/** Temporal's test server, which can skip time; comes through the stack's own cache of downloads. */
export async function testServerPath(): Promise<string> {
  const driver = DRIVERS.find(({ name }) => name === 'temporal');
  if (!driver) throw new Error('There is no driver of Temporal.');
  const before = process.env['BIZSTACK_TEMPORAL'];
  process.env['BIZSTACK_TEMPORAL'] = 'test-server';
  try {
    const context = contextOf(mkdtempSync(join(tmpdir(), 'workflows-test-server-')));
    await driver.install(context);
    const [spec] = await driver.start(context);
    if (!spec) throw new Error('The driver starts nothing.');
    return spec.command;
  } finally {
    if (before === undefined) delete process.env['BIZSTACK_TEMPORAL'];
    else process.env['BIZSTACK_TEMPORAL'] = before;
  }
}

function contextOf(dataDir: string): DriverContext {
  const quiet = (): void => undefined;
  const none = (): never => {
    throw new Error('The test server needs no secret and no other service.');
  };
  return {
    host: '127.0.0.1',
    ports: { frontend: 0 },
    dataDir,
    cacheDir: defaultCacheDir(),
    rootDir: ROOT,
    log: { info: quiet, warn: quiet, error: quiet },
    signal: new AbortController().signal,
    secret: none,
    secretFile: none,
    factsOf: none,
    progress: quiet,
  };
}
