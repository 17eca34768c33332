import { BizError, signatureHeaders } from '@bizstack/contracts';
import { z } from 'zod';

export interface WebhookLead {
  readonly externalId: string;
  readonly name: string;
  readonly email: string;
  readonly phone?: string;
  readonly company?: string;
  readonly jobTitle?: string;
  readonly country?: string;
  readonly city?: string;
  readonly source: string;
  readonly message: string;
  readonly attributes?: Readonly<Record<string, string | number | boolean | null>>;
}

const replySchema = z.object({
  data: z.object({
    leadId: z.union([z.string(), z.number()]).transform(String),
    eventId: z.string(),
    duplicateOf: z.union([z.string(), z.number()]).nullish(),
  }),
});

export type WebhookReply = z.infer<typeof replySchema>['data'];

/**
 * Posts one lead to the CRM's signed webhook.
 * @param deliveryId the same id and lead again are answered with the first result
 * @throws BizError `BIZ_CLI_LEAD_REFUSED`
 */
export async function postLead(
  endpoint: { readonly crmUrl: string; readonly webhookSecret: string },
  lead: WebhookLead,
  deliveryId: string,
): Promise<WebhookReply> {
  const body = JSON.stringify(lead);
  const response = await fetch(`${endpoint.crmUrl}/api/crmLeads:webhook`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...signatureHeaders(endpoint.webhookSecret, { deliveryId, body }),
    },
    body,
    signal: AbortSignal.timeout(30_000),
  });
  const text = await response.text();
  if (!response.ok) {
    throw new BizError(
      'BIZ_CLI_LEAD_REFUSED',
      `The CRM's webhook answered ${response.status}: ${text.slice(0, 300)}`,
    );
  }
  return replySchema.parse(JSON.parse(text)).data;
}
