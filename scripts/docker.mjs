// npm start -- --docker [--tls] [--no-load]: the stack in containers. Plain Node without a dependency.
// Generates stack/.env at the first start, builds our images, starts everything, loads pieces and flows.
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const STACK = join(dirname(fileURLToPath(import.meta.url)), '..', 'stack');
const ENV_FILE = join(STACK, '.env');
const EXAMPLE_FILE = join(STACK, '.env.example');
/** !override in compose.tls.yaml. */
const OLDEST_COMPOSE = '2.24.4';
/** start_interval of health checks. */
const OLDEST_ENGINE = '25.0.0';
const START_TIMEOUT_S = 1200;

class Failure extends Error {}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof Failure)) {
    throw error;
  }
  console.error(error.message);
  process.exitCode = 1;
}

async function main() {
  const { tls, load } = readArguments();
  checkDocker();
  const added = writeSecrets();
  if (added > 0) {
    console.log(`Wrote ${added} generated values to stack/.env (mode 0600). Keep it with your backups.`);
  }
  const compose = ['compose', '--project-directory', STACK, '-f', join(STACK, 'compose.yaml')];
  if (tls) {
    checkTls();
    compose.push('-f', join(STACK, 'compose.tls.yaml'));
  }
  await step('Building the images of this repository', [...compose, '--profile', 'load', 'build']);
  await step(
    'Starting the services (the first start downloads several GB of images)',
    [...compose, 'up', '--detach', '--wait', '--wait-timeout', String(START_TIMEOUT_S), '--remove-orphans'],
    'See which service is not healthy with `docker compose ps --all` and why with `docker compose logs <service>`, both in the folder stack.',
  );
  if (load) {
    await step(
      'Loading pieces, connections and flows',
      [...compose, 'run', '--rm', 'loader'],
      'The services run; start the load again with `docker compose run --rm loader` in the folder stack.',
    );
  }
  printSummary(tls);
  return 0;
}

function readArguments() {
  try {
    const { values } = parseArgs({
      args: process.argv.slice(2),
      options: {
        docker: { type: 'boolean' },
        tls: { type: 'boolean', default: false },
        'no-load': { type: 'boolean', default: false },
      },
    });
    return { tls: values.tls, load: !values['no-load'] };
  } catch (error) {
    throw new Failure(`${error.message}\nUsage: npm start -- --docker [--tls] [--no-load]`);
  }
}

function checkDocker() {
  const engine = spawnSync('docker', ['version', '--format', '{{.Server.Version}}'], { encoding: 'utf8' });
  if (engine.error?.code === 'ENOENT') {
    throw new Failure(
      'Docker is not installed. Install Docker Engine 25 or newer with the compose plugin (https://docs.docker.com/engine/install/), or start the stack without it: npm start',
    );
  }
  if (engine.status !== 0) {
    throw new Failure(
      `The Docker engine does not answer: ${firstLine(engine.stderr) || engine.error?.message}\nStart it (for example \`sudo systemctl start docker\`), and check that your user may use it (\`sudo usermod -aG docker $USER\`, then sign in again).`,
    );
  }
  requireVersion('Docker Engine', engine.stdout, OLDEST_ENGINE);
  const compose = spawnSync('docker', ['compose', 'version', '--short'], { encoding: 'utf8' });
  if (compose.status !== 0) {
    throw new Failure(
      'Docker has no compose plugin. Install it (for example `sudo apt-get install docker-compose-plugin`); the old docker-compose 1.x cannot read this stack.',
    );
  }
  requireVersion('Docker Compose', compose.stdout, OLDEST_COMPOSE);
}

function requireVersion(name, output, oldest) {
  const found = output.trim().replace(/^v/, '');
  const numbers = (version) => version.split('.').map((part) => Number.parseInt(part, 10) || 0);
  const [have, need] = [numbers(found), numbers(oldest)];
  const at = need.findIndex((number, index) => number !== (have[index] ?? 0));
  if (at !== -1 && (have[at] ?? 0) < need[at]) {
    throw new Failure(`${name} ${found} is too old: ${oldest} or newer is needed.`);
  }
}

/** Adds what stack/.env lacks; what stands there stays. Returns how many values were generated. */
function writeSecrets() {
  const exists = existsSync(ENV_FILE);
  if (!exists && hasData()) {
    throw new Failure(
      'stack/.env is missing, but the volumes of an earlier start are there: new passwords would not open that data.\nRestore stack/.env from your backup. To throw the data away instead: docker volume rm $(docker volume ls -q --filter label=com.docker.compose.project=bizstack)',
    );
  }
  const before = exists ? readFileSync(ENV_FILE, 'utf8') : '';
  const { text, added } = completeEnv(before, readFileSync(EXAMPLE_FILE, 'utf8'));
  if (text !== before) {
    const partial = `${ENV_FILE}.${process.pid}`;
    writeFileSync(partial, text, { mode: 0o600, flag: 'wx' });
    renameSync(partial, ENV_FILE);
  }
  chmodSync(ENV_FILE, 0o600);
  return added;
}

function hasData() {
  const { status, stdout } = spawnSync(
    'docker',
    ['volume', 'ls', '--quiet', '--filter', 'label=com.docker.compose.project=bizstack'],
    { encoding: 'utf8' },
  );
  return status === 0 && stdout.trim() !== '';
}

function completeEnv(before, example) {
  const has = new Set([...before.matchAll(/^([A-Z][A-Z0-9_]*)=(.+)$/gm)].map(([, name]) => name));
  const declared = new Set([...before.matchAll(/^([A-Z][A-Z0-9_]*)=/gm)].map(([, name]) => name));
  let text = before;
  let added = 0;
  let kind;
  for (const line of example.split('\n')) {
    const [, name, value] = /^([A-Z][A-Z0-9_]*)=(.*)$/.exec(line) ?? [];
    if (name !== undefined && !has.has(name)) {
      const filled = kind === undefined ? value : generate(kind);
      added += kind === undefined ? 0 : 1;
      if (!declared.has(name)) {
        text += `${text === '' || text.endsWith('\n') ? '' : '\n'}${name}=${filled}\n`;
      } else if (kind !== undefined) {
        text = text.replace(new RegExp(`^${name}=.*$`, 'm'), () => `${name}=${filled}`);
      }
    }
    kind = /^# generated: (.+)$/.exec(line)?.[1];
  }
  return { text, added };
}

/** `hex N` and `base64url N` are N random bytes, `password N` is N letters and digits. */
function generate(kind) {
  const [form, length] = [kind.split(' ')[0], Number(kind.split(' ')[1])];
  if (form === 'hex') {
    return randomBytes(length).toString('hex');
  }
  if (form === 'base64url') {
    const value = randomBytes(length).toString('base64url');
    // A leading hyphen would be read as an option.
    return value.startsWith('-') ? generate(kind) : value;
  }
  if (form !== 'password' || !Number.isInteger(length)) {
    throw new Failure(`stack/.env.example: unknown kind of value "${kind}".`);
  }
  // Without the letters and digits that people confuse.
  const alphabet = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789';
  return Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('');
}

function checkTls() {
  const env = readEnv();
  const missing = ['NOCOBASE_DOMAIN', 'ACTIVEPIECES_DOMAIN', 'TLS_CERTIFICATE_DIR'].filter(
    (name) => !env.get(name),
  );
  if (missing.length > 0) {
    throw new Failure(`--tls needs values in stack/.env for: ${missing.join(', ')}.`);
  }
  for (const name of ['NOCOBASE', 'ACTIVEPIECES']) {
    const url = `https://${env.get(`${name}_DOMAIN`)}`;
    if (env.get(`${name}_PUBLIC_URL`) !== url) {
      throw new Failure(
        `With --tls ${name}_PUBLIC_URL must be ${url} (in stack/.env): links and webhooks are made from it.`,
      );
    }
  }
  const absent = ['fullchain.pem', 'privkey.pem'].filter(
    (name) => !existsSync(join(env.get('TLS_CERTIFICATE_DIR'), name)),
  );
  if (absent.length > 0) {
    throw new Failure(
      `${env.get('TLS_CERTIFICATE_DIR')} (TLS_CERTIFICATE_DIR) has no ${absent.join(' and no ')}.`,
    );
  }
}

function readEnv() {
  return new Map(
    [...readFileSync(ENV_FILE, 'utf8').matchAll(/^([A-Z][A-Z0-9_]*)=(.*)$/gm)].map(([, name, value]) => [
      name,
      value,
    ]),
  );
}

/** Docker shows its own progress. */
async function step(title, args, hint) {
  const started = Date.now();
  console.log(`\n${title}`);
  const child = spawn('docker', args, { stdio: 'inherit' });
  // Ctrl-C reaches docker as well, which stops in its own order; this process waits for it.
  const ignore = () => undefined;
  process.on('SIGINT', ignore);
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (status, signal) => resolve(signal === null ? status : 130));
  });
  process.off('SIGINT', ignore);
  if (code !== 0) {
    throw new Failure(`${title}: docker ended with ${code}.${hint === undefined ? '' : `\n${hint}`}`);
  }
  console.log(`done in ${Math.round((Date.now() - started) / 1000)} s`);
}

function printSummary(tls) {
  const env = readEnv();
  const local = (name) => `http://${env.get('BIND_ADDRESS')}:${env.get(name)}`;
  const [nocobase, activepieces] = tls
    ? [`https://${env.get('NOCOBASE_DOMAIN')}`, `https://${env.get('ACTIVEPIECES_DOMAIN')}`]
    : [local('NOCOBASE_PORT'), local('ACTIVEPIECES_PORT')];
  console.log(`
The stack runs.
  NocoBase       ${nocobase}   ${env.get('NOCOBASE_ADMIN_EMAIL')}
  Activepieces   ${activepieces}   ${env.get('ACTIVEPIECES_ADMIN_EMAIL')}
  Temporal       http://127.0.0.1:${env.get('OPERATOR_PORT')}/temporal/   ${env.get('OPERATOR_USER')}
Passwords: grep -E '_ADMIN_PASSWORD|OPERATOR_PASSWORD' stack/.env
Stop: docker compose down   (in the folder stack; add --volumes to throw the data away)`);
}

function firstLine(text) {
  return String(text ?? '')
    .trim()
    .split('\n')[0];
}
