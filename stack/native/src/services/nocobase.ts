import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BizError, isBizError } from '@bizstack/contracts';
import { z } from 'zod';
import type { DriverContext, ProcessSpec, ServiceDriver } from '../driver';
import { cacheEntry, cacheEntryDir, keyHash } from '../install/cache-entry';
import { runCommand } from '../install/run-command';
import { roleSecret } from './postgres-init';
import { resolveFacts, secretOf } from '../state/secrets';
import { AdminApi } from './nocobase/admin-api';
import { linkNodeModules } from './nocobase/instance';
import { findPlugins, fingerprint, isStale, placePlugin, readRecord, writeRecord } from './nocobase/plugins';

const VERSION = '2.2.15';
const SERVICE = 'nocobase';
const ADMIN_EMAIL = process.env['BIZSTACK_NOCOBASE_EMAIL'] ?? 'admin@bizstack.local';
/** The account that flows use; `@bizstack/plugin-crm` makes it with a role of its own. */
const AUTOMATION_ACCOUNT = 'bizstack-automation';
const INSTALLED_MB = 1400;

/** NocoBase from npm with the repository's plugins; see stack/services/nocobase/README.md. */
export const nocobaseDriver: ServiceDriver = {
  name: SERVICE,
  title: 'NocoBase',
  version: VERSION,
  dependsOn: ['postgres', 'redis', 'kafka'],
  ports: { http: 10 },
  requires: [{ command: 'npm', minimum: '9', install: 'install Node.js 20.19 or newer, which brings npm' }],
  startTimeoutMs: 300_000,

  async install(context) {
    const { cacheDir, rootDir, signal, log } = context;
    const source = serviceDir(rootDir);
    const total = packageCount(readFileSync(join(source, 'package-lock.json'), 'utf8'));
    await cacheEntry({
      cacheDir,
      key: cacheKey(rootDir),
      neededMb: INSTALLED_MB,
      signal,
      onWait: (pid) => log.info(`waiting for process ${pid}, which is installing NocoBase`),
      async fill(dir) {
        for (const name of ['package.json', 'package-lock.json', '.npmrc']) {
          copyFileSync(join(source, name), join(dir, name));
        }
        const timer = setInterval(() => {
          context.progress(
            'Installing NocoBase',
            installedPackages(join(dir, 'node_modules')),
            total,
            'packages',
          );
        }, 2000);
        try {
          await runCommand('npm', ['ci', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund'], {
            cwd: dir,
            signal,
          });
        } finally {
          clearInterval(timer);
        }
      },
    });
  },

  async start(context) {
    const { dataDir, rootDir, cacheDir } = context;
    const instance = join(dataDir, 'app');
    mkdirSync(join(instance, 'storage'), { recursive: true });
    linkNodeModules(cacheEntryDir(cacheDir, cacheKey(rootDir)), instance);
    for (const name of ['package.json', 'launcher.cjs']) {
      copyFileSync(join(serviceDir(rootDir), name), join(instance, name));
    }
    const changed = await placePlugins(context, instance);
    await prepareDatabase(context, instance, changed);
    return [{ ...launch(context, instance, ['start']), stopSignal: 'SIGTERM', stopTimeoutMs: 20_000 }];
  },

  async health(context) {
    const response = await fetch(`${urlOf(context)}/api/__health_check`, {
      signal: AbortSignal.timeout(5000),
    });
    const text = await response.text();
    if (response.status !== 200 || text !== 'ok') {
      throw new BizError('BIZ_NOCOBASE_NOT_READY', `NocoBase answers ${response.status}.`, {
        retryable: true,
      });
    }
  },

  async afterStart(context) {
    const api = await AdminApi.signIn(urlOf(context), ADMIN_EMAIL, context.secret('nocobase-admin-password'));
    await enablePlugins(context, api);
    await ensureAutomationAccount(context);
  },

  async reset({ dataDir }) {
    rmSync(join(dataDir, 'app'), { recursive: true, force: true });
    for (const name of [INSTALLING, INSTALLED, PLUGINS]) rmSync(join(dataDir, name), { force: true });
  },

  facts(context) {
    return {
      url: urlOf(context),
      email: ADMIN_EMAIL,
      version: VERSION,
      password: secretOf('nocobase-admin-password'),
      automation_account: AUTOMATION_ACCOUNT,
      automation_password: secretOf('nocobase-automation-password'),
      webhook_secret: secretOf('crm-webhook-secret'),
    };
  },
};

/** While this file stands, the database may hold half an installation. */
const INSTALLING = 'installing';
/** Holds the cache key of the NocoBase that last installed or upgraded the database. */
const INSTALLED = 'installed';
const PLUGINS = 'plugins.json';

function serviceDir(rootDir: string): string {
  return join(rootDir, 'stack', 'services', 'nocobase');
}

function cacheKey(rootDir: string): string {
  const files = ['package.json', 'package-lock.json'].map((name) =>
    readFileSync(join(serviceDir(rootDir), name), 'utf8'),
  );
  return `nocobase-${VERSION}-${keyHash(...files)}`;
}

function urlOf({ host, ports }: DriverContext): string {
  return `http://${host}:${ports['http']}`;
}

function packageCount(lock: string): number {
  const { packages } = z.object({ packages: z.record(z.string(), z.unknown()) }).parse(JSON.parse(lock));
  return Object.keys(packages).filter((path) => /^node_modules\/(@[^/]+\/)?[^/]+$/.test(path)).length;
}

function installedPackages(nodeModules: string): number {
  if (!existsSync(nodeModules)) return 0;
  return readdirSync(nodeModules)
    .filter((name) => !name.startsWith('.'))
    .reduce((sum, name) => sum + (name.startsWith('@') ? readdirSync(join(nodeModules, name)).length : 1), 0);
}

/** @returns true when a plugin's collections or migrations changed since they were last applied. */
async function placePlugins(context: DriverContext, instance: string): Promise<boolean> {
  const { rootDir, dataDir, signal } = context;
  const recordFile = join(dataDir, PLUGINS);
  const record = readRecord(recordFile);
  let changed = false;
  for (const plugin of findPlugins(rootDir)) {
    if (isStale(plugin)) {
      context.progress(`Building ${plugin.name}`);
      const cli = join(rootDir, 'nocobase-plugins', 'build', 'bin', 'bizstack-plugin.js');
      await runCommand(nodeBinary(rootDir), [cli, 'build', plugin.dir], { signal });
    }
    const now = fingerprint(plugin);
    const before = record[plugin.name];
    if (before?.files !== now.files || !existsSync(join(instance, 'storage', 'plugins', plugin.name))) {
      placePlugin(plugin, instance);
    }
    changed ||= before !== undefined && before.schema !== now.schema;
    record[plugin.name] = { files: now.files, schema: before?.schema ?? now.schema };
  }
  writeRecord(recordFile, record);
  return changed;
}

/** Installs at the first start; upgrades when NocoBase or a plugin's collections or migrations changed. */
async function prepareDatabase(
  context: DriverContext,
  instance: string,
  pluginsChanged: boolean,
): Promise<void> {
  const { dataDir, rootDir } = context;
  const installing = join(dataDir, INSTALLING);
  const installed = join(dataDir, INSTALLED);
  const key = cacheKey(rootDir);
  if (!existsSync(installed)) {
    // A first installation that was cut short cannot be continued; nothing of a user's is in it yet.
    const force = existsSync(installing) ? ['-f'] : [];
    writeFileSync(installing, '');
    context.progress('Preparing the NocoBase database');
    await runNocobase(context, instance, ['install', ...force]);
    writeFileSync(installed, key);
    rmSync(installing, { force: true });
    return;
  }
  if (!pluginsChanged && readFileSync(installed, 'utf8') === key) return;
  context.progress('Upgrading the NocoBase database');
  await runNocobase(context, instance, ['upgrade']);
  const recordFile = join(dataDir, PLUGINS);
  const record = readRecord(recordFile);
  for (const plugin of findPlugins(rootDir)) record[plugin.name] = fingerprint(plugin);
  writeRecord(recordFile, record);
  writeFileSync(installed, key);
}

async function runNocobase(context: DriverContext, instance: string, args: readonly string[]): Promise<void> {
  const { command, args: all, cwd, env } = launch(context, instance, args);
  await runCommand(command, all, { cwd, env, signal: context.signal });
}

function nodeBinary(rootDir: string): string {
  const own = join(rootDir, 'node_modules', '.bin', 'node');
  return existsSync(own) ? own : process.execPath;
}

function launch(context: DriverContext, instance: string, args: readonly string[]): ProcessSpec {
  const { rootDir } = context;
  return {
    command: nodeBinary(rootDir),
    args: ['launcher.cjs', ...args],
    cwd: instance,
    env: environment(context, instance),
  };
}

function environment(context: DriverContext, instance: string): Record<string, string> {
  const { host, ports } = context;
  const postgres = context.factsOf('postgres');
  const redis = resolveFacts(context.factsOf('redis'), (name) => context.secret(name));
  const kafka = context.factsOf('kafka');
  const nodeModules = join(instance, 'node_modules');
  const whitelist = process.env['SERVER_REQUEST_WHITELIST'];
  return {
    APP_ENV: 'production',
    NODE_ENV: 'production',
    APP_HOST: host,
    APP_PORT: String(ports['http']),
    APP_KEY: context.secret('nocobase-app-key'),
    NODE_OPTIONS: '--preserve-symlinks --preserve-symlinks-main',
    NODE_PATH: nodeModules,
    NODE_MODULES_PATH: nodeModules,
    STORAGE_PATH: join(instance, 'storage'),
    TZ: 'UTC',
    DB_TIMEZONE: '+00:00',
    DB_DIALECT: 'postgres',
    DB_HOST: String(postgres['host']),
    DB_PORT: String(postgres['port']),
    DB_DATABASE: 'nocobase',
    // NocoBase's own 5 are all taken when a few requests hold a transaction and need a second connection.
    DB_POOL_MAX: '30',
    DB_USER: 'nocobase',
    DB_PASSWORD: context.secret(roleSecret('nocobase')),
    DB_LOGGING: 'off',
    REDIS_URL: String(redis['url']),
    CACHE_DEFAULT_STORE: 'redis',
    CACHE_REDIS_URL: String(redis['url']),
    INIT_ROOT_EMAIL: ADMIN_EMAIL,
    INIT_ROOT_PASSWORD: context.secret('nocobase-admin-password'),
    INIT_ROOT_NICKNAME: 'Administrator',
    INIT_ROOT_USERNAME: 'admin',
    INIT_APP_LANG: process.env['BIZSTACK_LANG'] ?? 'en-US',
    LOGGER_LEVEL: 'info',
    LOGGER_TRANSPORT: 'console',
    LOGGER_FORMAT: 'logfmt',
    TELEMETRY_ENABLED: 'off',
    BIZSTACK_KAFKA_BROKERS: String(kafka['brokers']),
    BIZSTACK_CRM_WEBHOOK_SECRET_FILE: context.secretFile('crm-webhook-secret'),
    BIZSTACK_CRM_PUBLIC_URL: urlOf(context),
    BIZSTACK_WEBHOOK_PRIVATE_HOSTS: '127.0.0.1,localhost',
    ...(whitelist === undefined ? {} : { SERVER_REQUEST_WHITELIST: whitelist }),
  };
}

const pluginListSchema = z.object({
  data: z.array(z.looseObject({ packageName: z.string(), enabled: z.boolean().nullish() })),
});

async function enablePlugins(context: DriverContext, api: AdminApi): Promise<void> {
  const { data } = pluginListSchema.parse(await api.call('GET', 'pm:list'));
  const enabled = new Set(
    data.filter((plugin) => plugin.enabled === true).map((plugin) => plugin.packageName),
  );
  const missing = findPlugins(context.rootDir)
    .map((plugin) => plugin.name)
    .filter((name) => !enabled.has(name));
  if (missing.length === 0) return;
  context.progress(`Enabling ${missing.join(', ')}`);
  await api.call('POST', `pm:enable?filterByTk=${encodeURIComponent(missing.join(','))}&awaitResponse=true`);
  await untilHealthy(context);
}

/** Enabling reloads the application: it answers 503 for a few seconds. */
async function untilHealthy(context: DriverContext): Promise<void> {
  const deadline = Date.now() + 300_000;
  for (;;) {
    try {
      await nocobaseDriver.health(context);
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(250, undefined, { signal: context.signal });
    }
  }
}

const userListSchema = z.object({ data: z.array(z.looseObject({ id: z.union([z.number(), z.string()]) })) });

/** Gives the account of the flows this clone's password; the plugin made the account and its role. */
async function ensureAutomationAccount(context: DriverContext): Promise<void> {
  const password = context.secret('nocobase-automation-password');
  try {
    await AdminApi.signIn(urlOf(context), AUTOMATION_ACCOUNT, password);
    return;
  } catch (error) {
    if (!isBizError(error, 'BIZ_NOCOBASE_SIGN_IN')) throw error;
  }
  const admin = await AdminApi.signIn(urlOf(context), ADMIN_EMAIL, context.secret('nocobase-admin-password'));
  const filter = encodeURIComponent(JSON.stringify({ username: AUTOMATION_ACCOUNT }));
  const { data } = userListSchema.parse(await admin.call('GET', `users:list?filter=${filter}`));
  const user = data[0];
  if (user === undefined) {
    throw new BizError('BIZ_NOCOBASE_AUTOMATION_ACCOUNT', `NocoBase has no user ${AUTOMATION_ACCOUNT}.`, {
      hint: '@bizstack/plugin-crm makes it when it is enabled: disable and enable that plugin, or restore the user.',
    });
  }
  await admin.call('POST', `users:update?filterByTk=${user.id}`, { password });
}
