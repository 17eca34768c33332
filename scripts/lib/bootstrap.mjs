// Brings a fresh clone to the point where its own packages can run. Plain Node, no dependency.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statfsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { requireTools } from './tools.mjs';

export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const OWN_NODE = join(ROOT, 'node_modules/.bin/node');
/** Node 22, which npm installed: the one that everything after the bootstrap runs on. On platforms without such a package (macOS on ARM) it is the Node that runs this, which must be 22. */
export const NODE = process.platform === 'darwin' && process.arch === 'arm64' ? process.execPath : OWN_NODE;
const MARKER = join(ROOT, 'node_modules/.bizstack-installed');
const MINIMUM_NODE = [20, 19];
const NEEDED_MB = 6_000;

/** @param {{ browser: boolean }} needs */
export async function bootstrap(needs) {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < MINIMUM_NODE[0] || (major === MINIMUM_NODE[0] && minor < MINIMUM_NODE[1])) {
    console.error(`Node ${process.versions.node} is too old: ${MINIMUM_NODE.join('.')} or newer is needed.`);
    process.exit(1);
  }
  requireTools(needs);
  await installPackages();
  await step('build', NODE, [
    join(ROOT, 'node_modules/.bin/turbo'),
    'run',
    'build',
    '--output-logs=errors-only',
  ]);
}

/**
 * Installs what package-lock.json says when that is not what is installed; interrupted, it is simply done again.
 * Not `npm ci`: it refuses a lock without the optional packages of platforms that a registry does not carry.
 */
async function installPackages() {
  const wanted = createHash('sha256')
    .update(readFileSync(join(ROOT, 'package-lock.json')))
    .digest('hex');
  if (existsSync(MARKER) && readFileSync(MARKER, 'utf8') === wanted && existsSync(NODE)) return;
  const { bavail, bsize } = statfsSync(ROOT);
  const freeMb = Math.floor((bavail * bsize) / 1e6);
  if (freeMb < NEEDED_MB) {
    console.error(
      `${freeMb} MB are free at ${ROOT}, and about ${NEEDED_MB} MB are needed. Free some space first.`,
    );
    process.exit(1);
  }
  await step('npm packages (about 1.6 GB unpacked, 1 to 3 minutes)', 'npm', [
    'install',
    '--no-save',
    '--loglevel=error',
  ]);
  writeFileSync(MARKER, wanted);
}

/**
 * Runs one long step: says what, a sign of life every 20 s, and how long it took.
 * @param {string} title @param {string} command @param {string[]} args
 */
export async function step(title, command, args) {
  const started = Date.now();
  const seconds = () => `${Math.round((Date.now() - started) / 1000)} s`;
  console.log(`- ${title}`);
  const alive = setInterval(() => console.log(`  … ${title}: ${seconds()}`), 20_000);
  const code = await run(command, args);
  clearInterval(alive);
  if (code !== 0) {
    console.error(`${title} failed (exit ${code}): ${[command, ...args].join(' ')}`);
    process.exit(1);
  }
  console.log(`  ${title}: done in ${seconds()}`);
}

/**
 * Runs a command in the repository's root on Node 22, hands signals on, and returns its exit code.
 * @param {string} command @param {string[]} args @param {Record<string, string>} [env]
 */
export function run(command, args, env = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: ROOT,
      stdio: 'inherit',
      env: {
        ...process.env,
        PATH: `${join(ROOT, 'node_modules/.bin')}:${process.env.PATH}`,
        TURBO_TELEMETRY_DISABLED: '1',
        DO_NOT_TRACK: '1',
        ...env,
      },
    });
    const stop = () => child.kill('SIGTERM');
    // A terminal sends Ctrl-C to the child as well; it decides, we wait for it.
    const interrupt = process.stdin.isTTY ? () => {} : stop;
    process.on('SIGINT', interrupt);
    process.on('SIGTERM', stop);
    // npm's shell dies of a signal without handing it on: then nobody is left to end what we started.
    const parent = process.ppid;
    const watch = setInterval(() => process.ppid !== parent && stop(), 1_000);
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      clearInterval(watch);
      process.off('SIGINT', interrupt);
      process.off('SIGTERM', stop);
      resolve(code ?? (signal ? 1 : 0));
    });
  });
}
