import type { leadAttributesSchema } from '@bizstack/contracts';
import type { z } from 'zod';

/** What the CRM's signed webhook takes. */
export interface NewLead {
  /** The sender's own key: the same lead posted twice stays one lead. */
  externalId: string;
  name?: string;
  email?: string;
  phone?: string;
  company?: string;
  jobTitle?: string;
  country?: string;
  city?: string;
  source: string;
  message?: string;
  attributes?: z.infer<typeof leadAttributesSchema>;
}
