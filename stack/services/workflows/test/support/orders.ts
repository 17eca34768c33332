import { newId } from './bed';
import type { LeadToCashInput } from '../../src/client';

/** 2 × 100.00 + 0.5 × 33.33 at 19 % and 1 × 9.99 at 7 %: 226.66 net, 41.87 tax, 268.53 gross. */
export function order(terms: LeadToCashInput['terms'] = {}): LeadToCashInput {
  return {
    leadId: newId('lead'),
    customer: { name: 'Example GmbH', email: 'buyer@example.com', country: 'DE' },
    currency: 'EUR',
    lines: [
      { description: 'Consulting', quantity: '2', unitPrice: '100.00', taxRate: '19' },
      { description: 'Travel', quantity: '0.5', unitPrice: '33.33', taxRate: '19.0' },
      { description: 'Book', quantity: '1', unitPrice: '9.99', taxRate: '7' },
    ],
    terms,
  };
}
