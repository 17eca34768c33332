import { Property } from '@activepieces/pieces-framework';
import { z } from 'zod';

export const timeLimitProp = Property.Number({
  displayName: 'Time limit (seconds)',
  description: '1 to 570. That of the connection if empty.',
  required: false,
});

/** As a part of a statement: nothing when the connection's own limit holds. */
export const timeLimitSchema = z.coerce
  .number()
  .min(1)
  .max(570)
  .nullish()
  .transform((seconds) => (seconds === null || seconds === undefined ? {} : { timeoutSeconds: seconds }));
