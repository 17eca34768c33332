import fc from 'fast-check';

/** A receipt as tills print it, with what is true about it. */
export interface TillReceipt {
  text: string;
  /** In hundredths. */
  total: number;
  /** ISO 8601. */
  date: string;
}

const TOTALS = [
  'TOTAL',
  'Total',
  'Total :',
  'TOTAL RM',
  'GRAND TOTAL',
  'Grand Total (RM)',
  'Amount Due',
  'AMOUNT PAYABLE',
  'Total Amount',
  'Total Payable',
  'Total Due',
  'Nett Total',
  'NET TOTAL',
  'Nett Amount',
  'Total Amt Payable',
  'Balance Due',
  'Bill Total',
  'Amount To Pay',
  'JUMLAH',
  'Total (MYR)',
  'Net Amount Due',
  'NETT AMT (RM)',
  'Final Total',
  'Total To Pay',
  'Bill Amount',
  'Amt. Payable',
  'Total Sales',
  'Total Price',
] as const;
const TOTALS_WITH_TAX = [
  'Total (incl. GST)',
  'TOTAL INCL. GST',
  'Total Incl GST 6%',
  'Total Sales (Inclusive of GST)',
  'Total Inc. Tax',
  'Total Amount Incl. SST',
  'TOTAL AFTER TAX',
  'TOTAL (INCLUSIVE OF 6% GST)',
  'Total Incl. of GST',
  'Total RM Inclusive GST @ 6%',
  'Total Amt Incl. GST @6%',
  'Total Include GST',
] as const;
const TOTALS_ROUNDED = [
  'Total Rounded',
  'Rounded Total',
  'Total After Rounding',
  'NET TOTAL ROUNDED',
  'Grand Total',
  'Amount Due',
  'Nett Total',
  'ROUNDED TOTAL (RM)',
  'Total Amount',
] as const;
const ROUNDINGS = [
  'Rounding',
  'ROUNDING ADJ',
  'Rounding Adjustment',
  'Rounding :',
  'Round. Adj',
  'Round Off',
  'Rounding Difference',
  'Rounding Amount (RM)',
] as const;
const SUBTOTALS = ['Subtotal', 'SUB TOTAL', 'Sub-Total', 'Sub Total :'] as const;
const BEFORE_TAX = [
  'Total Excl. GST',
  'Total Sales (Excluding GST)',
  'Total Before Tax',
  'Taxable Amount',
] as const;
const TAXES = [
  'GST 6%',
  'Total GST',
  'SST 6%',
  'GST @ 6%',
  'Tax',
  'Service Tax 6%',
  'GST Amount',
  'Add GST @6%',
  'Total Tax',
] as const;
const CASHES = [
  'CASH',
  'Cash',
  'Cash Tendered',
  'TUNAI',
  'PAID',
  'Amount Received',
  'Tendered',
  'Cash Received',
  'Payment',
  'Paid Amount',
  'CASH RM',
] as const;
const CHANGES = [
  'CHANGE',
  'Change',
  'Change Due',
  'BAKI',
  'Cash Change',
  'Change Amount',
  'CHANGE RM',
] as const;
const CARDS = ['VISA', 'MASTERCARD', 'Credit Card', 'DEBIT CARD', 'Touch n Go'] as const;
const GOODS = [
  'PEN BLUE',
  'NASI LEMAK',
  'A4 PAPER 80G',
  'HAMMER',
  'TEH TARIK',
  'BATTERY AA',
  'MINERAL WATER',
] as const;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

const two = (value: number) => String(value).padStart(2, '0');
const money = (hundredths: number) => {
  const sign = hundredths < 0 ? '-' : '';
  const whole = String(Math.floor(Math.abs(hundredths) / 100)).replace(/\B(?=(?:\d{3})+$)/g, ',');
  return `${sign}${whole}.${two(Math.abs(hundredths) % 100)}`;
};

/** Ways to write a day; the day comes before the month. */
export const DATE_FORMATS: readonly ((day: Date) => string)[] = [
  (d) => `${two(d.getUTCDate())}/${two(d.getUTCMonth() + 1)}/${d.getUTCFullYear()}`,
  (d) => `${d.getUTCDate()}/${d.getUTCMonth() + 1}/${d.getUTCFullYear()}`,
  (d) => `${two(d.getUTCDate())}-${two(d.getUTCMonth() + 1)}-${d.getUTCFullYear()}`,
  (d) => `${two(d.getUTCDate())}.${two(d.getUTCMonth() + 1)}.${d.getUTCFullYear()}`,
  (d) => `${two(d.getUTCDate())}/${two(d.getUTCMonth() + 1)}/${two(d.getUTCFullYear() % 100)}`,
  (d) => `${two(d.getUTCDate())}-${two(d.getUTCMonth() + 1)}-${two(d.getUTCFullYear() % 100)}`,
  (d) => `${two(d.getUTCDate())}.${two(d.getUTCMonth() + 1)}.${two(d.getUTCFullYear() % 100)}`,
  (d) => d.toISOString().slice(0, 10),
  (d) => d.toISOString().slice(0, 10).replaceAll('-', '/'),
  (d) => `${two(d.getUTCDate())} ${MONTHS[d.getUTCMonth()]} ${d.getUTCFullYear()}`,
  (d) => `${two(d.getUTCDate())}-${MONTHS[d.getUTCMonth()]}-${d.getUTCFullYear()}`,
  (d) =>
    `${two(d.getUTCDate())}-${(MONTHS[d.getUTCMonth()] ?? '').toUpperCase()}-${two(d.getUTCFullYear() % 100)}`,
  (d) => `${two(d.getUTCDate())}${(MONTHS[d.getUTCMonth()] ?? '').toUpperCase()}${d.getUTCFullYear()}`,
  (d) =>
    `${two(d.getUTCDate())} ${(MONTHS[d.getUTCMonth()] ?? '').toUpperCase()} ${two(d.getUTCFullYear() % 100)}`,
  (d) => `${MONTHS[d.getUTCMonth()]} ${d.getUTCDate()}, ${d.getUTCFullYear()}`,
  (d) => `${d.getUTCDate()}/${MONTHS[d.getUTCMonth()]}/${d.getUTCFullYear()}`,
];

const dateLine = (written: string, time: string) => [
  `Date: ${written} ${time}`,
  `Date : ${written}   Time : ${time}`,
  `DATE ${written}`,
  `${written} ${time}`,
  `${time}   ${written}`,
  `Inv No: CS 004711   Date: ${written}`,
  `Bill Date: ${written} ${time} PM`,
];

const label = (list: readonly string[]) => fc.constantFrom(...list);
const row = (name: string, value: string) => name.padEnd(34) + value.padStart(10);

function misread(name: string, how: string): string {
  if (how === 'spaces lost') return name.replaceAll(' ', '');
  if (how === 'o as 0') return name.replace(/o/i, '0');
  return how === 'l as 1' ? name.replace(/l/i, '1') : name;
}

const item = fc.record({
  name: label(GOODS),
  quantity: fc.integer({ min: 1, max: 9 }),
  price: fc.integer({ min: 5, max: 25_000 }),
});

export const tillReceipt: fc.Arbitrary<TillReceipt> = fc
  .record({
    items: fc.array(item, { minLength: 1, maxLength: 6 }),
    day: fc.date({ min: new Date('2008-01-01'), max: new Date('2029-12-31'), noInvalidDate: true }),
    format: fc.constantFrom(...DATE_FORMATS),
    datePlace: fc.nat(6),
    dateAtEnd: fc.boolean(),
    time: fc.tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 })),
    sums: fc.constantFrom('plain', 'subtotal', 'tax on top', 'tax within', 'discount'),
    rounds: fc.boolean(),
    payment: fc.constantFrom('cash', 'cash without change', 'card', 'none'),
    tender: fc.constantFrom(0, 1000, 5000, 10_000),
    count: fc.constantFrom('none', 'Total Qty', 'Item(s)', 'Total Item', 'No. of Items', 'Qty'),
    table: fc.boolean(),
    /** Sums that are no total. */
    besides: fc.constantFrom('none', 'Total Savings', 'You Saved', 'Member Points', 'Total Discount'),
    /** What a recogniser does to labels. */
    misread: fc.constantFrom('none', 'spaces lost', 'o as 0', 'l as 1'),
    currency: fc.constantFrom('', 'RM ', 'RM', '$'),
    total: label(TOTALS),
    taxed: label(TOTALS_WITH_TAX),
    rounded: label(TOTALS_ROUNDED),
    rounding: label(ROUNDINGS),
    subtotal: label(SUBTOTALS),
    before: label(BEFORE_TAX),
    tax: label(TAXES),
    cash: label(CASHES),
    change: label(CHANGES),
    card: label(CARDS),
  })
  .map((p) => {
    const goods = p.items.reduce((sum, one) => sum + one.quantity * one.price, 0);
    const tax = Math.round(goods * 0.06);
    const lines: [string, number][] = [];
    let sum = goods;
    if (p.sums === 'subtotal') lines.push([p.subtotal, goods]);
    if (p.sums === 'tax on top') {
      lines.push([p.before, goods], [p.tax, tax]);
      sum = goods + tax;
    }
    if (p.sums === 'discount') {
      const off = Math.floor(goods / 10);
      lines.push([p.subtotal, goods], ['Discount', -off]);
      sum = goods - off;
    }
    const rounded = Math.round(sum / 5) * 5;
    const isRounded = p.rounds && rounded !== sum;
    const total = isRounded ? rounded : sum;
    const taxed = p.sums === 'tax on top' || p.sums === 'tax within';
    const name = taxed ? p.taxed : p.sums === 'discount' && p.dateAtEnd ? 'Total After Discount' : p.total;
    if (isRounded)
      lines.push([taxed ? p.taxed : 'Total', sum], [p.rounding, rounded - sum], [p.rounded, rounded]);
    else lines.push([name, sum]);
    if (p.sums === 'tax within') lines.push(['GST included 6%', Math.round((goods * 6) / 106)]);
    if (p.payment === 'card') lines.push([p.card, total]);
    if (p.payment === 'cash without change') lines.push([p.cash, total], [p.change, 0]);
    if (p.payment === 'cash') {
      const tendered = Math.ceil((total + 1) / 1000) * 1000 + p.tender;
      lines.push([p.cash, tendered], [p.change, tendered - total]);
    }
    if (p.besides !== 'none') lines.push([p.besides, sum + 17]);
    const time = `${two(p.time[0])}:${two(p.time[1])}`;
    const date = dateLine(p.format(p.day), time)[p.datePlace] ?? '';
    const quantity = p.items.reduce((all, one) => all + one.quantity, 0);
    const text = [
      'PERTAMA MINI MARKET SDN BHD',
      'NO. 7, JALAN MELATI 2,',
      '41050 KLANG, SELANGOR.',
      'TEL: 03-3333 4444',
      'TAX INVOICE',
      ...(p.dateAtEnd ? [] : [date]),
      ...p.items.flatMap((one) => [
        one.name,
        row(`  ${one.quantity} x ${money(one.price)}`, money(one.quantity * one.price)),
      ]),
      ...(p.count === 'none' ? [] : [row(p.count, String(quantity))]),
      ...lines.map(([name, value]) => row(misread(name, p.misread), `${p.currency}${money(value)}`)),
      ...(p.table && taxed
        ? ['GST Summary      Amount      Tax', `SR 6%      ${money(sum - tax)}      ${money(tax)}`]
        : []),
      ...(p.dateAtEnd ? [date] : []),
      'THANK YOU, PLEASE COME AGAIN',
    ].join('\n');
    return { text, total, date: p.day.toISOString().slice(0, 10) };
  });
