import { setTimeout as sleep } from 'node:timers/promises';
import { LEADS_TABLE, messageOf } from '@bizstack/contracts';
import { z } from 'zod';
import { queryRows } from '../database';
import type { DoctorAccess } from './access';
import { eventIdOf, type Patient, pointsOf, qdrant } from './hops';

const anything = z.unknown();
const RELAY_MS = 10_000;

/**
 * Removes what the marked lead left, station by station. Messages of Kafka cannot be removed one by one: they
 * go with the topic's retention.
 * @returns what could not be removed, for a person
 */
export async function cleanUp(access: DoctorAccess, patient: Patient): Promise<string[]> {
  if (!patient.reply) return [];
  const eventId = eventIdOf(patient);
  const { leadId } = patient.reply;
  const crm = (sql: string, params: readonly unknown[]) =>
    queryRows(access.crmDatabaseUrl, sql, params, anything);
  const steps: readonly [string, () => Promise<unknown>][] = [
    [
      'in-app messages',
      () =>
        crm(`DELETE FROM "notificationInAppMessages" m WHERE position($1 in m::text) > 0`, [patient.mark]),
    ],
    [
      'notifications',
      () =>
        crm('DELETE FROM "crmNotifications" WHERE position($1 in key) > 0 OR position($2 in title) > 0', [
          eventId,
          patient.mark,
        ]),
    ],
    [
      'webhook deliveries',
      () =>
        crm(`DELETE FROM "crmWebhookDeliveries" d WHERE position($1 in d.payload::text) > 0`, [patient.mark]),
    ],
    ['enquiries', () => crm('DELETE FROM "crmLeadTouches" WHERE "leadId"::text = $1', [leadId])],
    ['outbox', () => emptyOutbox(access, leadId)],
    ['lead', () => crm('DELETE FROM "crmLeads" WHERE id::text = $1', [leadId])],
    [
      'business_data',
      () =>
        queryRows(
          access.businessDatabaseUrl,
          `DELETE FROM ${LEADS_TABLE} WHERE event_id = $1`,
          [eventId],
          anything,
        ),
    ],
    ['Qdrant', () => deletePoints(access, patient)],
  ];
  const left: string[] = [];
  for (const [what, remove] of steps) {
    try {
      await remove();
    } catch (error) {
      left.push(`${what}: ${messageOf(error)}`);
    }
  }
  return left;
}

/** Waits for the relay first: an event that it has not taken yet is still to be announced. */
async function emptyOutbox(access: DoctorAccess, leadId: string): Promise<void> {
  const events = `aggregateid IN ($1::text, 'lead/' || $1::text)`;
  for (const deadline = Date.now() + RELAY_MS; Date.now() < deadline; await sleep(100)) {
    const waiting = await queryRows(
      access.crmDatabaseUrl,
      `SELECT id FROM "bizstackOutbox" WHERE ${events} AND "publishedAt" IS NULL`,
      [leadId],
      anything,
    );
    if (waiting.length === 0) break;
  }
  const sql = `DELETE FROM "bizstackOutbox" WHERE ${events} AND "publishedAt" IS NOT NULL`;
  await queryRows(access.crmDatabaseUrl, sql, [leadId], anything);
}

async function deletePoints(access: DoctorAccess, patient: Patient): Promise<void> {
  const points = await pointsOf(access, patient);
  if (points.length === 0) return;
  const response = await qdrant(access, 'points/delete?wait=true', { points });
  if (!response.ok) throw new Error(`Qdrant answered ${response.status}`);
}
