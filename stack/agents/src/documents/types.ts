/** Kinds of document with rules of their own. */
export type DocumentKind = 'invoice' | 'receipt';

export interface Field<T = string> {
  readonly value: T;
  /** 0–1. Below 0.5 a person should look. */
  readonly confidence: number;
  /** How the value was found, one English sentence; never more of the document than a label. */
  readonly reason: string;
}

/** Fields by name; what was not found is absent. Dates are ISO 8601, amounts numbers in `currency`. */
export interface DocumentFields {
  /** Legal name of the seller. */
  supplier?: Field;
  /** Name that the document goes by: the brand, or the seller where there is no other. */
  issuer?: Field;
  customer?: Field;
  address?: Field;
  number?: Field;
  orderNumber?: Field;
  date?: Field;
  dueDate?: Field;
  /** ISO 4217. */
  currency?: Field;
  net?: Field<number>;
  tax?: Field<number>;
  total?: Field<number>;
  iban?: Field;
  bic?: Field;
  /** VAT or GST id of the seller. */
  vatId?: Field;
  /** Number in a trade register. */
  registrationNumber?: Field;
  website?: Field;
  paymentMethod?: Field;
}
export type FieldName = keyof DocumentFields;

export interface DocumentLine {
  readonly description: string;
  readonly quantity?: number;
  readonly unitPrice?: number;
  /** Per cent. */
  readonly taxRate?: number;
  readonly total: number;
  readonly confidence: number;
}

export interface Check {
  readonly name:
    'lines_equal_net' | 'lines_equal_total' | 'net_plus_tax_equals_total' | 'iban_valid' | 'due_after_date';
  readonly ok: boolean;
  /** The figures that were compared. */
  readonly detail: string;
}

export interface Extraction {
  readonly fields: DocumentFields;
  readonly lines: readonly DocumentLine[];
}
