import { readTarballBytes } from './fixtures';
import { type ScriptedAnswer, type ScriptedRequest, ScriptedServer } from './scripted-server';

interface StoredPlugin {
  packageName: string;
  version: string;
  enabled: boolean;
}

/**
 * A scripted stand-in for NocoBase 2.2: plugin manager and sign-in as the real one was seen to answer. It
 * hands work to the background like the real one: a plugin appears only some requests after `pm:add`.
 */
export class ScriptedNocobase extends ScriptedServer {
  version = '2.2.15';
  readonly account = { account: 'admin@example.com', password: 'nocobase-secret' };
  readonly plugins: StoredPlugin[] = [
    { packageName: '@nocobase/plugin-ai', version: '2.2.15', enabled: true },
  ];
  readonly users = [{ id: 7, username: 'bizstack-automation', password: 'unset' }];
  /** How many look-ups a plugin stays unseen after it was added. */
  slowAdding = 0;
  /** Names that it refuses to enable. */
  readonly incompatible = new Set<string>();
  readonly #unpacking: { plugin: StoredPlugin; looks: number }[] = [];

  protected async handle(request: ScriptedRequest): Promise<ScriptedAnswer> {
    const route = `${request.method} ${request.path.replace('/api', '')}`;
    if (route === 'POST /auth:signIn') {
      const { account, password } = request.json();
      const isUser = this.users.some((user) => user.username === account && user.password === password);
      return isUser || (account === this.account.account && password === this.account.password)
        ? { status: 200, body: { data: { token: 'nocobase-token' } } }
        : { status: 401, body: { errors: [{ message: 'The account or password is wrong' }] } };
    }
    if (request.headers.authorization !== 'Bearer nocobase-token') {
      return { status: 401, body: { errors: [{ code: 'EMPTY_TOKEN', message: 'Unauthenticated' }] } };
    }
    switch (route) {
      case 'GET /app:getInfo':
        return { status: 200, body: { data: { version: this.version } } };
      case 'GET /pm:list':
        this.#unpack();
        return { status: 200, body: { data: this.plugins } };
      case 'GET /users:list': {
        const { username } = JSON.parse(request.query.get('filter') ?? '{}') as { username?: string };
        return { status: 200, body: { data: this.users.filter((user) => user.username === username) } };
      }
      case 'POST /users:update': {
        const user = this.users.find(({ id }) => String(id) === request.query.get('filterByTk'));
        if (user !== undefined) {
          user.password = String(request.json()['password']);
        }
        return { status: 200, body: { data: [] } };
      }
      case 'POST /pm:add':
        return this.#add(await request.form());
      case 'POST /pm:enable':
        return this.#enable(request.query);
      default:
        return { status: 404, body: { errors: [{ message: 'Not Found' }] } };
    }
  }

  async #add(form: FormData): Promise<ScriptedAnswer> {
    const file = form.get('file');
    if (!(file instanceof File)) {
      return { status: 400, body: { errors: [{ message: 'file is missing' }] } };
    }
    const { name, version } = await readTarballBytes(Buffer.from(await file.arrayBuffer()));
    const plugin = { packageName: name, version, enabled: false };
    this.#unpacking.push({ plugin, looks: this.slowAdding });
    return { status: 200, body: { data: 'ok' } };
  }

  #unpack(): void {
    for (const job of this.#unpacking.splice(0)) {
      if (job.looks > 0) {
        this.#unpacking.push({ ...job, looks: job.looks - 1 });
      } else if (!this.plugins.some(({ packageName }) => packageName === job.plugin.packageName)) {
        this.plugins.push(job.plugin);
      }
    }
  }

  #enable(query: URLSearchParams): ScriptedAnswer {
    const names = (query.get('filterByTk') ?? '').split(',');
    const refused = names.find((name) => this.incompatible.has(name));
    if (refused !== undefined || query.get('awaitResponse') !== 'true') {
      return { status: 500, body: { errors: [{ message: 'Plugin dependencies check failed' }] } };
    }
    for (const plugin of this.plugins.filter(({ packageName }) => names.includes(packageName))) {
      plugin.enabled = true;
    }
    return { status: 200, body: { data: names } };
  }
}
