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

/**
 * @param {{ browser: boolean, log?: 1 | 2 }} needs `log`: where the progress goes, 2 for commands whose stdout is data
 */
export async function bootstrap({ log = 1, ...needs }) {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < MINIMUM_NODE[0] || (major === MINIMUM_NODE[0] && minor < MINIMUM_NODE[1])) {
    console.error(`Node ${process.versions.node} is too old: ${MINIMUM_NODE.join('.')} or newer is needed.`);
    process.exit(1);
  }
  requireTools(needs);
  await installPackages(log);
  await step(
    'build',
    NODE,
    [join(ROOT, 'node_modules/.bin/turbo'), 'run', 'build', '--output-logs=errors-only'],
    log,
  );
}

/**
 * Installs what package-lock.json says when that is not what is installed; interrupted, it is simply done again.
 * Not `npm ci`: it refuses a lock without the optional packages of platforms that a registry does not carry.
 * @param {1 | 2} log
 */
async function installPackages(log) {
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
  await step(
    'npm packages (about 1.6 GB unpacked, 1 to 3 minutes)',
    'npm',
    ['install', '--no-save', '--loglevel=error'],
    log,
  );
  writeFileSync(MARKER, wanted);
}

/**
 * Runs one long step: says what, a sign of life every 20 s, and how long it took.
 * @param {string} title @param {string} command @param {string[]} args @param {1 | 2} [log]
 */
export async function step(title, command, args, log = 1) {
  const started = Date.now();
  const say = log === 1 ? console.log : console.error;
  const seconds = () => `${Math.round((Date.now() - started) / 1000)} s`;
  say(`- ${title}`);
  const alive = setInterval(() => say(`  … ${title}: ${seconds()}`), 20_000);
  const code = await run(command, args, {}, log);
  clearInterval(alive);
  if (code !== 0) {
    console.error(`${title} failed (exit ${code}): ${[command, ...args].join(' ')}`);
    process.exit(1);
  }
  say(`  ${title}: done in ${seconds()}`);
}

/**
 * Runs a command in the repository's root on Node 22, hands signals on, and returns its exit code.
 * @param {string} command @param {string[]} args @param {Record<string, string>} [env]
 * @param {1 | 2} [log] where the command's stdout goes
 */
export function run(command, args, env = {}, log = 1) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: ROOT,
      stdio: ['inherit', log, 2],
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
