import { BizError, pointId, signatureHeaders } from '@bizstack/contracts';
import { z } from 'zod';
import type { NewLead } from './lead';

export interface Endpoint {
  /** The CRM's signed webhook. */
  readonly url: string;
  readonly secret: string;
}

export interface Posted {
  readonly externalId: string;
  readonly leadId: string;
  /** Unix milliseconds of the first attempt. */
  readonly sentAt: number;
  /** Milliseconds until the answer of the attempt that succeeded. */
  readonly tookMs: number;
  readonly attempts: number;
}

const replySchema = z.object({
  data: z.object({ leadId: z.union([z.string(), z.number()]).transform(String) }),
});

/** Long enough to sit out a restart of the CRM. */
const GIVE_UP_AFTER_MS = 180_000;

/**
 * Posts one lead and repeats it while the CRM is away. A repetition is the same delivery: the CRM answers
 * with the lead it already has.
 * @throws BizError `BIZ_LEADS_REFUSED` when the CRM says no, `BIZ_LEADS_UNREACHABLE` when it stays away.
 */
export async function postLead(endpoint: Endpoint, lead: NewLead): Promise<Posted> {
  const body = JSON.stringify(lead);
  const deliveryId = pointId(`lead-capture/${lead.externalId}`);
  const sentAt = Date.now();
  let lastCause: unknown;
  for (let attempts = 1; Date.now() - sentAt < GIVE_UP_AFTER_MS; attempts++) {
    try {
      const started = Date.now();
      const response = await fetch(endpoint.url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...signatureHeaders(endpoint.secret, { deliveryId, body }),
        },
        body,
        signal: AbortSignal.timeout(30_000),
      });
      const text = await response.text();
      if (response.ok) {
        const { leadId } = replySchema.parse(JSON.parse(text)).data;
        return { externalId: lead.externalId, leadId, sentAt, tookMs: Date.now() - started, attempts };
      }
      if (response.status < 500 && response.status !== 429 && response.status !== 408) {
        throw new BizError(
          'BIZ_LEADS_REFUSED',
          `The CRM refused lead ${lead.externalId} (${response.status}): ${text.slice(0, 500)}`,
        );
      }
      lastCause = new Error(`HTTP ${response.status}: ${text.slice(0, 300)}`);
    } catch (error) {
      if (error instanceof BizError) throw error;
      lastCause = error;
    }
    await new Promise((resolve) => setTimeout(resolve, Math.min(2_000, 100 * 2 ** attempts)));
  }
  throw new BizError(
    'BIZ_LEADS_UNREACHABLE',
    `The CRM did not take lead ${lead.externalId} for ${GIVE_UP_AFTER_MS / 1000} s.`,
    {
      hint: 'Look at "bizstack status" and "bizstack logs nocobase".',
      cause: lastCause,
      retryable: true,
    },
  );
}

/**
 * Posts leads as the source yields them, `concurrency` at a time; holds no more than that in memory.
 * @param onPosted called after each, for progress
 */
export async function postLeads(
  endpoint: Endpoint,
  leads: AsyncIterator<NewLead, undefined>,
  concurrency: number,
  onPosted: (posted: Posted) => void = () => {},
): Promise<Posted[]> {
  const all: Posted[] = [];
  const worker = async (): Promise<void> => {
    for (let next = await leads.next(); !next.done; next = await leads.next()) {
      const posted = await postLead(endpoint, next.value);
      all.push(posted);
      onPosted(posted);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return all;
}
