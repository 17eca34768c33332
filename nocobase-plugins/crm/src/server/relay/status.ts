import type { RelayMetrics } from '@bizstack/outbox';
import type { Database } from '@nocobase/database';
import { z } from 'zod';
import { RELAY_APPLICATION } from '../constants';
import { names, query } from '../services/sql';

const countsSchema = z.object({
  pending: z.coerce.number(),
  oldestSeconds: z.coerce.number().nullable(),
  published: z.coerce.number(),
  lastError: z.string().nullable(),
});
const leaderSchema = z.object({ since: z.date(), client: z.string().nullable() });
const deliveriesSchema = z.object({ state: z.string(), count: z.coerce.number() });

export interface RelayStatus extends z.infer<typeof countsSchema> {
  /** False when BIZSTACK_KAFKA_BROKERS is not set: events wait. */
  readonly configured: boolean;
  /** Connections of relays to this database: one leads, the others stand by. */
  readonly relays: readonly z.infer<typeof leaderSchema>[];
  /** The relay of the process that answers. */
  readonly here: RelayMetrics | null;
  readonly deliveries: Readonly<Record<string, number>>;
}

/** Health of the relay and of the outgoing webhooks. */
export async function relayStatus(db: Database, here: RelayMetrics | undefined): Promise<RelayStatus> {
  const outbox = names(db.getCollection('bizstackOutbox'));
  const webhooks = names(db.getCollection('crmWebhookDeliveries'));
  const waiting = `${outbox.column('publishedAt')} IS NULL`;
  const [counts] = await query(
    db,
    countsSchema,
    `SELECT count(*) FILTER (WHERE ${waiting}) AS pending,
            extract(epoch FROM now() - min(${outbox.column('createdAt')}) FILTER (WHERE ${waiting}))::float AS "oldestSeconds",
            count(*) FILTER (WHERE NOT (${waiting})) AS published,
            max(${outbox.column('lastError')}) FILTER (WHERE ${waiting}) AS "lastError"
     FROM ${outbox.table}`,
  );
  const relays = await query(
    db,
    leaderSchema,
    `SELECT backend_start AS since, host(client_addr) AS client FROM pg_stat_activity
     WHERE application_name = $1 AND datname = current_database() ORDER BY 1`,
    { bind: [RELAY_APPLICATION] },
  );
  const deliveries = await query(
    db,
    deliveriesSchema,
    `SELECT ${webhooks.column('state')} AS state, count(*) AS count FROM ${webhooks.table} GROUP BY 1`,
  );
  return {
    configured: (process.env['BIZSTACK_KAFKA_BROKERS'] ?? '') !== '',
    ...(counts ?? { pending: 0, oldestSeconds: null, published: 0, lastError: null }),
    relays,
    here: here ?? null,
    deliveries: Object.fromEntries(deliveries.map((row) => [row.state, row.count])),
  };
}
