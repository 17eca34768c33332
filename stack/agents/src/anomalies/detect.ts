import { bankDetails } from './detectors/bank-details';
import { duplicates } from './detectors/duplicates';
import { largeFirstPayments } from './detectors/first-payments';
import { nonWorkingDays } from './detectors/non-working-days';
import { roundAmounts } from './detectors/round-amounts';
import { splitPayments } from './detectors/split-payments';
import { unusualAmounts } from './detectors/unusual-amount';
import type { Flag } from './flag';
import {
  type AnomalySettings,
  type AnomalySettingsInput,
  FLAG_KINDS,
  parseAnomalySettings,
} from './settings';
import { type Entry, readTransactions, type Transaction } from './transaction';

type Detector = (entries: readonly Entry[], settings: AnomalySettings) => Flag[];

const DETECTORS: readonly Detector[] = [
  unusualAmounts,
  duplicates,
  splitPayments,
  roundAmounts,
  bankDetails,
  nonWorkingDays,
  largeFirstPayments,
];

/**
 * Flags transactions that a person should look at, each with its reason and figures, in order of date, id and
 * kind. The same books and settings give the same flags in whatever order the transactions come. Time grows with
 * n · log n.
 * @throws BizError `BIZ_ANOMALIES_INPUT_INVALID`, `BIZ_ANOMALIES_SETTINGS_INVALID`
 */
export function detectAnomalies(
  transactions: readonly Transaction[],
  settings: AnomalySettingsInput = {},
): Flag[] {
  const parsed = parseAnomalySettings(settings);
  const entries = readTransactions(transactions);
  const wanted = new Set(parsed.kinds);
  const order = new Map(entries.map((entry, at) => [entry.transaction.id, at]));
  return DETECTORS.flatMap((detect) => detect(entries, parsed))
    .filter((flag) => wanted.has(flag.kind))
    .sort(
      (a, b) =>
        (order.get(a.transactionId) ?? 0) - (order.get(b.transactionId) ?? 0) ||
        FLAG_KINDS.indexOf(a.kind) - FLAG_KINDS.indexOf(b.kind),
    );
}
