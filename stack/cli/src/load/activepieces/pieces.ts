import { BizError } from '@bizstack/contracts';
import { type Artifact } from '../artifacts';
import { type LoadListener } from '../report';
import { type ActivepiecesApi } from './api';
import { type FlowSource, piecesOf, withPieceVersions } from './flow-file';
import { isOlder } from './version';

const PLAIN_VERSION = /^\d+\.\d+\.\d+$/;

export interface PiecePlan {
  readonly name: string;
  readonly version: string;
  /** Absent: from the npm registry. */
  readonly artifact?: Artifact;
  readonly present: boolean;
}

/**
 * Refuses what the server would refuse, before anything is sent.
 *
 * @throws BIZ_LOAD_PIECE_PRERELEASE
 */
export function assertLoadable(pieces: readonly Artifact[]): void {
  const prereleases = pieces.filter(({ version }) => !PLAIN_VERSION.test(version));
  if (prereleases.length > 0) {
    throw new BizError(
      'BIZ_LOAD_PIECE_PRERELEASE',
      `Activepieces refuses versions that are not plain x.y.z: ${prereleases.map(label).join(', ')}.`,
      { hint: 'Give the piece a plain version and pack it again.' },
    );
  }
}

/**
 * What the server has of the given tarballs.
 *
 * @param recorded hashes of earlier loads, by `name@version`
 * @throws BIZ_LOAD_PIECE_CHANGED when a tarball differs from what was installed under its version
 */
export async function planArtifacts(
  api: ActivepiecesApi,
  pieces: readonly Artifact[],
  recorded: Readonly<Record<string, string>>,
): Promise<PiecePlan[]> {
  const plans = await Promise.all(
    pieces.map(async (artifact) => ({
      name: artifact.name,
      version: artifact.version,
      artifact,
      present: (await api.findPiece(artifact.name, artifact.version)) !== undefined,
    })),
  );
  const changed = plans.filter(({ artifact, present }) => {
    const before = recorded[label(artifact)];
    return present && before !== undefined && before !== artifact.hash;
  });
  if (changed.length > 0) {
    throw new BizError(
      'BIZ_LOAD_PIECE_CHANGED',
      `Changed without a new version: ${changed.map(label).join(', ')}. Activepieces keeps the build that it has under that version.`,
      { hint: 'Raise the version (`npm run changeset`), pack again and load again.' },
    );
  }
  return plans;
}

/**
 * The flow with the versions of its pieces that will be there, and the pieces that must come from the
 * registry first.
 *
 * @throws BIZ_LOAD_PIECE_MISSING when a step's piece is neither among the tarballs nor on the server nor
 *   an official one
 */
export async function planFlowPieces(
  api: ActivepiecesApi,
  flow: FlowSource,
  artifacts: readonly PiecePlan[],
): Promise<{ flow: FlowSource; fromRegistry: PiecePlan[] }> {
  const versions = new Map<string, string>();
  const fromRegistry: PiecePlan[] = [];
  const missing: string[] = [];
  for (const { name, version, steps } of piecesOf(flow)) {
    const loaded = artifacts
      .filter((plan) => plan.name === name && isCompatible(plan.version, version))
      .reduce<string | undefined>(
        (newest, plan) => (newest === undefined || isOlder(newest, plan.version) ? plan.version : newest),
        undefined,
      );
    if (loaded !== undefined) {
      versions.set(`${name}@${version}`, loaded);
    } else if ((await api.findPiece(name, version)) !== undefined) {
      versions.set(`${name}@${version}`, version);
    } else if (name.startsWith('@activepieces/')) {
      versions.set(`${name}@${version}`, version);
      fromRegistry.push({ name, version, present: false });
    } else {
      missing.push(`${name} ${version} (steps ${steps.join(', ')})`);
    }
  }
  if (missing.length > 0) {
    throw new BizError(
      'BIZ_LOAD_PIECE_MISSING',
      `The flow "${flow.displayName}" in ${flow.file} uses pieces that are neither among the packages nor on the server: ${missing.join('; ')}.`,
      { hint: 'Put their tarballs into the folder of packages (`npm run pack`), or install them first.' },
    );
  }
  return { flow: withPieceVersions(flow, versions), fromRegistry };
}

/** Installs one piece that is not there yet. */
export async function installPiece(
  api: ActivepiecesApi,
  { name, version, artifact }: PiecePlan,
  listener: LoadListener,
): Promise<void> {
  listener.progress(`Installing ${name} ${version}`);
  const outcome =
    artifact === undefined
      ? await api.installFromRegistry(name, version)
      : await api.installArchive(artifact);
  if ((await api.findPiece(name, version)) === undefined) {
    throw new BizError(
      'BIZ_LOAD_PIECE_INVISIBLE',
      `Activepieces took ${name} ${version} but does not show it: the piece asks for a newer server.`,
      { hint: 'Upgrade Activepieces, or build the piece for this release.' },
    );
  }
  listener.step({
    kind: 'piece',
    name,
    version,
    action: outcome === 'installed' ? 'installed' : 'unchanged',
    ...(artifact === undefined ? { note: 'from the npm registry' } : {}),
  });
}

/** The same major version (for 0.x the same minor), and not older: what npm's caret means. */
function isCompatible(available: string, wanted: string): boolean {
  const [major, minor] = available.split('.');
  const [wantedMajor, wantedMinor] = wanted.split('.');
  const sameLine = major === wantedMajor && (major !== '0' || minor === wantedMinor);
  return sameLine && !isOlder(available, wanted);
}

export function label({ name, version }: { name: string; version: string }): string {
  return `${name}@${version}`;
}
