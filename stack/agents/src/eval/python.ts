import { execFile, spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { BizError, messageOf } from '@bizstack/contracts/dist/errors';

const run = promisify(execFile);

/** Versions that the pinned wheels are for. */
const VERSIONS = ['3.11', '3.12', '3.13'];
const COMMANDS = ['python3', ...VERSIONS.map((version) => `python${version}`)];
const INSTALL_MS = 15 * 60_000;

/**
 * Python of a virtual environment with exactly the packages of a hashed requirements file. Made on first use
 * in the cache, under the checksum of the file, and moved into place when complete.
 * @param say told what takes long.
 * @throws BizError `BIZ_EVAL_PYTHON_MISSING`, `BIZ_EVAL_PYTHON_INSTALL_FAILED`
 */
export async function pythonWith(
  name: string,
  requirementsFile: string,
  say: (line: string) => void,
): Promise<string> {
  const { command, version } = await findPython();
  const checksum = createHash('sha256')
    .update(await readFile(requirementsFile))
    .update(`\0${version}\0${process.platform}\0${process.arch}`)
    .digest('hex')
    .slice(0, 12);
  const dir = join(cacheDir(), `eval-${name}-python-${checksum}`);
  const python = join(dir, 'bin', 'python');
  if (existsSync(python)) return python;
  say(`Installing Python packages for ${name} (once, about 250 MB)`);
  const partial = `${dir}.partial-${randomUUID()}`;
  try {
    await mkdir(cacheDir(), { recursive: true });
    await run(command, ['-m', 'venv', partial], { timeout: INSTALL_MS });
    const options = ['--quiet', '--no-input', '--require-hashes', '--only-binary', ':all:'];
    const args = ['-m', 'pip', 'install', ...options, '-r', requirementsFile];
    await run(join(partial, 'bin', 'python'), args, { timeout: INSTALL_MS, maxBuffer: 64 * 1024 * 1024 });
    await putInPlace(partial, dir);
  } catch (cause) {
    throw new BizError(
      'BIZ_EVAL_PYTHON_INSTALL_FAILED',
      `The Python packages of ${requirementsFile} could not be installed: ${messageOf(cause)}`,
      { hint: 'Check that this machine reaches the Python package index (pip config list).', cause },
    );
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return python;
}

/**
 * Runs a script with `input` as JSON on its stdin and gives what it printed.
 * @throws BizError `BIZ_EVAL_PYTHON_FAILED` with the end of what it wrote to stderr.
 */
export async function runPython(python: string, script: string, input: unknown): Promise<string> {
  const child = spawn(python, ['-I', script], { stdio: ['pipe', 'pipe', 'pipe'] });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  // A script that ends early closes its stdin; its exit code tells why.
  child.stdin.on('error', () => undefined);
  child.stdin.end(JSON.stringify(input));
  const code = await new Promise<number | null>((done, fail) => child.on('error', fail).on('close', done));
  if (code === 0) return Buffer.concat(out).toString('utf8');
  const tail = Buffer.concat(err).toString('utf8').trim().slice(-2000);
  throw new BizError('BIZ_EVAL_PYTHON_FAILED', `${script} failed (exit ${code ?? 'by signal'}): ${tail}`);
}

function cacheDir(): string {
  const { BIZSTACK_CACHE_DIR, XDG_CACHE_HOME } = process.env;
  if (BIZSTACK_CACHE_DIR) return resolve(BIZSTACK_CACHE_DIR);
  return join(XDG_CACHE_HOME ? resolve(XDG_CACHE_HOME) : join(homedir(), '.cache'), 'bizstack');
}

async function findPython(): Promise<{ command: string; version: string }> {
  for (const command of COMMANDS) {
    const version = await run(command, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])']).then(
      ({ stdout }) => stdout.trim(),
      () => undefined,
    );
    if (version !== undefined && VERSIONS.includes(version)) return { command, version };
  }
  throw new BizError('BIZ_EVAL_PYTHON_MISSING', `No Python ${VERSIONS.join(', ')} was found.`, {
    hint: 'apt-get install python3 python3-venv python3-pip   (macOS: brew install python@3.13)',
  });
}

/** Another process may have been faster: then its folder serves as well. */
async function putInPlace(partial: string, dir: string): Promise<void> {
  try {
    await rename(partial, dir);
  } catch (error) {
    if (!existsSync(join(dir, 'bin', 'python'))) throw error;
  }
}
