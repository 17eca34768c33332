// Rules about the variables and files that the Compose files name.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, extname, join, relative, resolve } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { bindMountsOf, variablesIn } from './model.mjs';
import { xmlError } from './xml.mjs';

const CONFIG = new Set(['.conf', '.properties', '.sql', '.xml', '.yaml', '.yml', '.toml', '.ini']);
/** Says what the native stack downloads; images bring that with them. */
const INSTALL_ONLY = new Set(['pom.xml']);
const SKIPPED = new Set(['node_modules', 'dist', 'test', 'src', 'check', '.turbo', '__pycache__', 'site']);
/** Secrets may not have a value in the example file, whatever kind the comment above them says. */
const SECRET_VARIABLE = /(PASSWORD|SECRET|TOKEN|_KEY)$/;

export const FILE_RULES = {
  variables({ files, env }) {
    if (!env.exists) {
      return [{ file: 'stack/.env.example', message: 'is missing' }];
    }
    const used = new Map();
    const guarded = new Set();
    for (const { file, text, secrets } of files) {
      for (const { name, rest } of variablesIn(text)) {
        used.set(name, file);
        if (rest !== '') {
          guarded.add(name);
        }
      }
      for (const { environment } of Object.values(secrets)) {
        if (environment !== undefined) {
          used.set(environment, file);
          guarded.add(environment);
        }
      }
    }
    return [
      ...[...used]
        .filter(([name]) => !env.variables.has(name))
        .map(([name, file]) => ({ file, message: `${name} is not in .env.example` })),
      ...[...used]
        .filter(([name]) => !guarded.has(name))
        .map(([name, file]) => ({
          file,
          message: `\${${name}} is empty when it is not set: use \${${name}:?…} or a default`,
        })),
      ...[...env.variables.keys()]
        .filter((name) => !used.has(name))
        .map((name) => ({ file: 'stack/.env.example', message: `${name} is used by no Compose file` })),
    ];
  },

  'example-secrets'({ env }) {
    return [...env.variables].flatMap(([name, { value, generated }]) => {
      const file = 'stack/.env.example';
      if (SECRET_VARIABLE.test(name) && generated === undefined) {
        return [{ file, message: `${name} looks like a secret and is not marked "# generated: …"` }];
      }
      if (generated !== undefined && !/^(hex|base64url|password) \d+$/.test(generated)) {
        return [
          {
            file,
            message: `${name}: unknown kind "${generated}"; known are hex, base64url and password, with a length`,
          },
        ];
      }
      return generated !== undefined && value !== ''
        ? [{ file, message: `${name} has a value; generated variables are empty here` }]
        : [];
    });
  },

  mounts({ root, files }) {
    return eachService(files, ({ file, name, service }) => {
      const mounted = bindMountsOf(service).filter(({ source }) => !source.startsWith('$'));
      return [
        ...mounted.flatMap(({ source, readOnly }) => {
          const path = resolve(root, dirname(file), source);
          if (relative(root, path).startsWith('..')) {
            return [{ file, message: `${name} mounts ${source}, which is outside the repository` }];
          }
          if (!existsSync(path)) {
            return [{ file, message: `${name} mounts ${source}, which does not exist` }];
          }
          return readOnly ? [] : [{ file, message: `${name} mounts ${source} writable: add :ro` }];
        }),
        ...[service.env_file ?? []]
          .flat()
          .map((entry) => (typeof entry === 'string' ? entry : entry.path))
          .filter((path) => !existsSync(resolve(root, dirname(file), path)))
          .map((path) => ({ file, message: `${name} reads ${path}, which does not exist` })),
      ];
    });
  },

  builds({ root, files }) {
    return eachService(files, ({ file, name, service: { build } }) => {
      if (build === undefined || build === null) {
        return [];
      }
      const { context = '.', dockerfile = 'Dockerfile' } =
        typeof build === 'string' ? { context: build } : build;
      const path = resolve(root, dirname(file), context, dockerfile);
      if (!existsSync(path)) {
        return [{ file, message: `${name} is built from ${dockerfile}, which does not exist` }];
      }
      const from = [...readFileSync(path, 'utf8').matchAll(/^FROM\s+(\S+)(?:\s+AS\s+(\S+))?/gim)];
      const stages = new Set(from.map(([, , stage]) => stage));
      return from
        .filter(([, image]) => !stages.has(image) && !/:v?\d+\.\d+\.\d+/.test(image))
        .map(([, image]) => ({
          file: relative(root, path),
          message: `FROM ${image} needs a full version as its tag`,
        }));
    });
  },

  /** What native reads, compose mounts; and no second copy of it stands anywhere. */
  'one-config'({ root, files }) {
    const services = join(root, 'stack/services');
    const configs = walk(services).filter((path) => isConfig(basename(path)));
    const native = walk(join(root, 'stack/native/src'), new Set(['node_modules', 'dist']))
      .filter((path) => path.endsWith('.ts'))
      .map((path) => readFileSync(path, 'utf8'))
      .join('\n');
    const mounted = files.flatMap(({ file, services: all }) =>
      Object.values(all).flatMap((service) =>
        bindMountsOf(service).map(({ source }) => resolve(root, dirname(file), source)),
      ),
    );
    const isMounted = (path) => mounted.some((mount) => path === mount || path.startsWith(`${mount}/`));
    const unmounted = configs
      .filter((path) => native.includes(`'${basename(path)}'`) && !isMounted(path))
      .map((path) => ({
        file: relative(root, path),
        message: 'is read by the native stack and mounted by no service',
      }));
    const seen = new Map();
    const copies = configs.flatMap((path) => {
      const hash = createHash('sha256').update(readFileSync(path)).digest('hex');
      const first = seen.get(hash);
      seen.set(hash, first ?? path);
      return first === undefined || statSync(path).size === 0
        ? []
        : [{ file: relative(root, path), message: `is a copy of ${relative(root, first)}` }];
    });
    return [...unmounted, ...copies];
  },

  'well-formed'({ root, broken }) {
    const files = [...walk(join(root, 'stack/services'))].map((path) => ({
      path,
      text: readFileSync(path, 'utf8'),
    }));
    return [
      ...broken,
      ...files.flatMap(({ path, text }) => {
        const message = syntaxError(path, text);
        return message === undefined ? [] : [{ file: relative(root, path), message }];
      }),
    ];
  },
};

function isConfig(name) {
  return !INSTALL_ONLY.has(name) && (CONFIG.has(extname(name)) || name === 'topics.json');
}

function syntaxError(path, text) {
  switch (extname(path)) {
    case '.yaml':
    case '.yml':
      return parseAllDocuments(text)
        .flatMap(({ errors }) => errors)[0]
        ?.message.split('\n')[0];
    case '.json':
      try {
        JSON.parse(text);
        return undefined;
      } catch (error) {
        return error.message;
      }
    case '.xml':
      return xmlError(text);
    default:
      return undefined;
  }
}

function eachService(files, check) {
  return files.flatMap(({ file, services }) =>
    Object.entries(services).flatMap(([name, service]) => check({ file, name, service })),
  );
}

export function walk(folder, skipped = SKIPPED) {
  if (!existsSync(folder)) {
    return [];
  }
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      return skipped.has(entry.name) ? [] : walk(path, skipped);
    }
    return entry.isFile() ? [path] : [];
  });
}
