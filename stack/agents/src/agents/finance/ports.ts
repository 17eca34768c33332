import type { AgentUser } from '../../tools/user';

interface CallOptions {
  user: AgentUser;
  signal: AbortSignal;
}

/** Amounts are decimal text: JSON numbers lose cents. */
export interface InvoiceFacts {
  id: string;
  number: string;
  customer: string;
  /** ISO dates. */
  issued: string;
  due: string;
  currency: string;
  total: string;
  paid: string;
  refunded: string;
  /** Null while it is not paid. */
  paidAt: string | null;
  status: string;
}

export interface ReportColumn {
  name: string;
  /** `money` has decimal text and needs `currency` of the report. */
  kind: 'money' | 'number' | 'percent' | 'date' | 'text';
}

/** Rows that SQL made. */
export interface ReportRows {
  columns: ReportColumn[];
  rows: Record<string, string | number | null>[];
  currency?: string;
}

export interface FinancePorts {
  invoices: {
    /** By id or number. */
    get(reference: string, options: CallOptions): Promise<InvoiceFacts | undefined>;
    find(
      query: { customer?: string; status?: string; limit: number },
      options: CallOptions,
    ): Promise<InvoiceFacts[]>;
  };
  /** Reports that somebody wrote as SQL; the agent chooses one and gives parameters, never SQL. */
  reports?: {
    list(options: CallOptions): Promise<{ name: string; description: string; parameters: string[] }[]>;
    run(name: string, parameters: Record<string, string>, options: CallOptions): Promise<ReportRows>;
  };
  transactions?: {
    /** What statistics found unusual about a transaction, each with its reason. */
    flags(
      transactionId: string,
      options: CallOptions,
    ): Promise<
      { amount: string; currency: string; date: string; party: string; reasons: string[] } | undefined
    >;
  };
  refunds?: {
    request(
      refund: { invoiceId: string; amount: string; currency: string; reason: string },
      options: CallOptions & { idempotencyKey: string },
    ): Promise<{ id: string }>;
  };
}
