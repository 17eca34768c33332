import { createHash } from 'node:crypto';
import { BizError, newEventId } from '@bizstack/contracts';
import type { Database, Model, Transaction } from '@nocobase/database';
import { type Match, findDuplicate, isOpen, lockIdentity } from './duplicates';
import { leadCaptured } from './lead-events';
import { type LeadInput, parseLead } from './lead-input';
import { writeEvent } from './outbox';

export type Channel = 'form' | 'webhook' | 'admin' | 'api' | 'demo';

export interface IntakeOptions {
  readonly channel: Channel;
  /** Key of the form or webhook it came through. */
  readonly form?: string;
  /** Source to note when the enquiry names none. */
  readonly defaultSource: string;
  /** The same key again is the same enquiry: answered with the first result. */
  readonly idempotencyKey?: string;
  readonly demo?: boolean;
}

export interface IntakeResult {
  readonly leadId: string;
  /** The `crm.lead.captured` of that lead. */
  readonly eventId: string;
  /** The lead that this enquiry was recognised as; set when no new lead was made, or one for a closed lead. */
  readonly duplicateOf?: string;
  /** True when a lead was made, false when the enquiry went to one that exists. */
  readonly created: boolean;
}

/** Marks writes that the intake makes itself, so that the collection's hooks leave them alone. */
export const INTAKE = Symbol('bizstack.crm.intake');

/**
 * Takes an enquiry in: validated, matched with known leads, stored and announced in one transaction. Every way
 * in ends here.
 *
 * - A key or external id seen before answers with the first result and changes nothing.
 * - An enquiry of a person with an open lead becomes a further touch of that lead; blanks of the lead are filled;
 *   no second `crm.lead.captured`.
 * - An enquiry of a person whose lead is closed makes a new lead that names the old one.
 *
 * @throws BizError `BIZ_CRM_LEAD_INVALID`, `BIZ_CRM_DELIVERY_REUSED`.
 */
export async function takeLead(db: Database, values: unknown, options: IntakeOptions): Promise<IntakeResult> {
  const lead = parseLead(values);
  const bodyHash = hashOf(lead);
  return db.sequelize.transaction(async (transaction) => {
    await lockIdentity(db, lead, furtherLocks(lead, options), transaction);
    const seen = await findSeen(db, lead, options, bodyHash, transaction);
    if (seen !== undefined) return seen;
    const match = await findDuplicate(db, lead, transaction);
    if (match !== undefined && isOpen(match.lead))
      return attach(db, match, lead, options, bodyHash, transaction);
    return create(db, match, lead, options, bodyHash, transaction);
  });
}

function furtherLocks(lead: LeadInput, { idempotencyKey, form }: IntakeOptions): string[] {
  return [
    ...(idempotencyKey === undefined ? [] : [`key:${idempotencyKey}`]),
    ...(lead.externalId === null ? [] : [`external:${form ?? ''}:${lead.externalId}`]),
  ];
}

async function findSeen(
  db: Database,
  lead: LeadInput,
  { idempotencyKey, form }: IntakeOptions,
  bodyHash: string,
  transaction: Transaction,
): Promise<IntakeResult | undefined> {
  if (idempotencyKey !== undefined) {
    const touch = await db
      .getRepository('crmLeadTouches')
      .findOne({ filter: { idempotencyKey }, appends: ['lead'], transaction });
    if (touch !== null) {
      if (touch.get('bodyHash') !== bodyHash) {
        throw new BizError(
          'BIZ_CRM_DELIVERY_REUSED',
          'This delivery was received before with another content.',
          {
            hint: 'Send a new delivery id with every new lead; repeat one only together with the same body.',
          },
        );
      }
      return resultOf(await leadOf(db, touch.get('leadId'), transaction), false);
    }
  }
  if (lead.externalId === null) return undefined;
  const known = await db
    .getRepository('crmLeads')
    .findOne({ filter: { externalId: lead.externalId, form: form ?? null }, transaction });
  return known === null ? undefined : resultOf(known, false);
}

async function leadOf(db: Database, id: unknown, transaction: Transaction): Promise<Model> {
  const lead = await db.getRepository('crmLeads').findOne({ filterByTk: id, transaction });
  if (lead === null) throw new BizError('BIZ_CRM_LEAD_UNKNOWN', `The lead ${String(id)} does not exist.`);
  return lead;
}

async function attach(
  db: Database,
  { lead: known, by }: Match,
  lead: LeadInput,
  options: IntakeOptions,
  bodyHash: string,
  transaction: Transaction,
): Promise<IntakeResult> {
  const fillable = [
    'name',
    'firstName',
    'lastName',
    'email',
    'phone',
    'company',
    'jobTitle',
    'country',
    'city',
    'matchKey',
  ] as const;
  const blanks = fillable.filter((field) => isBlank(known.get(field)) && !isBlank(lead[field]));
  await db.getRepository('crmLeads').update({
    filterByTk: known.get('id'),
    values: {
      ...Object.fromEntries(blanks.map((field) => [field, lead[field]])),
      ...(lead.consent && known.get('consent') !== true ? { consent: true, consentAt: new Date() } : {}),
      touchCount: Number(known.get('touchCount') ?? 0) + 1,
      lastTouchAt: new Date(),
    },
    transaction,
    context: INTAKE,
  });
  await addTouch(db, String(known.get('id')), lead, options, { bodyHash, matchedBy: by }, transaction);
  return { ...resultOf(known, false), duplicateOf: String(known.get('id')) };
}

async function create(
  db: Database,
  earlier: Match | undefined,
  input: LeadInput,
  options: IntakeOptions,
  bodyHash: string,
  transaction: Transaction,
): Promise<IntakeResult> {
  const now = new Date();
  const eventId = newEventId();
  const lead = await db.getRepository('crmLeads').create({
    values: {
      ...input,
      source: input.source ?? options.defaultSource,
      status: 'new',
      form: options.form ?? null,
      capturedEventId: eventId,
      duplicateOf: null,
      ...(earlier === undefined ? {} : { duplicateOf: earlier.lead.get('id') }),
      touchCount: 1,
      lastTouchAt: now,
      consentAt: input.consent ? now : null,
      demo: options.demo ?? false,
    },
    transaction,
    context: INTAKE,
  });
  await addTouch(
    db,
    String(lead.get('id')),
    input,
    options,
    { bodyHash, matchedBy: earlier?.by },
    transaction,
  );
  await writeEvent(db, leadCaptured(lead, now, eventId), transaction);
  const duplicateOf = earlier === undefined ? {} : { duplicateOf: String(earlier.lead.get('id')) };
  return { leadId: String(lead.get('id')), eventId, ...duplicateOf, created: true };
}

/** Notes an enquiry with its lead. */
export async function addTouch(
  db: Database,
  leadId: string,
  { matchKey: _, ...lead }: LeadInput,
  { channel, form, defaultSource, idempotencyKey }: IntakeOptions,
  { bodyHash, matchedBy }: { readonly bodyHash: string; readonly matchedBy?: string | undefined },
  transaction: Transaction | undefined,
): Promise<void> {
  await db.getRepository('crmLeadTouches').create({
    values: {
      leadId,
      channel,
      form: form ?? null,
      source: lead.source ?? defaultSource,
      message: lead.message,
      matchedBy: matchedBy ?? null,
      payload: lead,
      idempotencyKey: idempotencyKey ?? null,
      bodyHash,
    },
    ...(transaction === undefined ? {} : { transaction }),
  });
}

export function hashOf(lead: LeadInput): string {
  return createHash('sha256').update(JSON.stringify(lead)).digest('hex');
}

function resultOf(lead: Model, created: boolean): IntakeResult {
  const duplicateOf = lead.get('duplicateOf');
  return {
    leadId: String(lead.get('id')),
    eventId: String(lead.get('capturedEventId')),
    ...(isBlank(duplicateOf) ? {} : { duplicateOf: String(duplicateOf) }),
    created,
  };
}

function isBlank(value: unknown): boolean {
  return value === null || value === undefined || value === '';
}
