import { type ScriptedAnswer, type ScriptedRequest, ScriptedServer } from './scripted-server';

interface StoredFlow {
  id: string;
  projectId: string;
  status: 'ENABLED' | 'DISABLED';
  operationStatus: string;
  publishedVersionId: string | null;
  metadata: Record<string, unknown> | null;
  version: { id: string; displayName: string; state: string; valid: boolean; trigger: unknown };
}

interface StoredConnection {
  externalId: string;
  displayName: string;
  pieceName: string;
  pieceVersion: string;
  type: string;
  value: unknown;
}

const PAGE_SIZE = 2;

/**
 * A scripted stand-in for Activepieces Community Edition 0.83: it answers the calls of a load as the real
 * one was seen to answer, its refusals included, and runs no flow.
 */
export class ScriptedActivepieces extends ScriptedServer {
  version: string | undefined = '0.83.0';
  user: { email: string; password: string; platform: boolean } | undefined;
  readonly pieces = new Map<string, { source: 'ARCHIVE' | 'REGISTRY'; bytes: number }>();
  readonly connections = new Map<string, StoredConnection>();
  readonly flows: StoredFlow[] = [];
  /** Packages that its npm registry has. */
  readonly registry = new Set(['@activepieces/piece-webhook@0.1.29']);
  /** Names of pieces that it installs and then does not show. */
  readonly invisible = new Set<string>();
  /** How often a flow is seen ENABLING after it was published. */
  slowPublishing = 0;
  #ids = 0;
  readonly #settling = new Map<string, number>();

  protected async handle(request: ScriptedRequest): Promise<ScriptedAnswer> {
    const { method } = request;
    const path = request.path.replace('/api/v1', '');
    const route = `${method} ${path}`;
    switch (route) {
      case 'GET /flags':
        return ok({ CURRENT_VERSION: this.version, USER_CREATED: this.user !== undefined });
      case 'POST /authentication/sign-up':
        return this.#signUp(request.json());
      case 'POST /authentication/sign-in':
        return this.#signIn(request.json());
    }
    const { authorization } = request.headers;
    if (route === 'POST /platforms' && authorization === 'Bearer onboarding-token' && this.user) {
      this.user.platform = true;
      return ok(this.#session());
    }
    if (authorization !== 'Bearer user-token') {
      return { status: 401, body: { code: 'AUTHENTICATION', params: {} } };
    }
    if (method === 'POST' && path === '/pieces') {
      return this.#install(request);
    }
    if (method === 'GET' && path.startsWith('/pieces/')) {
      return this.#piece(path.slice('/pieces/'.length), request.query.get('version'));
    }
    if (path === '/app-connections') {
      return method === 'GET'
        ? this.#page([...this.connections.values()], request)
        : this.#upsert(request.json());
    }
    if (path === '/flows') {
      return method === 'GET' ? this.#page(this.flows, request) : this.#create(request.json());
    }
    const flow = this.flows.find(({ id }) => path === `/flows/${id}`);
    if (flow === undefined) {
      return { status: 404, body: { code: 'ENTITY_NOT_FOUND', params: {} } };
    }
    return method === 'GET' ? ok(this.#look(flow)) : this.#operate(flow, request.json());
  }

  /** What a person would find in the instance; ids left out. */
  state(): unknown {
    return {
      user: this.user,
      pieces: [...this.pieces].sort(([a], [b]) => (a < b ? -1 : 1)),
      connections: [...this.connections.values()],
      flows: this.flows.map(({ status, publishedVersionId, metadata, version }) => {
        const bizstack = (metadata?.['bizstack'] ?? {}) as Record<string, unknown>;
        return {
          status,
          published: publishedVersionId === version.id,
          record: { ...bizstack, versionId: bizstack['versionId'] === version.id },
          displayName: version.displayName,
          trigger: version.trigger,
        };
      }),
    };
  }

  #signUp(body: Record<string, unknown>): ScriptedAnswer {
    if (this.user !== undefined) {
      return { status: 403, body: { code: 'INVITATION_ONLY_SIGN_UP', params: {} } };
    }
    this.user = { email: String(body['email']), password: String(body['password']), platform: false };
    return ok(this.#session());
  }

  #signIn({ email, password }: Record<string, unknown>): ScriptedAnswer {
    return this.user !== undefined && this.user.email === email && this.user.password === password
      ? ok(this.#session())
      : { status: 401, body: { code: 'INVALID_CREDENTIALS', params: null } };
  }

  #session(): unknown {
    return this.user?.platform === true
      ? { token: 'user-token', projectId: 'project-1', platformId: 'platform-1' }
      : { token: 'onboarding-token', projectId: null, platformId: null };
  }

  #piece(name: string, version: string | null): ScriptedAnswer {
    const versions = [...this.pieces.keys()]
      .filter((key) => key.startsWith(`${name}@`))
      .map((key) => key.slice(name.length + 1));
    const found = version === null ? versions.at(-1) : versions.find((candidate) => candidate === version);
    return found === undefined || this.invisible.has(name)
      ? { status: 404, body: { code: 'ENTITY_NOT_FOUND', params: { entityType: 'piece_metadata' } } }
      : ok({ name, version: found });
  }

  async #install(request: ScriptedRequest): Promise<ScriptedAnswer> {
    const isForm = request.headers['content-type']?.startsWith('multipart/') ?? false;
    const form = isForm ? await request.form() : undefined;
    const body = form === undefined ? request.json() : Object.fromEntries(form);
    const key = `${String(body['pieceName'])}@${String(body['pieceVersion'])}`;
    if (!/@\d+\.\d+\.\d+$/.test(key)) {
      return { status: 400, body: { message: 'pieceVersion must match pattern "^[0-9]+.[0-9]+.[0-9]+$"' } };
    }
    if (this.pieces.has(key)) {
      return {
        status: 409,
        body: { code: 'VALIDATION', params: { message: `piece_metadata ${key} exists` } },
      };
    }
    if (body['packageType'] === 'REGISTRY') {
      if (!this.registry.has(key)) {
        return { status: 400, body: { code: 'ENGINE_OPERATION_FAILURE', params: { message: '{}' } } };
      }
      this.pieces.set(key, { source: 'REGISTRY', bytes: 0 });
      return { status: 201, body: {} };
    }
    const archive = body['pieceArchive'];
    if (!(archive instanceof File) || body['scope'] !== 'PLATFORM') {
      return { status: 400, body: { message: 'pieceArchive is missing' } };
    }
    this.pieces.set(key, { source: 'ARCHIVE', bytes: archive.size });
    return { status: 201, body: {} };
  }

  #upsert(body: Record<string, unknown>): ScriptedAnswer {
    const connection = body as unknown as StoredConnection & { projectId: string };
    const { externalId, displayName, pieceName, pieceVersion, type, value } = connection;
    if (!this.pieces.has(`${pieceName}@${pieceVersion}`)) {
      return { status: 404, body: { code: 'ENTITY_NOT_FOUND', params: { entityId: pieceName } } };
    }
    if (JSON.stringify(value).includes('wrong-password')) {
      const error = 'password authentication failed with wrong-password';
      return { status: 400, body: { code: 'INVALID_APP_CONNECTION', params: { error } } };
    }
    this.connections.set(externalId, { externalId, displayName, pieceName, pieceVersion, type, value });
    return { status: 201, body: { id: externalId, externalId } };
  }

  #create(body: Record<string, unknown>): ScriptedAnswer {
    const id = this.#newId('flow');
    const flow: StoredFlow = {
      id,
      projectId: String(body['projectId']),
      status: 'DISABLED',
      operationStatus: 'NONE',
      publishedVersionId: null,
      metadata: (body['metadata'] as Record<string, unknown> | undefined) ?? null,
      version: {
        id: this.#newId('version'),
        displayName: String(body['displayName']),
        state: 'DRAFT',
        valid: false,
        trigger: { type: 'EMPTY', name: 'trigger', valid: false },
      },
    };
    this.flows.push(flow);
    return { status: 201, body: flow };
  }

  #operate(flow: StoredFlow, operation: Record<string, unknown>): ScriptedAnswer {
    if (flow.operationStatus !== 'NONE') {
      return { status: 409, body: { code: 'FLOW_OPERATION_IN_PROGRESS', params: {} } };
    }
    const request = operation['request'] as Record<string, unknown>;
    switch (operation['type']) {
      case 'IMPORT_FLOW': {
        if (flow.version.state === 'LOCKED') {
          flow.version = { ...flow.version, id: this.#newId('version'), state: 'DRAFT' };
        }
        flow.version.displayName = String(request['displayName']);
        flow.version.trigger = request['trigger'];
        flow.version.valid = !JSON.stringify(request['trigger']).includes('"valid":false');
        break;
      }
      case 'LOCK_AND_PUBLISH':
        flow.version.state = 'LOCKED';
        flow.publishedVersionId = flow.version.id;
        if (this.slowPublishing > 0) {
          flow.operationStatus = 'ENABLING';
          this.#settling.set(flow.id, this.slowPublishing);
        }
        break;
      case 'CHANGE_STATUS':
        flow.status = request['status'] as 'ENABLED' | 'DISABLED';
        break;
      case 'UPDATE_METADATA':
        flow.metadata = request['metadata'] as Record<string, unknown>;
        break;
      default:
        return { status: 400, body: { message: 'unknown operation' } };
    }
    return ok(flow);
  }

  /** A person's edit in the builder. */
  edit(displayName: string): void {
    const flow = this.flows.find(({ version }) => version.displayName === displayName);
    if (flow === undefined) {
      throw new Error(`no flow "${displayName}"`);
    }
    flow.version = { ...flow.version, id: this.#newId('version'), state: 'DRAFT' };
  }

  #look(flow: StoredFlow): StoredFlow {
    const left = this.#settling.get(flow.id) ?? 0;
    this.#settling.set(flow.id, left - 1);
    if (left <= 0) {
      flow.operationStatus = 'NONE';
    }
    return flow;
  }

  #page(items: readonly unknown[], { query }: ScriptedRequest): ScriptedAnswer {
    if (query.get('projectId') !== 'project-1') {
      return { status: 403, body: { code: 'AUTHORIZATION', params: {} } };
    }
    // Pages far smaller than asked for: a client that reads one page only must be found out.
    const start = Number(query.get('cursor') ?? 0);
    const end = start + PAGE_SIZE;
    return ok({
      data: items.slice(start, end),
      next: end < items.length ? String(end) : null,
      previous: null,
    });
  }

  #newId(kind: string): string {
    this.#ids += 1;
    return `${kind}-${this.#ids}`;
  }
}

function ok(body: unknown): ScriptedAnswer {
  return { status: 200, body };
}
