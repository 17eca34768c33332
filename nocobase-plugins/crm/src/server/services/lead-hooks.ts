import { BizError, newEventId } from '@bizstack/contracts';
import type { Database, HookOptions, Model, Transaction } from '@nocobase/database';
import { findDuplicate, lockIdentity } from './duplicates';
import { leadCaptured } from './lead-events';
import { type LeadInput, parseLead } from './lead-input';
import { INTAKE, addTouch, hashOf } from './lead-intake';
import { writeEvent } from './outbox';

const INPUT_FIELDS = [
  'name',
  'firstName',
  'lastName',
  'email',
  'phone',
  'company',
  'jobTitle',
  'country',
  'city',
  'source',
  'message',
  'attributes',
  'externalId',
  'consent',
] as const;

/**
 * Holds leads that are entered in NocoBase itself (user interface, REST, workflows, imports) to the same rules as
 * the intake, within the transaction of the write. A person who enters a known lead gets it, marked as duplicate
 * and not announced a second time.
 */
export function registerLeadHooks(db: Database): void {
  db.on('crmLeads.beforeCreate', (lead, options) => beforeCreate(db, lead, options));
  db.on('crmLeads.afterCreate', (lead, options) => afterCreate(db, lead, options));
  db.on('crmLeads.beforeUpdate', async (lead, options) => {
    if (options.context === INTAKE || !INPUT_FIELDS.some((field) => lead.changed(field))) return;
    applyInput(lead, parseLead(inputOf(lead)));
  });
  db.on('crmLeads.beforeBulkCreate', async (leads, options) => {
    for (const lead of leads) await beforeCreate(db, lead, options);
  });
  db.on('crmLeads.afterBulkCreate', async (leads, options) => {
    for (const lead of leads) await afterCreate(db, lead, options);
  });
}

async function beforeCreate(db: Database, lead: Model, { context, transaction }: HookOptions): Promise<void> {
  if (context === INTAKE) return;
  const input = parseLead(inputOf(lead));
  applyInput(lead, input);
  if (input.source === null) lead.set('source', 'admin');
  const inTransaction = requireTransaction(transaction);
  await lockIdentity(db, input, [], inTransaction);
  const match = await findDuplicate(db, input, inTransaction);
  const now = new Date();
  lead.set('duplicateOf', match === undefined ? null : match.lead.get('id'));
  // A duplicate is not announced, so it shows the event of the lead that it repeats.
  lead.set('capturedEventId', match === undefined ? newEventId() : match.lead.get('capturedEventId'));
  lead.set('touchCount', 1);
  lead.set('lastTouchAt', now);
  if (input.consent) lead.set('consentAt', now);
}

async function afterCreate(db: Database, lead: Model, { context, transaction }: HookOptions): Promise<void> {
  if (context === INTAKE) return;
  const input = parseLead(inputOf(lead));
  const inTransaction = requireTransaction(transaction);
  const options = { channel: 'admin', defaultSource: 'admin' } as const;
  await addTouch(db, String(lead.get('id')), input, options, { bodyHash: hashOf(input) }, inTransaction);
  if (lead.get('duplicateOf') !== null) return;
  await writeEvent(db, leadCaptured(lead, new Date(), String(lead.get('capturedEventId'))), inTransaction);
}

function inputOf(lead: Model): Record<string, unknown> {
  return Object.fromEntries(INPUT_FIELDS.map((field) => [field, lead.get(field)]));
}

function applyInput(lead: Model, input: LeadInput): void {
  for (const field of INPUT_FIELDS) lead.set(field, input[field]);
  lead.set('matchKey', input.matchKey);
}

/** @throws BizError `BIZ_CRM_NO_TRANSACTION`: without one, the lead could be stored and its event lost. */
function requireTransaction(transaction: Transaction | undefined): Transaction {
  if (transaction !== undefined) return transaction;
  throw new BizError('BIZ_CRM_NO_TRANSACTION', 'A lead can only be created within a transaction.', {
    hint: 'Create it through a repository or the REST API, which open one.',
  });
}
