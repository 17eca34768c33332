import { FLAG_KINDS, type FlagKind, type Transaction } from '../anomalies';
import { type Random, seededRandom } from '../seeded-random';

export interface BooksOptions {
  readonly seed: number;
  readonly suppliers: number;
  /** Days of the books, from 2025-01-01. */
  readonly days: number;
  /** Cases to put in per kind. */
  readonly injected: number;
  /** From this amount on a payment needs approval. */
  readonly approvalLimit: number;
}

export interface Injection {
  readonly kind: FlagKind;
  /** Finding one of these is finding the case. */
  readonly ids: readonly string[];
}

export interface Books {
  readonly transactions: Transaction[];
  readonly injections: Injection[];
}

interface Supplier {
  readonly name: string;
  readonly category: string;
  readonly account: string;
  /** Days between payments; regular suppliers keep to them, others do so on average. */
  readonly every: number;
  readonly rhythm: 'fixed' | 'regular' | 'irregular';
  readonly median: number;
  readonly sigma: number;
  /** Mondays cost this much more: deliveries for the whole week. */
  readonly monday: number;
  readonly weekends: boolean;
  readonly from: number;
  readonly numbers: 'yearly' | 'running' | 'none';
  count: number;
}

const START_DAY = Date.parse('2025-01-01T00:00:00Z') / 86_400_000;
const CATEGORIES = [
  'rent',
  'software',
  'logistics',
  'catering',
  'marketing',
  'materials',
  'travel',
  'energy',
];
/** Country and digits of an account number there. */
const COUNTRIES = [
  ['DE', 18],
  ['AT', 16],
  ['NO', 11],
] as const;
/** Ordinary payments that look odd: shares of all payments, and of suppliers that change their bank. */
const ODD = { tail: 0.02, weekend: 0.003, round: 0.002, repeated: 0.002, creditNote: 0.01, bankChange: 0.03 };

/**
 * Books of a company, the same for the same options: rents that never change, subscriptions that get dearer,
 * deliveries by weekday, invoices of every size, new suppliers, credit notes, and the cases of each kind that a
 * detector should find. What is ordinary is made so that it now and then looks odd, as it does in life.
 */
export function generateBooks(options: BooksOptions): Books {
  const random = seededRandom(options.seed);
  const suppliers = Array.from({ length: options.suppliers }, (_, at) => newSupplier(at, options, random));
  const book = new Book(random);
  for (const supplier of suppliers) ordinaryPayments(book, supplier, options, random);
  const injections = injectAll(book, suppliers, options, random);
  const transactions = book.transactions.sort((a, b) => (a.date < b.date ? -1 : a.date > b.date ? 1 : 0));
  return { transactions, injections };
}

class Book {
  readonly transactions: Transaction[] = [];

  constructor(private readonly random: Random) {}

  add(supplier: Supplier, day: number, amount: number, change: Partial<Transaction> = {}): Transaction {
    supplier.count += 1;
    const transaction: Transaction = {
      id: `t${String(this.transactions.length + 1).padStart(6, '0')}`,
      date: dateOf(day),
      amount: amount.toFixed(2),
      currency: 'EUR',
      supplier: supplier.name,
      category: supplier.category,
      account: supplier.account,
      description: `${supplier.category} ${supplier.count}`,
      invoiceNumber: numberOf(supplier, day),
      ...change,
    };
    this.transactions.push(transaction);
    return transaction;
  }

  pick<T>(items: readonly T[]): T {
    return pick(items, this.random);
  }
}

function newSupplier(at: number, options: BooksOptions, random: Random): Supplier {
  const category = pick(CATEGORIES, random);
  const late = random() < 0.15 ? Math.floor(random() * options.days * 0.8) : 0;
  const rhythm = category === 'rent' ? 'fixed' : category === 'software' ? 'regular' : 'irregular';
  return {
    name: `Supplier ${at + 1} ${pick(['GmbH', 'Ltd', 'S.A.', 'AG'], random)}`,
    category,
    account: newAccount(random),
    every: rhythm === 'irregular' ? 3 + Math.floor(random() * 18) : 30,
    rhythm,
    median: Math.exp(4 + 4 * random()),
    sigma: rhythm === 'irregular' ? 0.15 + 0.5 * random() : 0.02,
    monday: category === 'catering' ? 3 : 1,
    weekends: category === 'travel',
    from: late,
    numbers: pick(['yearly', 'running', 'none'] as const, random),
    count: Math.floor(random() * 900),
  };
}

function ordinaryPayments(book: Book, supplier: Supplier, options: BooksOptions, random: Random): void {
  const fixed = supplier.rhythm === 'fixed' ? 100 * Math.round(supplier.median / 100 + 1) : undefined;
  const bankChange = random() < ODD.bankChange ? options.days * random() : Infinity;
  const later = newAccount(random);
  for (let day = supplier.from + random() * supplier.every; day < options.days;) {
    const anyDay = supplier.weekends || random() < ODD.weekend;
    const posting = anyDay ? Math.floor(day) : workingDay(Math.floor(day));
    const account = day >= bankChange ? { account: later } : {};
    if (posting < options.days - 7) {
      const dearer = supplier.rhythm === 'regular' ? 1.04 ** Math.floor(day / 180) : 1;
      const usual = fixed ?? dearer * ordinaryAmount(supplier, posting, random);
      const amount = random() < ODD.round ? 1000 * Math.ceil(usual / 1000) : usual;
      book.add(supplier, posting, amount, account);
      if (random() < ODD.repeated) book.add(supplier, workingDay(posting + 2), amount, account);
      if (random() < ODD.creditNote) book.add(supplier, workingDay(posting + 2), -0.5 * usual, account);
    }
    day += supplier.rhythm === 'irregular' ? -Math.log(1 - random()) * supplier.every : supplier.every;
  }
}

type Inject = (book: Book, suppliers: readonly Supplier[], options: BooksOptions, random: Random) => string[];

const INJECT: Readonly<Record<FlagKind, Inject>> = {
  unusual_amount(book, suppliers, options, random) {
    const supplier = book.pick(known(book, suppliers));
    const factor = Math.exp((random() < 0.7 ? 1 : -1) * (1.2 + 7 * supplier.sigma));
    const day = someDay(supplier, options, random);
    return [book.add(supplier, day, factor * ordinaryAmount(supplier, day, random)).id];
  },
  duplicate(book, _suppliers, options, random) {
    const paid = book.pick(
      book.transactions.filter(({ amount, invoiceNumber }) => Number(amount) > 0 && invoiceNumber),
    );
    return [again(book, paid, options, 1 + Math.floor(random() * 40), {})];
  },
  near_duplicate(book, _suppliers, options, random) {
    const paid = book.pick(
      book.transactions.filter(({ amount, category }) => Number(amount) > 0 && category !== 'rent'),
    );
    if (!paid.invoiceNumber) return [again(book, paid, options, 1 + Math.floor(random() * 3), {})];
    const invoiceNumber = mistyped(paid.invoiceNumber, random);
    return [again(book, paid, options, 1 + Math.floor(random() * 30), { invoiceNumber })];
  },
  split_payment(book, suppliers, options, random) {
    const supplier = book.pick(
      known(book, suppliers).filter(({ median }) => median < options.approvalLimit / 3),
    );
    const parts = 2 + Math.floor(random() * 2);
    const total = options.approvalLimit * (1.1 + 0.5 * random());
    const day = someDay(supplier, options, random);
    return Array.from({ length: parts }, (_, part) => {
      const amount = (total / parts) * (0.95 + 0.1 * random());
      return book.add(supplier, workingDay(day + (part > 0 ? 1 : 0)), amount).id;
    });
  },
  round_amount(book, suppliers, options, random) {
    const irregular = known(book, suppliers).filter(
      ({ rhythm, median }) => rhythm === 'irregular' && median > 300,
    );
    const supplier = book.pick(irregular);
    const amount = 1000 * Math.max(1, Math.round((supplier.median * (0.7 + random())) / 1000));
    return [book.add(supplier, someDay(supplier, options, random), amount).id];
  },
  new_bank_details(book, suppliers, options, random) {
    const supplier = book.pick(known(book, suppliers));
    const day = someDay(supplier, options, random);
    const amount = ordinaryAmount(supplier, day, random);
    return [book.add(supplier, day, amount, { account: newAccount(random) }).id];
  },
  invalid_bank_details(book, suppliers, options, random) {
    const supplier = book.pick(suppliers);
    const day = someDay(supplier, options, random);
    const at = 4 + Math.floor(random() * 12);
    const digit = (Number(supplier.account[at]) + 1 + Math.floor(random() * 9)) % 10;
    const account = `${supplier.account.slice(0, at)}${digit}${supplier.account.slice(at + 1)}`;
    return [book.add(supplier, day, ordinaryAmount(supplier, day, random), { account }).id];
  },
  non_working_day(book, suppliers, options, random) {
    const supplier = book.pick(known(book, suppliers).filter(({ weekends }) => !weekends));
    const day = someDay(supplier, options, random);
    const saturday = day + ((13 - weekdayOf(day)) % 7);
    return [book.add(supplier, saturday, ordinaryAmount(supplier, day, random)).id];
  },
  large_first_payment(book, _suppliers, options, random) {
    const supplier = newSupplier(10_000 + Math.floor(1e9 * random()), options, random);
    const day = workingDay(Math.floor(options.days * (0.3 + 0.65 * random())));
    return [book.add(supplier, day, 12_000 + 60_000 * random()).id];
  },
};

function injectAll(
  book: Book,
  suppliers: readonly Supplier[],
  options: BooksOptions,
  random: Random,
): Injection[] {
  const clean = new Book(random);
  clean.transactions.push(...book.transactions);
  const injections: Injection[] = [];
  for (const kind of FLAG_KINDS) {
    for (let at = 0; at < options.injected; at += 1) {
      // Cases are built on ordinary payments only, so that one does not hide another.
      const from = clean.transactions.length;
      const ids = INJECT[kind](clean, suppliers, options, random);
      const added = clean.transactions.splice(from);
      const renamed = added.map((transaction) => ({
        ...transaction,
        id: `x${transaction.id}-${kind}-${at}`,
      }));
      book.transactions.push(...renamed);
      injections.push({ kind, ids: ids.map((id) => `x${id}-${kind}-${at}`) });
    }
  }
  return injections;
}

function again(
  book: Book,
  paid: Transaction,
  options: BooksOptions,
  days: number,
  change: Partial<Transaction>,
): string {
  const day = Date.parse(`${paid.date}T00:00:00Z`) / 86_400_000 - START_DAY;
  const id = `t${String(book.transactions.length + 1).padStart(6, '0')}`;
  const date = dateOf(workingDay(Math.min(day + days, day + options.days)));
  book.transactions.push({ ...paid, ...change, id, date });
  return id;
}

/** Suppliers with enough payments for their habits to be known. */
function known(book: Book, suppliers: readonly Supplier[]): Supplier[] {
  const counts = new Map<string, number>();
  for (const { supplier } of book.transactions) counts.set(supplier, (counts.get(supplier) ?? 0) + 1);
  return suppliers.filter(({ name }) => (counts.get(name) ?? 0) >= 12);
}

function someDay(supplier: Supplier, options: BooksOptions, random: Random): number {
  const from = supplier.from + 0.6 * (options.days - supplier.from);
  return workingDay(Math.floor(from + random() * (options.days - from - 4)));
}

function mistyped(number: string, random: Random): string {
  const digits = [...number.matchAll(/\d/g)].map((match) => match.index);
  // Somewhere before the last two digits: those are what tells one invoice from the next.
  const at = digits[Math.floor(random() * Math.max(1, digits.length - 2))] ?? 0;
  const way = Math.floor(random() * 4);
  if (way === 0) return number.slice(0, at) + number.slice(at + 1);
  if (way === 1) return number.slice(0, at) + number.charAt(at) + number.slice(at);
  if (way === 2) return number.replace(/[-/]/, ' ').replace('0', 'O');
  const other = (Number(number.charAt(at)) + 1 + Math.floor(random() * 8)) % 10;
  return `${number.slice(0, at)}${other}${number.slice(at + 1)}`;
}

function numberOf(supplier: Supplier, day: number): string | null {
  const running = String(supplier.count);
  if (supplier.numbers === 'none') return null;
  return supplier.numbers === 'running'
    ? `RE-${running.padStart(6, '0')}`
    : `${dateOf(day).slice(0, 4)}/${running.padStart(5, '0')}`;
}

function ordinaryAmount(supplier: Supplier, day: number, random: Random): number {
  const factor = weekdayOf(day) === 1 ? supplier.monday : 1;
  const sigma = random() < ODD.tail ? 2.5 * supplier.sigma : supplier.sigma;
  return Math.max(0.01, factor * supplier.median * Math.exp(sigma * normal(random)));
}

function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** An IBAN with right check digits (ISO 13616). */
function newAccount(random: Random): string {
  const [country, length] = pick(COUNTRIES, random);
  const digits = Array.from({ length }, () => Math.floor(random() * 10)).join('');
  const letters = Array.from(country, (letter) => letter.charCodeAt(0) - 55).join('');
  const check = 98n - (BigInt(`${digits}${letters}00`) % 97n);
  return `${country}${String(check).padStart(2, '0')}${digits}`;
}

/** 1 Monday … 7 Sunday of a day of the books. */
function weekdayOf(day: number): number {
  return ((START_DAY + day + 3) % 7) + 1;
}

function workingDay(day: number): number {
  return day + Math.max(0, 8 - weekdayOf(day) <= 2 ? 8 - weekdayOf(day) : 0);
}

function dateOf(day: number): string {
  return new Date((START_DAY + day) * 86_400_000).toISOString().slice(0, 10);
}

function pick<T>(items: readonly T[], random: Random): T {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new RangeError('There is nothing to pick from.');
  return item;
}
