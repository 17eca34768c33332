/** Characters that are read for one another. */
const LOOKS_LIKE: Readonly<Record<string, string>> = {
  O: '0',
  Q: '0',
  I: '1',
  L: '1',
  Z: '2',
  S: '5',
  B: '8',
};

/** Longest number that is compared; real ones are far shorter. */
const LENGTH_MAX = 60;
/** Shorter numbers differ by one character without any error. */
const LENGTH_MIN = 4;

/**
 * Whether two different invoice numbers look like one number typed twice: separators, leading zeros, letters
 * taken for digits, two characters swapped, one left out or too many, one wrong. Numbers that follow each other,
 * as those of a supplier do, are no typing error.
 */
export function typedAlike(a: string, b: string): boolean {
  const [x, y] = [folded(a), folded(b)];
  if (x === y) return true;
  if (Math.min(x.length, y.length) < LENGTH_MIN || Math.max(x.length, y.length) > LENGTH_MAX) return false;
  if (Math.abs(x.length - y.length) > 1) return false;
  return x.length === y.length ? swapped(x, y) || oneWrong(x, y) : oneLeftOut(x, y) && !consecutive(x, y);
}

function folded(number: string): string {
  return number
    .replace(/[^\p{L}\p{N}]+/gu, '')
    .replace(/[OQILZSB]/g, (letter) => LOOKS_LIKE[letter] ?? letter)
    .replace(/^0+/, '');
}

function differences(x: string, y: string): number[] {
  return Array.from(x, (_, at) => at).filter((at) => x[at] !== y[at]);
}

function swapped(x: string, y: string): boolean {
  const [first, second, ...more] = differences(x, y);
  if (first === undefined || second !== first + 1 || more.length > 0) return false;
  return x[first] === y[second] && x[second] === y[first] && !consecutive(x, y);
}

/** One wrong character; in the last two places it is more likely the next number. */
function oneWrong(x: string, y: string): boolean {
  const [first, ...more] = differences(x, y);
  return first !== undefined && more.length === 0 && first < x.length - 2;
}

function oneLeftOut(x: string, y: string): boolean {
  const [short, long] = x.length < y.length ? [x, y] : [y, x];
  let at = 0;
  while (at < short.length && short[at] === long[at]) at += 1;
  return short.slice(at) === long.slice(at + 1);
}

/** 999 and 1000, 1089 and 1098: near enough in counting to be two invoices. 0123 and 123 are one. */
function consecutive(x: string, y: string): boolean {
  const tail = (text: string) => Number(/\d{1,15}$/.exec(text)?.[0] ?? NaN);
  const distance = Math.abs(tail(x) - tail(y));
  return distance >= 1 && distance <= 9;
}
