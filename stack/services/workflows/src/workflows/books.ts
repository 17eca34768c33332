import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities';

/** Steps that only the database can hold up: tried until it is back. */
export const books = proxyActivities<Activities>({
  // Short, so that what a dead worker held is soon tried by another: a step is done once in any case.
  startToCloseTimeout: '15s',
  // A cancelled workflow must know what was done, to take it back.
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  retry: { initialInterval: '500ms', maximumInterval: '30s' },
});
