import type { LeadCaptured } from '@bizstack/contracts';
import { emailKind } from '../email-domains';
import { normalise, readField } from '../lead-fields';
import type { Cell, Row } from './cells';
import type { Column } from './encoder';

/**
 * A lead as columns, for the history and for scoring alike: its attributes by name, `source`, `country`,
 * `city`, and what can be told from the rest without learning it by heart (kind of e-mail address, which
 * fields were filled in, length of the message in characters). Names and addresses themselves are left out.
 */
export function leadRow(lead: LeadCaptured): Row {
  return {
    source: lead.source,
    country: lead.country,
    city: lead.city,
    'email.kind': lead.email === null ? 'missing' : emailKind(lead.email),
    'phone.given': isGiven(lead, 'phone'),
    'company.given': isGiven(lead, 'company'),
    'jobTitle.given': isGiven(lead, 'jobTitle'),
    'message.length': lead.message?.trim().length ?? 0,
    ...lead.attributes,
  };
}

/** The values that a model's columns ask of a lead. Names match whatever their writing (`TotalVisits`, `total_visits`). */
export function rowForColumns(lead: LeadCaptured, columns: readonly Column[]): Row {
  const row = leadRow(lead);
  const byName = new Map<string, Cell | undefined>();
  for (const [name, cell] of Object.entries(row)) byName.set(normalise(name), cell);
  return Object.fromEntries(
    columns.map(({ name, field }) => [
      name,
      field === undefined ? byName.get(normalise(name)) : readField(lead, field),
    ]),
  );
}

function isGiven(lead: LeadCaptured, field: string): 'yes' | 'no' {
  return readField(lead, field) === undefined ? 'no' : 'yes';
}
