import type { Database } from './database';
import { type Delivery, messageActivities } from './messages';
import { salesActivities } from './sales';

export interface ActivityParts {
  readonly database: Database;
  readonly delivery: Delivery;
}

export type Activities = ReturnType<typeof createActivities>;

/** All activities of the worker, by name. */
export function createActivities({ database, delivery }: ActivityParts) {
  return {
    ...salesActivities(database),
    ...messageActivities(database, delivery),
  };
}
