// What the machine must have, checked before anything is downloaded. Plain Node, no dependency.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * @typedef {{ name: string, commands: string[], minimum?: string, versionArgs?: string[], debian: string,
 *   install: string, optional?: string }} Tool
 */

/** @type {Tool[]} */
const STACK_TOOLS = [
  {
    name: 'Java',
    commands: ['java'],
    minimum: '17',
    versionArgs: ['-version'],
    debian: 'openjdk-17-jre-headless',
    install: 'apt-get install openjdk-17-jre-headless, or brew install openjdk@17',
  },
  {
    name: 'Maven (brings Kafka)',
    commands: ['mvn'],
    debian: 'maven',
    install: 'apt-get install maven, or brew install maven',
  },
  {
    name: 'Python',
    commands: ['python3'],
    minimum: '3.11',
    versionArgs: ['--version'],
    debian: 'python3',
    install: 'apt-get install python3 python3-venv, or brew install python@3.11',
  },
  {
    name: 'Go',
    commands: ['go'],
    minimum: '1.24',
    versionArgs: ['version'],
    debian: 'golang-go',
    install: 'apt-get install golang-go, or brew install go',
    optional:
      'without it a Temporal test server stands in: no list, no schedules, nothing kept after a restart',
  },
];

/** @type {Tool} */
const CHROMIUM = {
  name: 'Chromium (for the browser tests)',
  commands: ['chromium', 'chromium-browser', 'google-chrome'],
  debian: 'chromium',
  install: 'apt-get install chromium, or brew install --cask chromium',
};

/** @param {string} command */
export function findCommand(command) {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.map((folder) => join(folder, command)).find((file) => existsSync(file));
}

/** @param {string} found @param {string} minimum */
function atLeast(found, minimum) {
  const [a, b] = [found, minimum].map((version) => version.split('.').map(Number));
  for (let i = 0; i < b.length; i++) {
    if ((a[i] ?? 0) !== b[i]) return (a[i] ?? 0) > b[i];
  }
  return true;
}

/** @param {Tool} tool @returns {string | undefined} what is wrong */
function problemOf(tool) {
  const command = tool.commands.find(findCommand);
  if (command === undefined) return 'is missing';
  if (tool.minimum === undefined) return undefined;
  const { stdout, stderr } = spawnSync(command, tool.versionArgs ?? ['--version'], { encoding: 'utf8' });
  const version = /\d+(\.\d+)+|\d+/.exec(`${stdout}${stderr}`)?.[0];
  if (version === undefined)
    return `does not say its version (${command} ${(tool.versionArgs ?? []).join(' ')})`;
  return atLeast(version, tool.minimum) ? undefined : `is ${version}, and ${tool.minimum} or newer is needed`;
}

/**
 * Names every tool that is missing, with the command that installs it; as root on Debian it runs that
 * command. Exits when one is still missing: nothing has been downloaded by then.
 * @param {{ browser: boolean }} needs
 */
export function requireTools({ browser }) {
  const tools = browser ? [...STACK_TOOLS, CHROMIUM] : STACK_TOOLS;
  let missing = report(tools);
  if (missing.length === 0) return;
  if (process.getuid?.() === 0 && findCommand('apt-get')) {
    const packages = missing.map((tool) => tool.debian);
    console.log(`installing ${packages.join(' ')} with apt-get`);
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    spawnSync('apt-get', ['update', '-q'], { stdio: 'ignore', env });
    spawnSync('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...packages], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env,
    });
    missing = report(tools);
  }
  if (missing.length > 0) process.exit(1);
}

/** @param {Tool[]} tools */
function report(tools) {
  const missing = [];
  for (const tool of tools) {
    const problem = problemOf(tool);
    if (problem === undefined) continue;
    if (tool.optional) {
      console.log(`${tool.name} ${problem}: ${tool.optional}. To have it: ${tool.install}`);
    } else {
      console.error(`${tool.name} ${problem}. Install it: ${tool.install}`);
      missing.push(tool);
    }
  }
  return missing;
}
