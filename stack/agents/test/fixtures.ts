import type { LeadCaptured } from '@bizstack/contracts';

export const EVENT_ID = '01890a5d-ac96-774b-bcce-b302099a8057';
export const SCORED_AT = '2026-01-02T03:04:05.000Z';

export function lead(parts: Partial<LeadCaptured> = {}): LeadCaptured {
  return {
    leadId: '1',
    name: null,
    email: 'someone@example.com',
    phone: null,
    company: null,
    jobTitle: null,
    country: null,
    city: null,
    source: 'import',
    message: null,
    attributes: {},
    capturedAt: '2026-01-01T00:00:00.000Z',
    ...parts,
  };
}
