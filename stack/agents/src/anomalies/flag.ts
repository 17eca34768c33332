import type { FlagKind } from './settings';

export type Severity = 'low' | 'medium' | 'high';

/** One reason to look at a transaction. */
export interface Flag {
  readonly transactionId: string;
  readonly kind: FlagKind;
  readonly severity: Severity;
  /** One sentence for a person. */
  readonly reason: { readonly en: string; readonly zh: string };
  /** The figures behind it. */
  readonly statistics: Readonly<Record<string, number | string>>;
  /** Ids of the transactions that it was held against, where there are such. */
  readonly related: readonly string[];
}
