import { contentActivities, type ContentParts } from './content';
import { invoiceActivities, type InvoiceParts } from './invoices';
import { type Delivery, messageActivities } from './messages';
import { salesActivities } from './sales';

export interface ActivityParts extends InvoiceParts, ContentParts {
  readonly delivery: Delivery;
}

export type Activities = ReturnType<typeof createActivities>;

/** All activities of the worker, by name. */
export function createActivities(parts: ActivityParts) {
  return {
    ...salesActivities(parts.database),
    ...messageActivities(parts.database, parts.delivery),
    ...invoiceActivities(parts),
    ...contentActivities(parts),
  };
}
