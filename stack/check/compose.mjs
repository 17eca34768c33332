// Validates the Compose files with the Go program beside this file: the same library that Docker uses.
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));
const BUILD_TIMEOUT_MS = 600_000;

/**
 * @param {string} root
 * @param {(message: string) => void} progress
 * @returns {{ findings: { rule: string, file: string, message: string }[], skipped?: string }}
 */
export function checkCompose(root, progress) {
  const sets = [['compose.yaml'], ['compose.yaml', 'compose.tls.yaml']].filter((files) =>
    files.every((file) => existsSync(join(root, 'stack', file))),
  );
  const binary = builtBinary(progress);
  if (binary === undefined) {
    return {
      findings: [],
      skipped:
        'Go is not installed, so the Compose files were not validated against the Compose specification; the other rules ran. Install Go 1.24 or newer (for example `apt-get install golang-go`).',
    };
  }
  const folder = mkdtempSync(join(tmpdir(), 'bizstack-check-'));
  try {
    const envFile = join(folder, 'env');
    writeFileSync(envFile, filledExample(join(root, 'stack/.env.example')), { mode: 0o600 });
    const findings = sets.flatMap((files) =>
      failures(binary, ['--env-file', envFile, ...files.map((file) => join(root, 'stack', file))]).map(
        (message) => ({
          rule: 'compose',
          file: files.map((file) => `stack/${file}`).join(' + '),
          message,
        }),
      ),
    );
    return { findings };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The binary for exactly these sources; built at the first use. Undefined when there is no Go. */
function builtBinary(progress) {
  const sources = ['go.mod', 'go.sum', 'main.go'].map((name) => readFileSync(join(HERE, name)));
  const hash = sources
    .reduce((sum, source) => sum.update(source), createHash('sha256'))
    .digest('hex')
    .slice(0, 16);
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'bizstack', 'check-stack');
  const binary = join(cache, `check-${process.platform}-${process.arch}-${hash}`);
  if (existsSync(binary)) {
    return binary;
  }
  try {
    execFileSync('go', ['version'], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  progress('Building the Compose checker (once, up to a minute)');
  mkdirSync(cache, { recursive: true });
  const partial = `${binary}.${randomBytes(4).toString('hex')}`;
  execFileSync('go', ['build', '-trimpath', '-mod=readonly', '-o', partial, '.'], {
    cwd: HERE,
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: BUILD_TIMEOUT_MS,
  });
  // Two clones may build at once: whoever renames last wins, and both files are the same.
  renameSync(partial, binary);
  return binary;
}

function failures(binary, args) {
  try {
    execFileSync(binary, args, { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
    return [];
  } catch (error) {
    return String(error.stderr || error.message)
      .trim()
      .split('\n');
  }
}

/** The example with a stand-in for every empty value: what is missing after that is missing in the example. */
function filledExample(path) {
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  return text
    .replace(/^([A-Z][A-Z0-9_]*_DIR)=$/gm, '$1=/stand-in')
    .replace(/^([A-Z][A-Z0-9_]*)=$/gm, '$1=stand-in');
}
