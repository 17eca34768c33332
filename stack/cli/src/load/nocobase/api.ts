import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { expectAnswer } from '../answer';
import { type Artifact, fileName } from '../artifacts';
import { type HttpClient, type HttpResponse } from '../http';

/** Enabling several plugins installs, migrates and reloads the application. */
const ENABLE_TIMEOUT_MS = 300_000;

const signedIn = z.looseObject({ data: z.looseObject({ token: z.string().min(1) }) });

const plugin = z.looseObject({
  packageName: z.string(),
  version: z.string(),
  enabled: z.boolean(),
  isCompatible: z.boolean().optional(),
});

const plugins = z.looseObject({ data: z.array(plugin) });

const appInfo = z.looseObject({ data: z.looseObject({ version: z.string() }) });

const users = z.looseObject({ data: z.array(z.looseObject({ id: z.union([z.number(), z.string()]) })) });

export type InstalledPlugin = z.infer<typeof plugin>;

/** The calls of NocoBase's REST interface that loading needs. */
export class NocobaseApi {
  constructor(private readonly http: HttpClient) {}

  async signIn(account: string, password: string): Promise<void> {
    this.http.hide(password);
    const response = await this.http.send({
      method: 'POST',
      path: '/auth:signIn',
      json: { account, password },
      headers: { 'x-authenticator': 'basic' },
    });
    const { data } = expectAnswer(
      this.http,
      response,
      signedIn,
      `sign in ${account}`,
      'BIZ_LOAD_CREDENTIALS',
    );
    this.useToken(data.token);
  }

  async canSignIn(account: string, password: string): Promise<boolean> {
    const response = await this.http.send({
      method: 'POST',
      path: '/auth:signIn',
      json: { account, password },
      headers: { 'x-authenticator': 'basic', authorization: '' },
    });
    return response.status === 200;
  }

  async findUser(username: string): Promise<string | undefined> {
    const filter = JSON.stringify({ username });
    const response = await this.http.send({ method: 'GET', path: '/users:list', query: { filter } });
    const { data } = expectAnswer(
      this.http,
      response,
      users,
      `find the user ${username}`,
      'BIZ_LOAD_ACCOUNT',
    );
    return data[0] === undefined ? undefined : String(data[0].id);
  }

  async setPassword(id: string, username: string, password: string): Promise<void> {
    const response = await this.http.send({
      method: 'POST',
      path: '/users:update',
      query: { filterByTk: id },
      json: { password },
    });
    expectAnswer(this.http, response, z.unknown(), `set the password of ${username}`, 'BIZ_LOAD_ACCOUNT');
  }

  useToken(token: string): void {
    this.http.hide(token);
    this.http.useHeaders({ authorization: `Bearer ${token}`, 'x-timezone': '+00:00' });
  }

  /** The application's version, for example `2.2.15`. */
  async version(): Promise<string> {
    const response = await this.http.send({ method: 'GET', path: '/app:getInfo' });
    return expectAnswer(this.http, response, appInfo, 'tell its version', 'BIZ_LOAD_SERVER_VERSION').data
      .version;
  }

  async listPlugins(): Promise<InstalledPlugin[]> {
    const response = await this.http.send({ method: 'GET', path: '/pm:list' });
    return expectAnswer(this.http, response, plugins, 'list plugins', 'BIZ_LOAD_LIST').data;
  }

  /** Only hands the file over: the plugin appears in the list once NocoBase has unpacked it. */
  async addPlugin(artifact: Artifact): Promise<void> {
    const archive = await readFile(artifact.file);
    const response = await this.http.send({
      method: 'POST',
      path: '/pm:add',
      form: () => {
        const form = new FormData();
        form.set('file', new Blob([archive], { type: 'application/gzip' }), fileName(artifact));
        return form;
      },
      settled: () => this.#settled((installed) => find(installed, artifact.name) !== undefined),
    });
    expectAnswer(this.http, response, z.unknown(), `add ${artifact.name}`, 'BIZ_LOAD_PLUGIN_ADD');
  }

  async enablePlugins(names: readonly string[]): Promise<void> {
    const response = await this.http.send({
      method: 'POST',
      path: '/pm:enable',
      query: { filterByTk: names.join(','), awaitResponse: 'true' },
      timeoutMs: ENABLE_TIMEOUT_MS,
      settled: () =>
        this.#settled((installed) => names.every((name) => find(installed, name)?.enabled === true)),
    });
    expectAnswer(this.http, response, z.unknown(), `enable ${names.join(', ')}`, 'BIZ_LOAD_PLUGIN_ENABLE');
  }

  async #settled(isDone: (installed: InstalledPlugin[]) => boolean): Promise<HttpResponse | undefined> {
    return isDone(await this.listPlugins()) ? { status: 200, body: {} } : undefined;
  }
}

export function find(installed: readonly InstalledPlugin[], name: string): InstalledPlugin | undefined {
  return installed.find(({ packageName }) => packageName === name);
}
