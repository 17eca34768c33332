import { LEADS_COLLECTION, LEADS_TABLE, pointId } from '@bizstack/contracts';
import { z } from 'zod';
import { postLead, type WebhookReply } from '../crm-webhook';
import { queryRows } from '../database';
import type { DoctorAccess } from './access';
import { findEvent } from './kafka-event';

/** The marked lead of one examination. */
export interface Patient {
  /** Stands in the lead's name, so that everything made from it is recognised. */
  readonly mark: string;
  readonly deliveryId: string;
  readonly sentAtMs: number;
  reply?: WebhookReply;
}

/** One station of the lead's way. */
export interface Hop {
  readonly name: string;
  readonly title: string;
  /** Whose log tells why it failed. */
  readonly service: string;
  /** What is found there; undefined while it is not there yet. */
  look(access: DoctorAccess, patient: Patient, remainingMs: number): Promise<string | undefined>;
}

export const HOPS: readonly Hop[] = [
  {
    name: 'webhook',
    title: 'CRM takes the signed webhook',
    service: 'nocobase',
    async look(access, patient) {
      const { mark, deliveryId } = patient;
      patient.reply = await postLead(
        access,
        {
          externalId: mark,
          name: mark,
          email: `${mark}@example.com`,
          company: mark,
          // Worth a call, so that the last hop, the notification, is taken too.
          jobTitle: 'CTO',
          source: 'bizstack-doctor',
          message: `Test lead of bizstack doctor (${mark}): a demo and a quote, please. It is removed again.`,
          attributes: { doctor: mark },
        },
        deliveryId,
      );
      return `lead ${patient.reply.leadId}`;
    },
  },
  {
    name: 'crm',
    title: 'Lead stands in the CRM',
    service: 'nocobase',
    async look(access, patient) {
      const [row] = await crmLead(access, patient);
      return row && `event ${eventIdOf(patient)}`;
    },
  },
  {
    name: 'outbox',
    title: 'Event left the outbox',
    service: 'nocobase',
    async look(access, patient) {
      const rows = await queryRows(
        access.crmDatabaseUrl,
        'SELECT "publishedAt", "lastError" FROM "bizstackOutbox" WHERE id = $1',
        [eventIdOf(patient)],
        z.object({ publishedAt: z.date().nullable(), lastError: z.string().nullable() }),
      );
      const row = rows[0];
      if (row?.publishedAt == null && row?.lastError) throw new Error(`the relay says: ${row.lastError}`);
      return row?.publishedAt == null ? undefined : 'published';
    },
  },
  {
    name: 'kafka',
    title: 'Message stands in Kafka',
    service: 'kafka',
    async look(access, patient, remainingMs) {
      const { partition, offset } = await findEvent(
        access.brokers,
        eventIdOf(patient),
        patient.sentAtMs - 60_000,
        remainingMs,
      );
      return `partition ${partition}, offset ${offset}`;
    },
  },
  {
    name: 'postgres',
    title: 'Row stands in business_data',
    service: 'flows',
    async look(access, patient) {
      const rows = await queryRows(
        access.businessDatabaseUrl,
        `SELECT score::float8 AS score, grade FROM ${LEADS_TABLE} WHERE event_id = $1`,
        [eventIdOf(patient)],
        z.object({ score: z.number().nullable(), grade: z.string().nullable() }),
      );
      return rows[0] && `score ${rows[0].score ?? '–'}, grade ${rows[0].grade ?? '–'}`;
    },
  },
  {
    name: 'qdrant',
    title: 'Point stands in Qdrant',
    service: 'flows',
    async look(access, patient) {
      const [id] = await pointsOf(access, patient);
      return id && `point ${id}`;
    },
  },
  {
    name: 'score',
    title: 'Score is back in the CRM',
    service: 'flows',
    async look(access, patient) {
      const [row] = await crmLead(access, patient);
      return row?.score == null ? undefined : `score ${row.score}, grade ${row.grade ?? '–'}`;
    },
  },
  {
    name: 'notification',
    title: 'Notification is sent',
    service: 'flows',
    async look(access, patient) {
      const rows = await notificationsOf(access, patient);
      return rows[0]?.key;
    },
  },
];

export function eventIdOf(patient: Patient): string {
  if (!patient.reply) throw new Error('the CRM has not taken the lead');
  return patient.reply.eventId;
}

function crmLead(
  access: DoctorAccess,
  patient: Patient,
): Promise<{ score: number | null; grade: string | null }[]> {
  return queryRows(
    access.crmDatabaseUrl,
    'SELECT score::float8 AS score, grade FROM "crmLeads" WHERE id::text = $1',
    [patient.reply?.leadId],
    z.object({ score: z.number().nullable(), grade: z.string().nullable() }),
  );
}

export function notificationsOf(access: DoctorAccess, patient: Patient): Promise<{ key: string }[]> {
  return queryRows(
    access.crmDatabaseUrl,
    'SELECT key FROM "crmNotifications" WHERE position($1 in key) > 0 OR position($2 in title) > 0',
    [eventIdOf(patient), patient.mark],
    z.object({ key: z.string() }),
  );
}

const pointsSchema = z.object({ result: z.array(z.object({ id: z.union([z.string(), z.number()]) })) });

/** Ids of the lead's points: a flow names them by the event's id or by the id that is derived from it. */
export async function pointsOf(access: DoctorAccess, patient: Patient): Promise<string[]> {
  const eventId = eventIdOf(patient);
  const response = await qdrant(access, 'points', { ids: [eventId, pointId(eventId)], with_payload: false });
  if (response.status === 404) return [];
  if (!response.ok)
    throw new Error(`Qdrant answered ${response.status}: ${(await response.text()).slice(0, 200)}`);
  return pointsSchema.parse(await response.json()).result.map(({ id }) => String(id));
}

export function qdrant(
  { qdrant: { url, apiKey } }: DoctorAccess,
  path: string,
  body: unknown,
): Promise<Response> {
  return fetch(`${url}/collections/${LEADS_COLLECTION}/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'api-key': apiKey },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(15_000),
  });
}
