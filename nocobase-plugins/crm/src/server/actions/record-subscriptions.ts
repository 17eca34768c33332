import { BizError } from '@bizstack/contracts';
import type { Context, Handler, Next } from '@nocobase/actions';
import { z } from 'zod';
import { invalidFields } from '../services/errors';
import type { RecordSubscriptions } from '../services/records/subscriptions';
import type { Viewer } from '../services/records/visibility';

const keySchema = z.looseObject({ key: z.string().min(1).max(200) });

/** `POST /api/crmRecordSubscriptions:register`: tells an address of changes, signed, with the caller's permissions. */
export function registerAction(subscriptions: RecordSubscriptions): Handler {
  return async (context: Context, next: Next) => {
    context.body = await subscriptions.register(viewerOf(context), context.action.params.values);
    await next();
  };
}

/** `POST /api/crmRecordSubscriptions:unregister` with the key that was registered. */
export function unregisterAction(subscriptions: RecordSubscriptions): Handler {
  return async (context: Context, next: Next) => {
    const parsed = keySchema.safeParse(context.action.params.values);
    if (!parsed.success) {
      throw invalidFields('BIZ_CRM_VALUES_INVALID', [
        { field: 'key', code: 'required', message: 'Give the key that was registered.' },
      ]);
    }
    context.body = await subscriptions.unregister(viewerOf(context), parsed.data.key);
    await next();
  };
}

function viewerOf({ state }: Context): Viewer {
  if (state.currentUser === undefined) throw new BizError('BIZ_CRM_NOT_SIGNED_IN', 'Nobody is signed in.');
  return { userId: String(state.currentUser.id), roleNames: state.currentRoles ?? [] };
}
