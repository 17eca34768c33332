import { parseArgs } from 'node:util';
import { BizError, messageOf } from '@bizstack/contracts/dist/errors';
import { z } from 'zod';
import { detectAnomalies, type Flag, FLAG_KINDS, type FlagKind } from '../anomalies';
import { type Books, generateBooks } from './generated-books';

const wholeNumber = z.coerce.number().int();
const optionsSchema = z.object({
  seed: wholeNumber.default(1),
  suppliers: wholeNumber.min(20).max(20_000).default(200),
  days: wholeNumber.min(180).max(3650).default(730),
  injected: wholeNumber.min(1).max(1000).default(40),
  json: z.boolean().default(false),
});

const APPROVAL_LIMIT = 10_000;

export interface KindResult {
  injected: number;
  found: number;
  recall: number;
  /** Flags on transactions that nothing was done to. */
  false_alarms: number;
  /** Those per thousand ordinary transactions. */
  per_thousand: number;
}

export interface AnomalyResult {
  transactions: number;
  ordinary: number;
  /** Share of the ordinary transactions with at least one flag. */
  false_alarm_rate: number;
  recall: number;
  kinds: Record<FlagKind, KindResult>;
}

/** `[--seed n] [--suppliers n] [--days n] [--injected n] [--json]`: recall and false alarms on generated books. */
export async function evalAnomalies(args: string[]): Promise<void> {
  const { json, ...options } = readOptions(args);
  const books = generateBooks({ ...options, approvalLimit: APPROVAL_LIMIT });
  const started = performance.now();
  const flags = detectAnomalies(books.transactions, {
    splitPayments: { approvalLimits: { EUR: APPROVAL_LIMIT } },
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stderr.write(`${books.transactions.length} transactions checked in ${seconds} s\n`);
  const result = measure(books, flags);
  process.stdout.write(json ? `${JSON.stringify(result)}\n` : table(result));
}

/** What the flags found of the injected cases, and what they said of ordinary transactions. */
export function measure({ transactions, injections }: Books, flags: readonly Flag[]): AnomalyResult {
  const touched = new Set(injections.flatMap(({ ids }) => ids));
  const flagged = new Set(flags.map(({ kind, transactionId }) => `${kind} ${transactionId}`));
  const ordinary = transactions.filter(({ id }) => !touched.has(id)).length;
  // An ordinary payment that is flagged together with an injected one is part of that case.
  const alarms = flags.filter(
    ({ transactionId, related }) => !touched.has(transactionId) && !related.some((id) => touched.has(id)),
  );
  const one = (kind: FlagKind): KindResult => {
    const cases = injections.filter((injection) => injection.kind === kind);
    const found = cases.filter(({ ids }) => ids.some((id) => flagged.has(`${kind} ${id}`))).length;
    const wrong = alarms.filter((flag) => flag.kind === kind).length;
    return {
      injected: cases.length,
      found,
      recall: rounded(found / cases.length),
      false_alarms: wrong,
      per_thousand: rounded((1000 * wrong) / ordinary),
    };
  };
  const kinds = {
    unusual_amount: one('unusual_amount'),
    duplicate: one('duplicate'),
    near_duplicate: one('near_duplicate'),
    split_payment: one('split_payment'),
    round_amount: one('round_amount'),
    new_bank_details: one('new_bank_details'),
    invalid_bank_details: one('invalid_bank_details'),
    non_working_day: one('non_working_day'),
    large_first_payment: one('large_first_payment'),
  };
  const found = Object.values(kinds).reduce((total, kind) => total + kind.found, 0);
  return {
    transactions: transactions.length,
    ordinary,
    false_alarm_rate: rounded(new Set(alarms.map(({ transactionId }) => transactionId)).size / ordinary),
    recall: rounded(found / injections.length),
    kinds,
  };
}

function readOptions(args: string[]) {
  const text = { type: 'string' } as const;
  try {
    const options = { seed: text, suppliers: text, days: text, injected: text };
    const { values } = parseArgs({ args, options: { ...options, json: { type: 'boolean' } } });
    return optionsSchema.parse(values);
  } catch (cause) {
    const problem = cause instanceof z.ZodError ? z.prettifyError(cause) : messageOf(cause);
    throw new BizError('BIZ_EVAL_USAGE', `anomalies: ${problem}`, {
      hint: 'Usage: npm run eval -- anomalies [--seed n] [--suppliers n] [--days n] [--injected n] [--json]',
      cause,
    });
  }
}

function table({ kinds, ...result }: AnomalyResult): string {
  const row = (cells: readonly string[]) =>
    cells.map((cell, at) => (at === 0 ? cell.padEnd(24) : cell.padStart(14))).join('');
  const lines = FLAG_KINDS.map((kind) => {
    const { injected, recall, false_alarms, per_thousand } = kinds[kind];
    return row([kind, String(injected), recall.toFixed(3), String(false_alarms), per_thousand.toFixed(2)]);
  });
  const all = `Of ${result.ordinary} ordinary transactions ${(100 * result.false_alarm_rate).toFixed(2)} % were flagged; recall over all kinds ${result.recall.toFixed(3)}.`;
  return [row(['kind', 'injected', 'recall', 'false alarms', 'per thousand']), ...lines, all, ''].join('\n');
}

function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
