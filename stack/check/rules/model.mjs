// Reads the stack definition once; the rules look at the result.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parse } from 'yaml';

/** Tags of the Compose format that change how files are merged; here they only have to be readable. */
const COMPOSE_TAGS = ['!override', '!reset'].flatMap((tag) => [
  { tag, collection: 'seq', resolve: (items) => items },
  { tag, collection: 'map', resolve: (items) => items },
  { tag, resolve: (text) => text },
]);

/** @typedef {{ file: string, text: string, services: Record<string, any>, secrets: Record<string, any> }} ComposeFile */

/**
 * @param {string} root folder of the repository
 * @returns {{ root: string, base: ComposeFile, overlays: ComposeFile[], files: ComposeFile[], env: EnvExample, broken: Finding[] }}
 */
export function readModel(root) {
  const broken = [];
  const stack = join(root, 'stack');
  const names = existsSync(stack)
    ? readdirSync(stack).filter((name) => /^compose(\..+)?\.ya?ml$/.test(name))
    : [];
  const files = names.sort().map((name) => readCompose(root, join(stack, name), broken));
  const base = files.find(({ file }) => file === 'stack/compose.yaml') ?? empty('stack/compose.yaml');
  if (!files.includes(base)) {
    broken.push({ rule: 'well-formed', file: base.file, message: 'is missing' });
  }
  return {
    root,
    base,
    files,
    overlays: files.filter((file) => file !== base),
    env: readEnvExample(join(stack, '.env.example')),
    broken,
  };
}

function readCompose(root, path, broken) {
  const file = relative(root, path);
  const text = readFileSync(path, 'utf8');
  try {
    const { services = {}, secrets = {} } = parse(text, { merge: true, customTags: COMPOSE_TAGS }) ?? {};
    return { file, text, services, secrets };
  } catch (error) {
    broken.push({ rule: 'well-formed', file, message: String(error.message).split('\n')[0] });
    return empty(file, text);
  }
}

function empty(file, text = '') {
  return { file, text, services: {}, secrets: {} };
}

/** @typedef {{ exists: boolean, variables: Map<string, { value: string, generated?: string }> }} EnvExample */

/** @returns {EnvExample} */
export function readEnvExample(path) {
  const variables = new Map();
  if (!existsSync(path)) {
    return { exists: false, variables };
  }
  let generated;
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    const [, name, value] = /^([A-Z][A-Z0-9_]*)=(.*)$/.exec(line) ?? [];
    if (name !== undefined) {
      variables.set(name, { value, ...(generated === undefined ? {} : { generated }) });
    }
    generated = /^# generated: (.+)$/.exec(line)?.[1];
  }
  return { exists: true, variables };
}

/** Every `${NAME}` of a text with what follows the name: `:?…`, `:-…` or nothing. `$$` is no variable. */
export function variablesIn(text) {
  const code = text.replace(/^\s*#.*$/gm, '').replaceAll('$$', '');
  return [...code.matchAll(/\$\{([A-Z][A-Z0-9_]*)(:?[?-][^}]*)?\}/g)].map(([, name, rest = '']) => ({
    name,
    rest,
  }));
}

/** A service that prepares something and ends. */
export function isOneShot(service) {
  return service.restart === 'no' || String(service.restart ?? '').startsWith('on-failure');
}

/** Environment of a service as pairs, whichever of the two forms it has. */
export function environmentOf({ environment = {} }) {
  return Array.isArray(environment)
    ? environment.map((entry) => entry.split(/=(.*)/s).slice(0, 2))
    : Object.entries(environment).map(([name, value]) => [name, String(value ?? '')]);
}

/** Bind mounts as `{ source, target, readOnly }`; named volumes are left out. */
export function bindMountsOf({ volumes = [] }) {
  return volumes
    .map((volume) =>
      typeof volume === 'string'
        ? (([source, target, mode = '']) => ({ source, target, readOnly: mode.split(',').includes('ro') }))(
            splitMount(volume),
          )
        : { source: volume.source, target: volume.target, readOnly: volume.read_only === true },
    )
    .filter(({ source }) => /^[./~$]/.test(source ?? ''));
}

/** The colons of `${VAR:?message}` separate nothing. */
function splitMount(volume) {
  return volume.match(/(?:\$\{[^}]*\}|[^:])+/g) ?? [];
}
