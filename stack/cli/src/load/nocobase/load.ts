import { setTimeout as sleep } from 'node:timers/promises';
import { BizError, isBizError } from '@bizstack/contracts';
import { type Artifact, readArtifacts } from '../artifacts';
import { DEFAULT_RETRY, HttpClient, type RetryPolicy } from '../http';
import { type LoadListener, type LoadReport, ReportBuilder, SILENT } from '../report';
import { type InstalledPlugin, NocobaseApi, find } from './api';

/** Who loads: an administrator, or an API key of one. */
export type NocobaseCredentials =
  { readonly account: string; readonly password: string } | { readonly apiKey: string };

export interface LoadIntoNocobaseOptions {
  /** Of the instance, without `/api`, for example `http://127.0.0.1:13000`. */
  readonly url: string;
  readonly credentials: NocobaseCredentials;
  /** Folder with the tarballs; every NocoBase plugin in it is installed and enabled. */
  readonly artifacts: string;
  /** Account of the flows, made by a plugin: it gets this password unless it has it already. */
  readonly flowAccount?: { readonly username: string; readonly password: string } | undefined;
  /** Look and plan; change nothing. */
  readonly dryRun?: boolean;
  readonly listener?: LoadListener;
  readonly retry?: RetryPolicy;
  /** Milliseconds between two looks at a plugin that is being unpacked or enabled. */
  readonly pollMs?: number;
  /** Milliseconds to wait for a plugin to appear or to be enabled. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

const POLL_MS = 1_000;
const TIMEOUT_MS = 240_000;
const SUPPORTED_MAJOR = '2';

/**
 * Installs plugins into a running NocoBase and enables them. A plugin that is there in the same version is
 * left alone; one that is there in another version needs NocoBase's own upgrade, which is said.
 *
 * @throws BizError with a `BIZ_LOAD_…` code; secrets never stand in its message
 */
export async function loadIntoNocobase(options: LoadIntoNocobaseOptions): Promise<LoadReport> {
  const { credentials, dryRun = false, signal } = options;
  const report = new ReportBuilder(options.listener ?? SILENT);
  const url = options.url.replace(/\/+$/, '');
  const plugins = (await readArtifacts(options.artifacts)).filter(({ kind }) => kind === 'plugin');

  const http = new HttpClient({
    baseUrl: `${url}/api`,
    server: 'NocoBase',
    retry: options.retry ?? DEFAULT_RETRY,
    signal,
    onRetry: (message) => report.progress(message),
  });
  const api = new NocobaseApi(http);
  if ('apiKey' in credentials) {
    api.useToken(credentials.apiKey);
  } else {
    await api.signIn(credentials.account, credentials.password);
  }
  const serverVersion = await api.version();
  if (serverVersion.split('.')[0] !== SUPPORTED_MAJOR) {
    throw new BizError(
      'BIZ_LOAD_SERVER_VERSION',
      `NocoBase ${serverVersion} is not supported: the plugins are built for ${SUPPORTED_MAJOR}.x.`,
    );
  }

  const installed = await api.listPlugins();
  assertSameVersions(plugins, installed);
  const wait: Wait = {
    pollMs: options.pollMs ?? POLL_MS,
    timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
    signal,
  };
  const toEnable: Artifact[] = [];
  for (const plugin of plugins) {
    const { name, version } = plugin;
    const present = find(installed, name);
    if (present?.enabled === true) {
      report.step({ kind: 'plugin', name, version, action: 'unchanged' });
      continue;
    }
    if (dryRun) {
      report.step({ kind: 'plugin', name, version, action: 'planned' });
      continue;
    }
    if (present === undefined) {
      report.progress(`Adding ${name} ${version}`);
      await api.addPlugin(plugin);
      await until(api, wait, `unpack ${name}`, 'see in the log why it refused the package', (now) => {
        return find(now, name)?.version === version;
      });
      report.step({ kind: 'plugin', name, version, action: 'installed' });
    }
    toEnable.push(plugin);
  }
  if (toEnable.length > 0) {
    const names = toEnable.map(({ name }) => name);
    report.progress(`Enabling ${names.join(', ')}; NocoBase reloads for that`);
    await api.enablePlugins(names);
    await until(
      api,
      wait,
      `enable ${names.join(', ')}`,
      'a "Plugin dependencies check failed" in the log means that the plugin was built for another minor version',
      (now) => names.every((name) => find(now, name)?.enabled === true),
    );
    for (const { name, version } of toEnable) {
      report.step({ kind: 'plugin', name, version, action: 'enabled' });
    }
  }
  if (options.flowAccount !== undefined) {
    await ensureFlowAccount(http, api, options.flowAccount, dryRun, report);
  }
  return report.build({ target: 'nocobase', url, serverVersion, dryRun });
}

/** Signing in with it tells whether the password is right: the second run of a load changes nothing. */
async function ensureFlowAccount(
  http: HttpClient,
  api: NocobaseApi,
  { username, password }: { readonly username: string; readonly password: string },
  dryRun: boolean,
  report: ReportBuilder,
): Promise<void> {
  http.hide(password);
  if (await api.canSignIn(username, password)) {
    report.step({ kind: 'account', name: username, action: 'unchanged' });
    return;
  }
  if (dryRun) {
    report.step({ kind: 'account', name: username, action: 'planned', note: 'would get its password' });
    return;
  }
  const id = await api.findUser(username);
  if (id === undefined) {
    throw new BizError('BIZ_LOAD_ACCOUNT', `NocoBase has no user ${username}.`, {
      hint: '@bizstack/plugin-crm makes it when it is enabled: put its tarball into the folder of packages.',
    });
  }
  await api.setPassword(id, username, password);
  report.step({ kind: 'account', name: username, action: 'updated', note: 'got its password' });
}

function assertSameVersions(plugins: readonly Artifact[], installed: readonly InstalledPlugin[]): void {
  const other = plugins.flatMap(({ name, version }) => {
    const present = find(installed, name);
    return present === undefined || present.version === version
      ? []
      : [`${name} (there: ${present.version}, to load: ${version})`];
  });
  if (other.length > 0) {
    throw new BizError(
      'BIZ_LOAD_PLUGIN_VERSION',
      `NocoBase has other versions of: ${other.join(', ')}. A running instance cannot replace them safely.`,
      {
        hint: 'Stop NocoBase, replace the folders in storage/plugins, run `yarn nocobase upgrade --skip-code-update` and start it again.',
      },
    );
  }
}

interface Wait {
  readonly pollMs: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** NocoBase works on after its answer, and answers nothing sensible while it reloads. */
async function until(
  api: NocobaseApi,
  { pollMs, timeoutMs, signal }: Wait,
  doing: string,
  cause: string,
  isDone: (installed: InstalledPlugin[]) => boolean,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    if (isDone(await listWhileReloading(api))) {
      return;
    }
    if (Date.now() > deadline) {
      throw new BizError(
        'BIZ_LOAD_PLUGIN_TIMEOUT',
        `NocoBase did not ${doing} within ${timeoutMs / 1000} s.`,
        {
          hint: `Run the load again: it goes on where it stopped; if it fails again, ${cause}.`,
          retryable: true,
        },
      );
    }
    await sleep(pollMs, undefined, signal === undefined ? {} : { signal });
  }
}

async function listWhileReloading(api: NocobaseApi): Promise<InstalledPlugin[]> {
  try {
    return await api.listPlugins();
  } catch (error) {
    if (isBizError(error) && error.code.startsWith('BIZ_LOAD_')) {
      return [];
    }
    throw error;
  }
}
