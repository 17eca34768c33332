import { readFile, readdir } from 'node:fs/promises';
import { join, parse, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { BizError } from '@bizstack/contracts';
import { z } from 'zod';
import { closeDocumentReader, comparableName, extractDocument, type ExtractedDocument } from '../documents';
import { addressParts } from '../documents/fields/address-parts';
import { findDates } from '../documents/fields/dates';
import { compact } from '../documents/fields/text';

const DOCUMENT = /\.(?:pdf|jpe?g|png|tiff?|webp|xml)$/i;
const expectedSchema = z.record(z.string(), z.unknown());

type Reader = (document: ExtractedDocument) => string | number | undefined;
type Comparison = (expected: unknown, found: string | number | undefined) => boolean;

const asText = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : '';

const byValue: Comparison = (expected, found) =>
  found !== undefined && Math.abs(Number(asText(expected).replace(/[^\d.-]/g, '')) - Number(found)) < 0.005;
/** `12/28/2017` is read month first because it cannot be otherwise. */
const byDay: Comparison = (expected, found) =>
  found !== undefined && findDates(asText(expected), { dayFirst: true })[0]?.value === found;
const byName: Comparison = (expected, found) =>
  found !== undefined && comparableName(asText(expected)) === comparableName(String(found));
const byLetters: Comparison = (expected, found) =>
  found !== undefined && compact(asText(expected)) === compact(String(found));

/** A value of which only the name is known: a date, an amount or a text, whichever both can be read as. */
const bySense: Comparison = (expected, found) => {
  const day = findDates(asText(expected), { dayFirst: true })[0]?.value;
  return (
    byLetters(expected, found) ||
    (day !== undefined && day === findDates(asText(found), { dayFirst: true })[0]?.value) ||
    (/^[\d.,-]+$/.test(asText(expected)) && /^[\d.,-]+$/.test(asText(found)) && byValue(expected, found))
  );
};

/** `Invoice from Coolblue`: a sentence about the issuer. */
const bySentence: Comparison = (expected, found) =>
  byName(asText(expected).replace(/^\s*invoice\s+from\s+/i, ''), found);

/** Expected keys that name one of our fields. Every other key is looked for as the label of a value. */
const FIELDS: Readonly<Record<string, readonly [Reader, Comparison]>> = {
  company: [(d) => d.fields.supplier?.value, byName],
  supplier: [(d) => d.fields.supplier?.value, byName],
  partner_name: [(d) => d.fields.supplier?.value, byName],
  issuer: [(d) => d.fields.issuer?.value, byName],
  customer: [(d) => d.fields.customer?.value, byName],
  address: [(d) => d.fields.address?.value, byLetters],
  date: [(d) => d.fields.date?.value, byDay],
  invoice_date: [(d) => d.fields.date?.value, byDay],
  date_due: [(d) => d.fields.dueDate?.value, byDay],
  due_date: [(d) => d.fields.dueDate?.value, byDay],
  total: [(d) => d.fields.total?.value, byValue],
  amount: [(d) => d.fields.total?.value, byValue],
  amount_untaxed: [(d) => d.fields.net?.value, byValue],
  net: [(d) => d.fields.net?.value, byValue],
  amount_tax: [(d) => d.fields.tax?.value, byValue],
  tax: [(d) => d.fields.tax?.value, byValue],
  currency: [(d) => d.fields.currency?.value, byLetters],
  invoice_number: [(d) => d.fields.number?.value, byLetters],
  number: [(d) => d.fields.number?.value, byLetters],
  order_id: [(d) => d.fields.orderNumber?.value, byLetters],
  order_number: [(d) => d.fields.orderNumber?.value, byLetters],
  vat: [(d) => d.fields.vatId?.value, byLetters],
  vat_id: [(d) => d.fields.vatId?.value, byLetters],
  gstin: [(d) => d.fields.vatId?.value, byLetters],
  iban: [(d) => d.fields.iban?.value, byLetters],
  bic: [(d) => d.fields.bic?.value, byLetters],
  partner_coc: [(d) => d.fields.registrationNumber?.value, byLetters],
  cin: [(d) => d.fields.registrationNumber?.value, byLetters],
  partner_website: [(d) => d.fields.website?.value, byLetters],
  payment_method: [(d) => d.fields.paymentMethod?.value, byLetters],
  country_code: [
    (d) => /^[A-Z]{2}/.exec(d.fields.vatId?.value ?? d.fields.iban?.value ?? '')?.[0],
    byLetters,
  ],
  partner_street: [(d) => addressParts(d.fields.address?.value ?? '').street, byLetters],
  partner_zip: [(d) => addressParts(d.fields.address?.value ?? '').zip, byLetters],
  partner_city: [(d) => addressParts(d.fields.address?.value ?? '').city, byLetters],
  desc: [(d) => d.fields.issuer?.value, bySentence],
};

const lineSchema = z
  .object({ price_subtotal: z.unknown(), price_unit: z.unknown(), price: z.unknown(), qty: z.unknown() })
  .partial();

/** Right when the amounts of the lines are the expected ones, each as often; lines without an amount are notes. */
function linesMatch(expected: unknown, document: ExtractedDocument): boolean {
  const wanted = z
    .array(lineSchema)
    .safeParse(expected)
    .data?.flatMap((line) => {
      const amount =
        line.price_subtotal ??
        (line.qty === undefined || Number(line.qty) === 1 ? (line.price ?? line.price_unit) : undefined);
      return amount === undefined ? [] : [Number(amount)];
    });
  const ascending = (a: number, b: number): number => a - b;
  const found = document.lines.map((line) => line.total).sort(ascending);
  return (
    wanted !== undefined &&
    wanted.length > 0 &&
    wanted.length === found.length &&
    wanted.sort(ascending).every((amount, at) => Math.abs(amount - (found[at] ?? NaN)) < 0.005)
  );
}

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const log = (line: string): void => void process.stderr.write(`${line}\n`);

interface Score {
  correct: number;
  total: number;
}

async function readExpected(path: string): Promise<Record<string, unknown>> {
  try {
    const content: unknown = JSON.parse(await readFile(path, 'utf8'));
    return expectedSchema.parse(Array.isArray(content) ? content[0] : content);
  } catch (cause) {
    throw new BizError('BIZ_EVAL_EXPECTED_INVALID', `${path} holds no object of expected values.`, {
      hint: 'Write {"total": "9.00", "date": "25/12/2018"}.',
      cause,
    });
  }
}

async function listDocuments(dir: string): Promise<string[]> {
  try {
    const names = await readdir(dir);
    const expected = new Set(names.filter((name) => name.endsWith('.json')).map((name) => parse(name).name));
    const documents = names.filter((name) => DOCUMENT.test(name) && expected.has(parse(name).name)).sort();
    if (documents.length > 0) return documents;
  } catch (cause) {
    throw new BizError('BIZ_EVAL_DIR_UNREADABLE', `The folder ${dir} cannot be read.`, {
      hint: 'Pass --dir <folder>.',
      cause,
    });
  }
  throw new BizError(
    'BIZ_EVAL_DIR_EMPTY',
    `The folder ${dir} holds no document with a JSON file of the same name.`,
    {
      hint: 'Put 001.jpg beside 001.json.',
    },
  );
}

/** Receipts are told by their keys: the set of receipts names a company, invoices an issuer. */
function kindOf(expected: Record<string, unknown>): 'receipt' | 'invoice' | undefined {
  if ('company' in expected) return 'receipt';
  return 'issuer' in expected || 'invoice_number' in expected ? 'invoice' : undefined;
}

/** Accuracy of {@link extractDocument} a field: `--dir <folder>` `[--json] [--verbose]`. */
export async function evalDocuments(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      dir: { type: 'string' },
      json: { type: 'boolean', default: false },
      verbose: { type: 'boolean', default: false },
    },
  });
  if (values.dir === undefined) {
    throw new BizError('BIZ_EVAL_OPTION_MISSING', 'documents needs --dir.', {
      hint: 'Pass --dir <folder of documents with JSON files>.',
    });
  }
  const dir = resolve(process.env['INIT_CWD'] ?? process.cwd(), values.dir);
  const scores: Record<string, Score> = {};
  for (const name of await listDocuments(dir)) {
    const expected = await readExpected(join(dir, `${parse(name).name}.json`));
    const started = Date.now();
    let document: ExtractedDocument | undefined;
    try {
      const labels = Object.keys(expected).filter((key) => !Object.hasOwn(FIELDS, key) && key !== 'lines');
      document = await extractDocument(await readFile(join(dir, name)), { kind: kindOf(expected), labels });
    } catch (error) {
      log(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
    for (const [key, wanted] of Object.entries(expected)) {
      if (wanted === null || wanted === '') continue;
      const [read, fits] = (Object.hasOwn(FIELDS, key) ? FIELDS[key] : undefined) ?? [
        (from: ExtractedDocument) =>
          Object.hasOwn(from.labelled, key) ? from.labelled[key]?.value : undefined,
        bySense,
      ];
      const found = document && read(document);
      const correct =
        document !== undefined && (key === 'lines' ? linesMatch(wanted, document) : fits(wanted, found));
      const score = (scores[key] ??= { correct: 0, total: 0 });
      score.total += 1;
      if (correct) score.correct += 1;
      else if (values.verbose)
        log(`${name} ${key}: expected ${JSON.stringify(wanted)}, found ${JSON.stringify(found)}`);
    }
    log(`${name}: ${((Date.now() - started) / 1000).toFixed(1)} s`);
  }
  await closeDocumentReader();
  if (values.json) print(JSON.stringify(scores));
  else {
    for (const [field, { correct, total }] of Object.entries(scores)) {
      print(
        `${field.padEnd(20)} ${String(correct).padStart(4)} of ${String(total).padStart(4)}  ${((100 * correct) / total).toFixed(1)} %`,
      );
    }
  }
}
