import { readFile } from 'node:fs/promises';
import { BizError } from '@bizstack/contracts';
import { z } from 'zod';
import { expectAnswer, messageIn } from '../answer';
import { type Artifact, fileName } from '../artifacts';
import { type HttpClient, type HttpResponse } from '../http';
import * as schemas from './schemas';

const PAGE_SIZE = 100;
/** Installing runs a package manager in a worker; the server itself gives up after minutes. */
const INSTALL_TIMEOUT_MS = 300_000;
/** A hook (onEnable) may take 180 s. */
const OPERATION_TIMEOUT_MS = 240_000;

export interface FlowOperation {
  readonly type: 'IMPORT_FLOW' | 'LOCK_AND_PUBLISH' | 'CHANGE_STATUS' | 'UPDATE_METADATA';
  readonly request: unknown;
}

export interface ConnectionRequest {
  readonly externalId: string;
  readonly displayName: string;
  readonly pieceName: string;
  readonly pieceVersion: string;
  readonly type: string;
  readonly value: unknown;
}

/** The calls of Activepieces' REST interface that loading needs. */
export class ActivepiecesApi {
  constructor(
    private readonly http: HttpClient,
    private readonly projectId: string,
  ) {}

  /** The metadata of exactly this version, or undefined. */
  async findPiece(name: string, version: string): Promise<{ name: string; version: string } | undefined> {
    const found = await this.#findPiece(name, version);
    return found?.version === version ? found : undefined;
  }

  findNewestPiece(name: string): Promise<{ name: string; version: string } | undefined> {
    return this.#findPiece(name, undefined);
  }

  async #findPiece(
    name: string,
    version: string | undefined,
  ): Promise<{ name: string; version: string } | undefined> {
    const path = name.split('/').map(encodeURIComponent).join('/');
    const response = await this.http.send({
      method: 'GET',
      path: `/pieces/${path}`,
      query: { version, projectId: this.projectId },
    });
    if (response.status === 404) {
      return undefined;
    }
    return expectAnswer(this.http, response, schemas.piece, `show ${name}`, 'BIZ_LOAD_PIECE');
  }

  async installArchive(piece: Artifact): Promise<'installed' | 'present'> {
    const archive = await readFile(piece.file);
    return this.#install(
      piece.name,
      piece.version,
      {
        form: () => {
          const form = new FormData();
          form.set('packageType', 'ARCHIVE');
          form.set('scope', 'PLATFORM');
          form.set('pieceName', piece.name);
          form.set('pieceVersion', piece.version);
          form.set('pieceArchive', new Blob([archive], { type: 'application/gzip' }), fileName(piece));
          return form;
        },
      },
      'a bundle that needs nothing at run time (`bizstack-piece lint` on the tarball checks that)',
    );
  }

  async installFromRegistry(name: string, version: string): Promise<'installed' | 'present'> {
    return this.#install(
      name,
      version,
      { json: { packageType: 'REGISTRY', scope: 'PLATFORM', pieceName: name, pieceVersion: version } },
      'access to the npm registry, and a package that is older than three days on newer releases',
    );
  }

  async #install(
    name: string,
    version: string,
    body: { form: () => FormData } | { json: unknown },
    needs: string,
  ): Promise<'installed' | 'present'> {
    const response = await this.http.send({
      method: 'POST',
      path: '/pieces',
      ...body,
      timeoutMs: INSTALL_TIMEOUT_MS,
      settled: async () => {
        const found = await this.findPiece(name, version);
        return found === undefined ? undefined : { status: 201, body: found };
      },
    });
    if (response.status === 409) {
      return 'present';
    }
    if (response.status >= 400 && /\{\}\W*$/.test(messageIn(response.body))) {
      throw new BizError(
        'BIZ_LOAD_PIECE_INSTALL',
        `Activepieces could not install ${name} ${version} and does not say why (${response.status}, empty message).`,
        {
          hint: `The cause is in the server's log, at the line "[PieceService#add]" (with the compose file: \`docker compose logs activepieces\`). Installing needs ${needs}.`,
          details: { status: response.status },
        },
      );
    }
    expectAnswer(this.http, response, z.unknown(), `install ${name} ${version}`, 'BIZ_LOAD_PIECE_INSTALL');
    return 'installed';
  }

  /** The external ids of the project's connections. */
  async listConnections(): Promise<string[]> {
    const found = await this.#pages('/app-connections', schemas.connection, 'list connections');
    return found.map(({ externalId }) => externalId);
  }

  /** Creates the connection, or replaces its value. The piece's own `validate` runs on the server. */
  async upsertConnection(request: ConnectionRequest): Promise<void> {
    const response = await this.http.send({
      method: 'POST',
      path: '/app-connections',
      json: { ...request, projectId: this.projectId },
    });
    expectAnswer(
      this.http,
      response,
      schemas.connection,
      `accept the connection ${request.externalId}`,
      'BIZ_LOAD_CONNECTION',
    );
  }

  listFlows(): Promise<schemas.Flow[]> {
    return this.#pages('/flows', schemas.flow, 'list flows');
  }

  async getFlow(id: string): Promise<schemas.Flow> {
    const response = await this.http.send({ method: 'GET', path: `/flows/${encodeURIComponent(id)}` });
    return expectAnswer(this.http, response, schemas.flow, `show the flow ${id}`, 'BIZ_LOAD_FLOW');
  }

  /** `findCreated` tells whether a creation whose answer was lost took effect. */
  async createFlow(
    displayName: string,
    record: schemas.FlowRecord,
    findCreated: () => Promise<schemas.Flow | undefined>,
  ): Promise<schemas.Flow> {
    const response = await this.http.send({
      method: 'POST',
      path: '/flows',
      json: { displayName, projectId: this.projectId, metadata: { bizstack: record } },
      settled: async () => {
        const created = await findCreated();
        return created === undefined ? undefined : { status: 201, body: created };
      },
    });
    return expectAnswer(
      this.http,
      response,
      schemas.flow,
      `create the flow "${displayName}"`,
      'BIZ_LOAD_FLOW',
    );
  }

  async operate(flow: schemas.Flow, operation: FlowOperation): Promise<schemas.Flow> {
    const doing = `run ${operation.type} on the flow "${flow.version.displayName}"`;
    const response = await this.http.send({
      method: 'POST',
      path: `/flows/${encodeURIComponent(flow.id)}`,
      json: operation,
      timeoutMs: OPERATION_TIMEOUT_MS,
      isBusy: isFlowBusy,
      settled: async () => {
        const now = await this.getFlow(flow.id);
        return hasTakenEffect(operation, flow, now) ? { status: 200, body: now } : undefined;
      },
    });
    return expectAnswer(this.http, response, schemas.flow, doing, 'BIZ_LOAD_FLOW');
  }

  async #pages<T extends z.ZodType>(path: string, item: T, doing: string): Promise<z.output<T>[]> {
    const all: z.output<T>[] = [];
    let cursor: string | undefined;
    do {
      const response = await this.http.send({
        method: 'GET',
        path,
        query: { projectId: this.projectId, limit: String(PAGE_SIZE), cursor },
      });
      const { data, next } = expectAnswer(this.http, response, schemas.page(item), doing, 'BIZ_LOAD_LIST');
      all.push(...data);
      cursor = next ?? undefined;
    } while (cursor !== undefined);
    return all;
  }
}

/** Somebody edits the flow in the builder, or its last operation still runs: both pass within a minute. */
function isFlowBusy({ status, body }: HttpResponse): boolean {
  return (
    status >= 400 && status < 500 && /FLOW_IN_USE|FLOW_OPERATION_IN_PROGRESS/.test(JSON.stringify(body) ?? '')
  );
}

/** Publishing twice would make a second version; the other operations may simply be sent again. */
function hasTakenEffect(operation: FlowOperation, before: schemas.Flow, now: schemas.Flow): boolean {
  return (
    operation.type === 'LOCK_AND_PUBLISH' &&
    now.version.state === 'LOCKED' &&
    now.publishedVersionId === now.version.id &&
    now.publishedVersionId !== before.publishedVersionId
  );
}
