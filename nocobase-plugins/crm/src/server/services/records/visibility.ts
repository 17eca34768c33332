import type { Database, Transaction } from '@nocobase/database';
import type { Application } from '@nocobase/server';

/** Whose eyes a record is seen with. */
export interface Viewer {
  readonly userId: string;
  readonly roleNames: readonly string[];
}

export interface Visibility {
  readonly filter: Readonly<Record<string, unknown>> | undefined;
  /** Undefined: every field that is not hidden. */
  readonly fields: readonly string[] | undefined;
  readonly except: readonly string[];
}

/** What the roles may see of a collection; undefined when they may not list it. NocoBase's own permissions decide. */
export async function visibilityOf(
  { acl, db }: Pick<Application, 'acl' | 'db'>,
  { userId, roleNames }: Viewer,
  collection: string,
): Promise<Visibility | undefined> {
  const [currentRole] = roleNames;
  if (currentRole === undefined) return undefined;
  try {
    const { parsedParams = {} } = await acl.resolveActionParams(
      { db, state: { currentUser: { id: userId }, currentRole, currentRoles: roleNames } },
      { resourceName: collection, actionName: 'list' },
    );
    const { filter, fields, whitelist, except = [] } = parsedParams;
    return { filter, fields: intersection(fields, whitelist), except };
  } catch (error) {
    // Its class is not exported; it also stands for "own records only" where records have no owner.
    if (error instanceof Error && error.constructor.name === 'NoPermissionError') return undefined;
    throw error;
  }
}

function intersection(
  a: readonly string[] | undefined,
  b: readonly string[] | undefined,
): readonly string[] | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a.filter((field) => b.includes(field));
}

export interface ReadOptions {
  readonly collection: string;
  readonly key: unknown;
  readonly visibility: Visibility;
  /** The subscriber's own condition. */
  readonly filter: Readonly<Record<string, unknown>> | null;
  readonly transaction: Transaction | undefined;
}

/** The record as the viewer may see it; undefined when it is out of sight or does not fit the filter. */
export async function readVisible(
  db: Database,
  { collection, key, visibility, filter, transaction }: ReadOptions,
): Promise<Record<string, unknown> | undefined> {
  const conditions = [{ [keyOf(db, collection)]: key }, visibility.filter, filter].filter(
    (part) => part !== undefined && part !== null && Object.keys(part).length > 0,
  );
  const model = await db.getRepository(collection).findOne({
    filter: { $and: conditions },
    ...(transaction === undefined ? {} : { transaction }),
  });
  if (model === null) return undefined;
  const { fields, except } = visibility;
  return Object.fromEntries(
    Object.entries(model.toJSON()).filter(
      ([name]) => (fields === undefined || fields.includes(name)) && !except.includes(name),
    ),
  );
}

/** The field that tells records of a collection apart. */
export function keyOf(db: Database, collection: string): string {
  const { filterTargetKey } = db.getCollection(collection);
  return typeof filterTargetKey === 'string' ? filterTargetKey : (filterTargetKey?.[0] ?? 'id');
}
