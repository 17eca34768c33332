import { BizError } from '@bizstack/contracts';
import { readArtifacts } from '../artifacts';
import { DEFAULT_RETRY, HttpClient, type RetryPolicy } from '../http';
import { type Variables } from '../placeholders';
import { type LoadListener, type LoadReport, ReportBuilder, SILENT } from '../report';
import { ActivepiecesApi } from './api';
import { type ConnectionSource, readConnectionFile, secretsOf, valueOf } from './connection-file';
import { type FlowSource, connectionsOf, piecesOf, readFlowFile } from './flow-file';
import { type FlowPlan, applyFlow, planFlow, recordOf } from './flows';
import { type PiecePlan, assertLoadable, installPiece, label, planArtifacts, planFlowPieces } from './pieces';
import { type ActivepiecesCredentials, signIn } from './session';
import { NEWEST_TRIED, isOlder, readServerInfo } from './version';

export interface LoadIntoActivepiecesOptions {
  /** Of the instance, without `/api`, for example `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly credentials: ActivepiecesCredentials;
  /** Folder with the tarballs; every piece in it is installed. Leave out to load no piece. */
  readonly artifacts?: string | undefined;
  /** File with connections; placeholders are filled from `variables`. */
  readonly connections?: string | undefined;
  readonly variables?: Variables;
  /** Exported flows. */
  readonly flows?: readonly string[];
  readonly adopt?: boolean;
  readonly overwrite?: boolean;
  /** Look and plan; change nothing. */
  readonly dryRun?: boolean;
  readonly listener?: LoadListener;
  readonly retry?: RetryPolicy;
  /** Milliseconds between two looks at a running operation. */
  readonly pollMs?: number;
  /** Milliseconds to wait for publishing or enabling. */
  readonly operationTimeoutMs?: number;
  readonly signal?: AbortSignal;
}

const POLL_MS = 1_000;
const OPERATION_TIMEOUT_MS = 200_000;

/**
 * Installs pieces, connections and flows into a running Activepieces. Everything is read and compared
 * before anything is changed; loading the same again changes nothing (connections are written again, as
 * the server never shows their values), and a load that was killed is completed by the next one.
 *
 * @throws BizError with a `BIZ_LOAD_…` code; secrets never stand in its message
 */
export async function loadIntoActivepieces(options: LoadIntoActivepiecesOptions): Promise<LoadReport> {
  const { dryRun = false, signal } = options;
  const report = new ReportBuilder(options.listener ?? SILENT);
  const url = options.url.replace(/\/+$/, '');

  const connections =
    options.connections === undefined
      ? []
      : await readConnectionFile(options.connections, options.variables ?? {});
  const sources = (await Promise.all((options.flows ?? []).map(readFlowFile))).flat();
  assertUniqueKeys(sources);
  const pieces =
    options.artifacts === undefined
      ? []
      : (await readArtifacts(options.artifacts)).filter(({ kind }) => kind === 'piece');
  assertLoadable(pieces);

  const http = new HttpClient({
    baseUrl: `${url}/api/v1`,
    server: 'Activepieces',
    retry: options.retry ?? DEFAULT_RETRY,
    signal,
    onRetry: (message) => report.progress(message),
  });
  for (const secret of connections.flatMap((connection) => secretsOf(connection.props))) {
    http.hide(secret);
  }

  const server = await readServerInfo(http);
  if (server.version === undefined) {
    report.notice('Activepieces does not tell its version; it must be 0.82.0 or newer.');
  } else if (isOlder(NEWEST_TRIED, server.version.split('.').slice(0, 2).join('.'))) {
    report.notice(
      `Activepieces ${server.version} is newer than ${NEWEST_TRIED}, the last release this was tried on.`,
    );
  }
  const finish = () => report.build({ target: 'activepieces', url, serverVersion: server.version, dryRun });

  const projectId = await signIn(
    http,
    { credentials: options.credentials, userCreated: server.userCreated, dryRun },
    report,
  );
  if (projectId === undefined) {
    reportFresh(report, pieces, connections, sources);
    return finish();
  }
  const api = new ActivepiecesApi(http, projectId);
  const plan = await planLoad(api, pieces, connections, sources, options);
  if (dryRun) {
    reportPlan(report, plan);
    return finish();
  }

  for (const piece of plan.pieces) {
    if (piece.present) {
      report.step({ kind: 'piece', name: piece.name, version: piece.version, action: 'unchanged' });
      if (piece.artifact !== undefined && plan.recorded[label(piece)] === undefined) {
        report.notice(
          `${label(piece)} was there already and no load recorded its build: it is taken to be the same as ${piece.artifact.file}.`,
        );
      }
    } else {
      await installPiece(api, piece, report);
    }
  }
  for (const connection of plan.connections) {
    await upsertConnection(api, connection, report);
  }
  const hashes = {
    ...plan.recorded,
    ...Object.fromEntries(pieces.map((piece) => [label(piece), piece.hash])),
  };
  for (const flow of plan.flows) {
    if (flow.action === 'none') {
      const disabled = flow.existing?.status === 'DISABLED';
      report.step({
        kind: 'flow',
        name: flow.source.displayName,
        action: disabled ? 'kept' : 'unchanged',
        ...(disabled ? { note: 'somebody disabled it; it stays so' } : {}),
      });
    } else {
      await applyFlow(
        api,
        flow,
        {
          pieces: hashes,
          pollMs: options.pollMs ?? POLL_MS,
          operationTimeoutMs: options.operationTimeoutMs ?? OPERATION_TIMEOUT_MS,
          signal,
        },
        report,
      );
    }
  }
  return finish();
}

interface ConnectionPlan {
  readonly connection: ConnectionSource;
  readonly pieceVersion: string;
}

interface LoadPlan {
  readonly pieces: readonly PiecePlan[];
  readonly connections: readonly ConnectionPlan[];
  readonly flows: readonly FlowPlan[];
  /** Hashes of the piece builds that earlier loads installed, by `name@version`. */
  readonly recorded: Readonly<Record<string, string>>;
}

async function planLoad(
  api: ActivepiecesApi,
  artifacts: Parameters<typeof planArtifacts>[1],
  connections: readonly ConnectionSource[],
  sources: readonly FlowSource[],
  { adopt = false, overwrite = false }: LoadIntoActivepiecesOptions,
): Promise<LoadPlan> {
  const flows = await api.listFlows();
  const recorded = Object.fromEntries(flows.flatMap((flow) => Object.entries(recordOf(flow)?.pieces ?? {})));
  const fromArtifacts = await planArtifacts(api, artifacts, recorded);
  const fromRegistry = new Map<string, PiecePlan>();
  const flowPlans: FlowPlan[] = [];
  for (const source of sources) {
    const needed = await planFlowPieces(api, source, fromArtifacts);
    needed.fromRegistry.forEach((piece) => fromRegistry.set(label(piece), piece));
    flowPlans.push(planFlow(needed.flow, flows, { adopt, overwrite }));
  }
  await assertConnections(api, connections, sources);
  const pieces = [...fromArtifacts, ...fromRegistry.values()];
  const used = [...pieces, ...flowPlans.flatMap(({ source }) => piecesOf(source))];
  return {
    pieces,
    connections: await Promise.all(connections.map((connection) => planConnection(api, connection, used))),
    flows: flowPlans,
    recorded,
  };
}

/** A connection belongs to a version of its piece: that of the tarball, else of the flow, else the server's newest. */
async function planConnection(
  api: ActivepiecesApi,
  connection: ConnectionSource,
  used: readonly { name: string; version: string }[],
): Promise<ConnectionPlan> {
  const { externalId, pieceName } = connection;
  const piece = used.find(({ name }) => name === pieceName) ?? (await api.findNewestPiece(pieceName));
  if (piece === undefined) {
    throw new BizError(
      'BIZ_LOAD_CONNECTION_PIECE',
      `The connection ${externalId} is for ${pieceName}, which is neither among the packages nor on the server.`,
      { hint: 'Add its tarball to the folder of packages, or take the connection out of the file.' },
    );
  }
  return { connection, pieceVersion: piece.version };
}

async function assertConnections(
  api: ActivepiecesApi,
  connections: readonly ConnectionSource[],
  sources: readonly FlowSource[],
): Promise<void> {
  const wanted = sources.flatMap((source) => connectionsOf(source).map((id) => ({ id, source })));
  const loaded = new Set(connections.map(({ externalId }) => externalId));
  if (wanted.every(({ id }) => loaded.has(id))) {
    return;
  }
  const present = new Set([...loaded, ...(await api.listConnections())]);
  const missing = wanted.filter(({ id }) => !present.has(id));
  if (missing.length > 0) {
    throw new BizError(
      'BIZ_LOAD_CONNECTION_MISSING',
      `Connections that the flows name and neither the file nor the project has: ${missing.map(({ id, source }) => `${id} ("${source.displayName}")`).join(', ')}.`,
      { hint: 'Add them to the file named with --connections.' },
    );
  }
}

async function upsertConnection(
  api: ActivepiecesApi,
  { connection, pieceVersion }: ConnectionPlan,
  report: ReportBuilder,
): Promise<void> {
  const { externalId, displayName, pieceName, type } = connection;
  report.progress(`Writing the connection ${externalId}`);
  await api.upsertConnection({
    externalId,
    displayName,
    pieceName,
    pieceVersion,
    type,
    value: valueOf(connection),
  });
  report.step({ kind: 'connection', name: externalId, action: 'updated' });
}

function reportPlan(report: ReportBuilder, plan: LoadPlan): void {
  for (const { name, version, present } of plan.pieces) {
    report.step({ kind: 'piece', name, version, action: present ? 'unchanged' : 'planned' });
  }
  for (const { connection } of plan.connections) {
    report.step({ kind: 'connection', name: connection.externalId, action: 'planned' });
  }
  for (const { source, action } of plan.flows) {
    report.step({
      kind: 'flow',
      name: source.displayName,
      action: action === 'none' ? 'unchanged' : 'planned',
      ...(action === 'none' ? {} : { note: action }),
    });
  }
}

/** A fresh instance has nothing: a dry run can plan without looking. */
function reportFresh(
  report: ReportBuilder,
  pieces: readonly { name: string; version: string }[],
  connections: readonly ConnectionSource[],
  sources: readonly FlowSource[],
): void {
  pieces.forEach(({ name, version }) => report.step({ kind: 'piece', name, version, action: 'planned' }));
  connections.forEach(({ externalId }) =>
    report.step({ kind: 'connection', name: externalId, action: 'planned' }),
  );
  sources.forEach(({ displayName }) => report.step({ kind: 'flow', name: displayName, action: 'planned' }));
}

function assertUniqueKeys(sources: readonly FlowSource[]): void {
  const keys = new Map<string, string>();
  for (const { key, file } of sources) {
    const other = keys.get(key);
    if (other !== undefined) {
      throw new BizError('BIZ_LOAD_FLOW_KEY', `${other} and ${file} are both flows with the key "${key}".`, {
        hint: 'The key is the name of the file, or of its folder when the file is flow.json: rename one.',
      });
    }
    keys.set(key, file);
  }
}
