import { BizError, TOPICS, newEventId } from '@bizstack/contracts';
import type { RelayOptions } from '@bizstack/outbox';
import type { Database } from '@nocobase/database';
import type { Logger } from '@nocobase/server';
import { z } from 'zod';
import { names, query } from '../services/sql';
import { RELAY_APPLICATION } from '../constants';

const DEFAULT_RETENTION_DAYS = 14;

/**
 * Reads `BIZSTACK_KAFKA_BROKERS` (host:port, comma separated) and `BIZSTACK_OUTBOX_RETENTION_DAYS`.
 * @returns undefined when no broker is named: the relay stays off.
 * @throws BizError `BIZ_CRM_RELAY_OPTIONS` when a value is not usable.
 */
export function readSettings(
  env: NodeJS.ProcessEnv,
): { brokers: string[]; retentionDays: number } | undefined {
  const brokers = (env['BIZSTACK_KAFKA_BROKERS'] ?? '')
    .split(',')
    .map((broker) => broker.trim())
    .filter((broker) => broker !== '');
  if (brokers.length === 0) return undefined;
  const wrong = brokers.find((broker) => !/^([\w.-]+|\[[\da-f:]+\]):\d{1,5}$/i.test(broker));
  if (wrong !== undefined) {
    throw new BizError(
      'BIZ_CRM_RELAY_OPTIONS',
      `BIZSTACK_KAFKA_BROKERS contains "${wrong}", which is not host:port.`,
    );
  }
  const retentionDays = Number(env['BIZSTACK_OUTBOX_RETENTION_DAYS'] ?? DEFAULT_RETENTION_DAYS);
  if (!Number.isInteger(retentionDays) || retentionDays < 1) {
    throw new BizError(
      'BIZ_CRM_RELAY_OPTIONS',
      'BIZSTACK_OUTBOX_RETENTION_DAYS must be a whole number of days, 1 or more.',
    );
  }
  return { brokers, retentionDays };
}

/** Options of this NocoBase's relay; undefined when it is off. */
export async function relayOptions(db: Database, log: Logger): Promise<RelayOptions | undefined> {
  const settings = readSettings(process.env);
  if (settings === undefined) return undefined;
  return {
    databaseUrl: databaseUrl(db),
    table: names(db.getCollection('bizstackOutbox')).table.replaceAll('"', ''),
    kafka: { brokers: settings.brokers, logLevel: 0 },
    transactionalId: `bizstack-outbox-${await outboxId(db)}`,
    topics: Object.values(TOPICS),
    retentionDays: settings.retentionDays,
    applicationName: RELAY_APPLICATION,
    log,
  };
}

/** The relay has a connection of its own: its lock must live exactly as long as it works. */
function databaseUrl(db: Database): string {
  const { host, port, database, username, password, dialectOptions } = db.options;
  const part = (value: string | undefined): string => encodeURIComponent(value ?? '');
  const ssl = dialectOptions?.ssl === undefined || dialectOptions.ssl === false ? '' : '?sslmode=no-verify';
  return `postgres://${part(username)}:${part(password)}@${host ?? 'localhost'}:${port ?? 5432}/${part(database)}${ssl}`;
}

const valueSchema = z.object({ value: z.uuid() });

/** Made once a database, so that it stays the same over restarts and two installations never fence each other. */
async function outboxId(db: Database): Promise<string> {
  const { table, column } = names(db.getCollection('crmState'));
  await query(
    db,
    z.unknown(),
    `INSERT INTO ${table} (${column('name')}, ${column('value')}) VALUES ('outbox', to_jsonb($1::text)) ON CONFLICT DO NOTHING`,
    { bind: [newEventId()] },
  );
  const [state] = await query(
    db,
    valueSchema,
    `SELECT ${column('value')} #>> '{}' AS value FROM ${table} WHERE ${column('name')} = 'outbox'`,
  );
  return valueSchema.parse(state).value;
}
