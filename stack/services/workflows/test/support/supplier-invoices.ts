import type { InvoiceProcessingInput, SupplierInvoice } from '../../src/client';
import { newId } from './bed';

/** 119.00 of 100.00 and 19 % unless told otherwise; the number is new each time. */
export function supplierInvoice(changes: Partial<SupplierInvoice> = {}): SupplierInvoice {
  return {
    supplier: { name: 'Cloud & Söhne GmbH', vatId: 'DE123456789', iban: 'DE89370400440532013000' },
    number: newId('R'),
    issuedOn: '2026-01-05',
    currency: 'EUR',
    lines: [{ description: 'Server hosting', quantity: '1', unitPrice: '100.00', taxRate: '19' }],
    net: '100.00',
    tax: '19.00',
    gross: '119.00',
    ...changes,
  };
}

export function processing(
  invoice: SupplierInvoice,
  changes: Partial<InvoiceProcessingInput> = {},
): InvoiceProcessingInput {
  return {
    document: { kind: 'structured', invoice },
    submittedBy: 'clerk',
    policy: {
      levels: [
        { upTo: '1000.00', approvers: ['lead', 'deputy'], escalateTo: ['head'] },
        { approvers: ['head', 'cfo'], required: 2 },
      ],
    },
    paymentMethod: 'stripe',
    ...changes,
  };
}
