/** One payment to a supplier. */
export interface PaymentOrder {
  /** The same order has the same key at every attempt: a provider carries it out once. */
  readonly key: string;
  /** Decimal text. */
  readonly amount: string;
  readonly currency: string;
  readonly creditor: {
    readonly name: string;
    readonly iban?: string | undefined;
    readonly bic?: string | undefined;
    readonly providerAccount?: string | undefined;
  };
  /** What the creditor reads: the number of the invoice. */
  readonly purpose: string;
  /** ISO date on which it is carried out. */
  readonly executeOn: string;
}

export interface PaymentReceipt {
  readonly reference: string;
  /** `submitted`: somebody has to confirm that the money went. */
  readonly status: 'settled' | 'submitted';
}

/** A way to pay. A second provider is another implementation of this. */
export interface PaymentProvider {
  readonly name: string;
  /** @throws BizError `BIZ_PAYMENT_…`; retryable ones are tried again with the same key */
  pay(order: PaymentOrder, context: { signal: AbortSignal; heartbeat: () => void }): Promise<PaymentReceipt>;
}
