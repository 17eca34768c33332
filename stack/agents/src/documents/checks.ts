import { cents } from './fields/amounts';
import { isValidIban } from './fields/iban';
import type { Check, Extraction } from './types';

/** Rounding of each line and of the sum may add up to this many hundredths. */
const tolerance = (lines: number): number => Math.max(2, lines);

/** What can be proved by arithmetic. A check is left out when one of its figures is missing. */
export function checksOf({ fields, lines }: Extraction): Check[] {
  const { net, tax, total, iban, date, dueDate } = fields;
  const checks: Check[] = [];
  if (net && tax && total) {
    const difference = cents(net.value) + cents(tax.value) - cents(total.value);
    checks.push({
      name: 'net_plus_tax_equals_total',
      // Cash totals are rounded to five hundredths in some countries.
      ok: Math.abs(difference) <= 5,
      detail: `${net.value.toFixed(2)} + ${tax.value.toFixed(2)} = ${((cents(net.value) + cents(tax.value)) / 100).toFixed(2)}, total ${total.value.toFixed(2)}`,
    });
  }
  if (lines.length > 0 && (net ?? total)) {
    const sum = lines.reduce((all, line) => all + cents(line.total), 0);
    const fits = (amount: number): boolean => Math.abs(sum - cents(amount)) <= tolerance(lines.length);
    const toTotal = total !== undefined && (net === undefined || (!fits(net.value) && fits(total.value)));
    const target = (toTotal ? total : net) ?? total;
    if (target) {
      checks.push({
        name: toTotal ? 'lines_equal_total' : 'lines_equal_net',
        ok: fits(target.value),
        detail: `${lines.length} line(s) sum to ${(sum / 100).toFixed(2)}, ${toTotal ? 'total' : 'net'} ${target.value.toFixed(2)}`,
      });
    }
  }
  if (iban) {
    checks.push({
      name: 'iban_valid',
      ok: isValidIban(iban.value),
      detail: `${iban.value.slice(0, 4)}… by its check digits`,
    });
  }
  if (date && dueDate) {
    checks.push({
      name: 'due_after_date',
      ok: dueDate.value >= date.value,
      detail: `due ${dueDate.value}, issued ${date.value}`,
    });
  }
  return checks;
}
