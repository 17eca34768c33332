import { basename, dirname } from 'node:path';
import { BizError } from '@bizstack/contracts';
import { z } from 'zod';
import { hashOfJson, readJsonFile } from '../json-file';

/** One flow of an exported template, ready to import. */
export interface FlowSource {
  /** Names the flow for good, also when its display name changes, for example `lead-capture`. */
  readonly key: string;
  readonly file: string;
  readonly displayName: string;
  readonly schemaVersion: string | null;
  readonly notes: readonly unknown[] | null;
  readonly trigger: FlowStep;
}

export interface FlowStep {
  readonly [field: string]: unknown;
}

export interface PieceUse {
  readonly name: string;
  readonly version: string;
  /** Names of the steps that use it. */
  readonly steps: readonly string[];
}

const flowVersion = z.looseObject({
  displayName: z.string().min(1),
  schemaVersion: z.string().nullish(),
  notes: z.array(z.unknown()).nullish(),
  trigger: z.looseObject({ type: z.string(), name: z.string() }),
});

const flowFile = z.union([
  z.looseObject({ flows: z.array(flowVersion).min(1) }).transform(({ flows }) => flows),
  flowVersion.transform((flow) => [flow]),
]);

/**
 * Reads an exported template (`GET /v1/flows/:id/template`), or one flow version.
 *
 * @throws BIZ_LOAD_FLOW_FILE when it is neither
 */
export async function readFlowFile(file: string): Promise<FlowSource[]> {
  const parsed = flowFile.safeParse(await readJsonFile(file));
  if (!parsed.success) {
    throw new BizError(
      'BIZ_LOAD_FLOW_FILE',
      `${file} is not an exported flow: ${z.prettifyError(parsed.error)}`,
      {
        hint: 'Export it in Activepieces with "Export".',
        cause: parsed.error,
      },
    );
  }
  const stem = basename(file, '.json');
  const key = stem === 'flow' ? basename(dirname(file)) : stem;
  return parsed.data.map((flow, index) => ({
    key: index === 0 ? key : `${key}-${index + 1}`,
    file,
    displayName: flow.displayName,
    schemaVersion: flow.schemaVersion ?? null,
    notes: flow.notes ?? null,
    trigger: flow.trigger,
  }));
}

const pieceStep = z.looseObject({
  name: z.string(),
  type: z.enum(['PIECE', 'PIECE_TRIGGER']),
  settings: z.looseObject({ pieceName: z.string(), pieceVersion: z.string() }),
});

/** Every piece that the flow's steps use, by exact name and version. */
export function piecesOf(flow: FlowSource): PieceUse[] {
  const uses = new Map<string, { name: string; version: string; steps: string[] }>();
  mapObjects(flow.trigger, (object) => {
    const step = pieceStep.safeParse(object);
    if (step.success) {
      const { pieceName: name, pieceVersion } = step.data.settings;
      const version = exact(pieceVersion);
      const use = uses.get(`${name}@${version}`) ?? { name, version, steps: [] };
      use.steps.push(step.data.name);
      uses.set(`${name}@${version}`, use);
    }
    return object;
  });
  return [...uses.values()];
}

/** The connections that the flow names: `{{connections['id']}}`. */
export function connectionsOf(flow: FlowSource): string[] {
  const ids = new Set<string>();
  for (const match of JSON.stringify(flow.trigger).matchAll(/connections\[(?:'|\\")(.+?)(?:'|\\")\]/g)) {
    ids.add(match[1] ?? '');
  }
  return [...ids];
}

/** The flow with other versions of its pieces: `versions` maps `name@version` to the version to use. */
export function withPieceVersions(flow: FlowSource, versions: ReadonlyMap<string, string>): FlowSource {
  const trigger = mapObjects(flow.trigger, (object) => {
    const step = pieceStep.safeParse(object);
    if (!step.success) {
      return object;
    }
    const { pieceName, pieceVersion } = step.data.settings;
    const version = versions.get(`${pieceName}@${exact(pieceVersion)}`) ?? pieceVersion;
    return { ...object, settings: { ...step.data.settings, pieceVersion: version } };
  });
  return { ...flow, trigger };
}

/** Identity of what would be imported. Dates of the last edit say nothing about it. */
export function contentHashOf({ displayName, schemaVersion, notes, trigger }: FlowSource): string {
  const content = mapObjects(trigger, ({ lastUpdatedDate: _, ...rest }) => rest);
  return hashOfJson({ displayName, schemaVersion, notes, trigger: content });
}

function exact(version: string): string {
  return version.replace(/^[~^]/, '');
}

function mapObjects(object: FlowStep, change: (object: FlowStep) => FlowStep): FlowStep {
  return Object.fromEntries(
    Object.entries(change(object)).map(([key, value]) => [key, mapValue(value, change)]),
  );
}

function mapValue(value: unknown, change: (object: FlowStep) => FlowStep): unknown {
  if (Array.isArray(value)) {
    return value.map((item) => mapValue(item, change));
  }
  return isObject(value) ? mapObjects(value, change) : value;
}

function isObject(value: unknown): value is FlowStep {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
