import type { Database, Model, Transaction } from '@nocobase/database';
import { z } from 'zod';
import { OPEN_STATUSES } from '../constants';
import type { LeadInput } from './lead-input';
import { query } from './sql';

export type MatchedBy = 'email' | 'phone' | 'company+name';

export interface Match {
  readonly lead: Model;
  readonly by: MatchedBy;
}

/** What makes two enquiries possibly the same person. */
export type Identity = Pick<LeadInput, 'email' | 'phone' | 'matchKey'>;

/**
 * Holds back other enquiries of the same person until this transaction ends: of two at once the second finds the
 * first. Locks are taken in one order, so two transactions never wait for each other.
 */
export async function lockIdentity(
  db: Database,
  identity: Identity,
  furtherKeys: readonly string[],
  transaction: Transaction,
): Promise<void> {
  const keys = [
    ...(identity.email === null ? [] : [`email:${identity.email}`]),
    ...(identity.phone === null ? [] : [`phone:${identity.phone}`]),
    ...(identity.matchKey === null ? [] : [`match:${identity.matchKey}`]),
    ...furtherKeys,
  ];
  await query(
    db,
    z.unknown(),
    `SELECT pg_advisory_xact_lock(key) FROM (
       SELECT DISTINCT hashtextextended('bizstack.crm.' || name, 0) AS key FROM unnest($1::text[]) AS name ORDER BY key
     ) AS keys`,
    { bind: [keys], transaction },
  );
}

/**
 * Finds the lead that an enquiry belongs to: same e-mail; else same phone or same company and name, unless the
 * e-mail addresses (or phone numbers) of both are known and differ. Colleagues share a switchboard; namesakes exist.
 * An open lead goes before a closed one, an original before its duplicates, a newer before an older.
 */
export async function findDuplicate(
  db: Database,
  identity: Identity,
  transaction: Transaction,
  exceptId?: string,
): Promise<Match | undefined> {
  const { email, phone, matchKey } = identity;
  const same = [
    ...(email === null ? [] : [{ email }]),
    ...(phone === null ? [] : [{ phone }]),
    ...(matchKey === null ? [] : [{ matchKey }]),
  ];
  if (same.length === 0) return undefined;
  const leads = await db.getRepository('crmLeads').find({
    filter: { $or: same },
    sort: ['-createdAt', '-id'],
    limit: 50,
    transaction,
  });
  const matches = leads.flatMap((lead): Match[] => {
    if (String(lead.get('id')) === exceptId) return [];
    const by = matchedBy(lead, identity);
    return by === undefined ? [] : [{ lead, by }];
  });
  const open = matches.filter(({ lead }) => isOpen(lead));
  return open.find(({ lead }) => lead.get('duplicateOf') === null) ?? open[0] ?? matches[0];
}

export function isOpen(lead: Model): boolean {
  return OPEN_STATUSES.some((status) => status === lead.get('status'));
}

function matchedBy(lead: Model, { email, phone, matchKey }: Identity): MatchedBy | undefined {
  const other = {
    email: textOf(lead, 'email'),
    phone: textOf(lead, 'phone'),
    matchKey: textOf(lead, 'matchKey'),
  };
  if (email !== null && email === other.email) return 'email';
  if (email !== null && other.email !== null) return undefined;
  if (phone !== null && phone === other.phone) return 'phone';
  if (phone !== null && other.phone !== null) return undefined;
  return matchKey !== null && matchKey === other.matchKey ? 'company+name' : undefined;
}

function textOf(lead: Model, field: string): string | null {
  const value = lead.get(field);
  return typeof value === 'string' && value !== '' ? value : null;
}
