import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { BizError, messageOf } from '@bizstack/contracts/dist/errors';
import { z } from 'zod';
import {
  type Column,
  inferColumns,
  type LeadModel,
  outcomeOf,
  predictProbability,
  trainLeadModel,
  type TrainingExample,
} from '../scoring';
import { areaUnderCurve } from '../scoring/model/metrics';
import { type CsvRow, readCsv } from './csv';
import { pythonWith, runPython } from './python';

const FILES = join(__dirname, '../../eval/lead-scoring');

/** Columns of the public X Education set that name the lead or that sales staff filled in after the outcome. */
const EXCLUDED = [
  'Prospect ID',
  'Lead Number',
  'Tags',
  'Lead Quality',
  'Lead Profile',
  'Asymmetrique*',
  'Last Notable Activity',
];

/** The evaluation measures on what it is given: rules would be no answer here. */
const MIN_PER_OUTCOME = 10;

const predictionsSchema = z.object({ logistic: z.array(z.number()), boosting: z.array(z.number()) });

/**
 * `--train <csv> --test <csv> --target <column> [--exclude a,b,c*] [--seed n] [--json]`: trains on one file and
 * compares, on the other, with scikit-learn's logistic regression and gradient boosting on the same columns.
 */
export async function evalLeadScoring(args: string[]): Promise<void> {
  const options = readOptions(args);
  const train = readExamples(await readCsv(options.train), options.train, options.target);
  const test = readExamples(await readCsv(options.test), options.test, options.target);
  const { columns, excluded, warnings } = inferColumns(train, {
    exclude: [options.target, ...options.exclude],
  });
  say(`Left out: ${excluded.map(({ column, reason }) => `${column || '(no name)'} (${reason})`).join(', ')}`);
  for (const { column, text } of warnings) say(`Warning, ${column}: ${text.en}`);
  requireColumns(test, options.test, columns);

  const model = await trainLeadModel(train, {
    columns,
    trainedAt: new Date().toISOString(),
    seed: options.seed,
    minPerOutcome: MIN_PER_OUTCOME,
  });
  const won = Float64Array.from(test, (example) => Number(example.won));
  const scores = test.map(({ row }) => predictProbability(model, row));
  const reference = await references(columns, train, test);
  const result = {
    auc: areaUnderCurve(scores, won),
    auc_logistic: areaUnderCurve(reference.logistic, won),
    auc_boosting: areaUnderCurve(reference.boosting, won),
    n: test.length,
  };
  process.stdout.write(options.json ? `${JSON.stringify(result)}\n` : table(result, model, train.length));
}

function readOptions(args: string[]) {
  const { values } = parse(args);
  const { train, test, target, json = false } = values;
  if (train === undefined || test === undefined || target === undefined) {
    throw usage('--train, --test and --target are needed.');
  }
  const seed = Number(values.seed ?? 1);
  if (!Number.isInteger(seed)) throw usage(`--seed must be a whole number, not "${values.seed}".`);
  const exclude = values.exclude?.split(',').map((name) => name.trim());
  return { train, test, target, json, seed, exclude: exclude ?? EXCLUDED };
}

function parse(args: string[]) {
  const text = { type: 'string' } as const;
  try {
    const options = { train: text, test: text, target: text, exclude: text, seed: text };
    return parseArgs({ args, options: { ...options, json: { type: 'boolean' } } });
  } catch (error) {
    throw usage(messageOf(error), error);
  }
}

function usage(problem: string, cause?: unknown): BizError {
  return new BizError('BIZ_EVAL_USAGE', `lead-scoring: ${problem}`, {
    hint: 'Usage: npm run eval -- lead-scoring --train <csv> --test <csv> --target <column> [--exclude a,b,c*] [--seed n] [--json]',
    cause,
  });
}

function readExamples(rows: readonly CsvRow[], file: string, target: string): TrainingExample[] {
  const examples = rows.map((row, at) => {
    const value = row[target];
    const won = outcomeOf(value);
    if (won !== undefined) return { row, won };
    const problem =
      value === undefined ? `has no column "${target}"` : `row ${at + 1}: "${target}" is "${value}"`;
    throw new BizError('BIZ_EVAL_FILE_INVALID', `${file}: ${problem}.`, {
      hint: 'The target must be a column with 1 or 0, yes or no, won or lost.',
      details: { file, target },
    });
  });
  const wins = examples.filter((example) => example.won).length;
  if (wins > 0 && wins < examples.length) return examples;
  throw new BizError('BIZ_EVAL_FILE_INVALID', `${file}: all ${examples.length} rows have the same outcome.`, {
    hint: 'Leads of both outcomes are needed.',
    details: { file, target },
  });
}

function requireColumns(test: readonly TrainingExample[], file: string, columns: readonly Column[]): void {
  const absent = columns
    .filter(({ name }) => !Object.hasOwn(test[0]?.row ?? {}, name))
    .map(({ name }) => name);
  if (absent.length === 0) return;
  throw new BizError('BIZ_EVAL_FILE_INVALID', `${file} has no column ${absent.join(', ')}.`, {
    hint: 'Both files need the same columns; --exclude leaves columns out.',
    details: { file, absent },
  });
}

/** Chances by scikit-learn, on the same rows and columns. */
async function references(
  columns: readonly Column[],
  train: readonly TrainingExample[],
  test: readonly TrainingExample[],
) {
  const python = await pythonWith('lead-scoring', join(FILES, 'requirements.txt'), say);
  const part = (examples: readonly TrainingExample[]) => ({
    rows: examples.map(({ row }) =>
      Object.fromEntries(columns.map(({ name }) => [name, row[name] === '' ? null : (row[name] ?? null)])),
    ),
    won: examples.map(({ won }) => Number(won)),
  });
  const named = (kind: Column['kind']) =>
    columns.filter((column) => column.kind === kind).map(({ name }) => name);
  const output = await runPython(python, join(FILES, 'reference.py'), {
    numeric: named('numeric'),
    categorical: named('categorical'),
    train: part(train),
    test: part(test),
  });
  return predictionsSchema.parse(JSON.parse(output));
}

function table(
  result: { auc: number; auc_logistic: number; auc_boosting: number; n: number },
  model: LeadModel,
  trained: number,
): string {
  const lines = [
    ['AUC, this model', result.auc],
    ['AUC, scikit-learn LogisticRegression', result.auc_logistic],
    ['AUC, scikit-learn HistGradientBoosting', result.auc_boosting],
    ['AUC by cross validation of the training rows', model.metrics.auc],
    ['Calibration error by cross validation', model.metrics.calibrationError],
  ] as const;
  const rows = lines.map(([name, value]) => `${name.padEnd(46)}${value.toFixed(4)}`);
  return [`${model.version}: trained on ${trained} leads, tested on ${result.n}`, ...rows, ''].join('\n');
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
