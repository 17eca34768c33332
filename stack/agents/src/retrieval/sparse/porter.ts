/** Snowball's English stemmer ("Porter 2"): "indexes", "indexed" and "indexing" become one word. */
export function stem(word: string): string {
  if (word.length < 3 || !/^[a-z]+$/.test(word)) return word;
  const special = SPECIAL.get(word);
  if (special !== undefined) return special;
  const marked = word.replace(/^y|(?<=[aeiouy])y/g, 'Y');
  const regions = regionsOf(marked);
  let stemmed = step1a(marked);
  if (AFTER_1A.has(stemmed)) return stemmed;
  stemmed = step1c(step1b(stemmed, regions));
  stemmed = replaceSuffix(stemmed, STEP_2, regions);
  stemmed = replaceSuffix(stemmed, STEP_3, regions);
  return step5(step4(stemmed, regions), regions).toLowerCase();
}

interface Regions {
  readonly r1: number;
  readonly r2: number;
}

const SPECIAL: ReadonlyMap<string, string> = new Map(
  Object.entries({
    skis: 'ski',
    skies: 'sky',
    dying: 'die',
    lying: 'lie',
    tying: 'tie',
    idly: 'idl',
    gently: 'gentl',
    ugly: 'ugli',
    early: 'earli',
    only: 'onli',
    singly: 'singl',
    sky: 'sky',
    news: 'news',
    howe: 'howe',
    atlas: 'atlas',
    cosmos: 'cosmos',
    bias: 'bias',
    andes: 'andes',
  }),
);
const AFTER_1A = new Set([
  'inning',
  'outing',
  'canning',
  'herring',
  'earring',
  'proceed',
  'exceed',
  'succeed',
]);
const VOWEL = /[aeiouy]/;
const SHORT_SYLLABLE = /[^aeiouy][aeiouy][^aeiouwxyY]$|^[aeiouy][^aeiouy]$/;

function regionsOf(word: string): Regions {
  const prefix = /^(?:gener|commun|arsen)/.exec(word);
  const r1 = prefix ? prefix[0].length : afterVowelAndConsonant(word, 0);
  return { r1, r2: afterVowelAndConsonant(word, r1) };
}

function afterVowelAndConsonant(word: string, from: number): number {
  const match = /[aeiouy][^aeiouy]/.exec(word.slice(from));
  return match ? from + match.index + 2 : word.length;
}

function step1a(word: string): string {
  if (word.endsWith('sses')) return word.slice(0, -2);
  if (/ie[ds]$/.test(word)) return word.length > 4 ? word.slice(0, -2) : word.slice(0, -1);
  if (/[us]s$/.test(word)) return word;
  return word.endsWith('s') && VOWEL.test(word.slice(0, -2)) ? word.slice(0, -1) : word;
}

function step1b(word: string, { r1 }: Regions): string {
  const eed = /eed(?:ly)?$/.exec(word);
  if (eed) return eed.index >= r1 ? `${word.slice(0, eed.index)}ee` : word;
  const ending = /(?:ed|edly|ing|ingly)$/.exec(word);
  if (!ending) return word;
  const rest = word.slice(0, ending.index);
  if (!VOWEL.test(rest)) return word;
  if (/(?:at|bl|iz)$/.test(rest)) return `${rest}e`;
  if (/(?:bb|dd|ff|gg|mm|nn|pp|rr|tt)$/.test(rest)) return rest.slice(0, -1);
  return SHORT_SYLLABLE.test(rest) && r1 >= rest.length ? `${rest}e` : rest;
}

function step1c(word: string): string {
  return word.length > 2 && /[^aeiouy][yY]$/.test(word) ? `${word.slice(0, -1)}i` : word;
}

type Rule = readonly [
  suffix: string,
  replacement: string,
  condition?: (rest: string, regions: Regions) => boolean,
];

const STEP_2: readonly Rule[] = [
  ['ational', 'ate'],
  ['ization', 'ize'],
  ['fulness', 'ful'],
  ['ousness', 'ous'],
  ['iveness', 'ive'],
  ['tional', 'tion'],
  ['biliti', 'ble'],
  ['lessli', 'less'],
  ['entli', 'ent'],
  ['ation', 'ate'],
  ['alism', 'al'],
  ['aliti', 'al'],
  ['ousli', 'ous'],
  ['iviti', 'ive'],
  ['fulli', 'ful'],
  ['enci', 'ence'],
  ['anci', 'ance'],
  ['abli', 'able'],
  ['izer', 'ize'],
  ['ator', 'ate'],
  ['alli', 'al'],
  ['bli', 'ble'],
  ['ogi', 'og', (rest) => rest.endsWith('l')],
  ['li', '', (rest) => /[cdeghkmnrt]$/.test(rest)],
];
const STEP_3: readonly Rule[] = [
  ['ational', 'ate'],
  ['tional', 'tion'],
  ['alize', 'al'],
  ['icate', 'ic'],
  ['iciti', 'ic'],
  ['ative', '', (rest, { r2 }) => rest.length >= r2],
  ['ical', 'ic'],
  ['ness', ''],
  ['ful', ''],
];

/** The longest suffix decides, whether or not its condition holds. */
function replaceSuffix(word: string, rules: readonly Rule[], regions: Regions): string {
  const rule = rules.find(([suffix]) => word.endsWith(suffix));
  if (!rule) return word;
  const [suffix, replacement, condition] = rule;
  const rest = word.slice(0, -suffix.length);
  const holds = rest.length >= regions.r1 && (condition?.(rest, regions) ?? true);
  return holds ? rest + replacement : word;
}

const STEP_4 = /(?:ement|ance|ence|able|ible|ment|ant|ent|ism|ate|iti|ous|ive|ize|ion|al|er|ic)$/;

function step4(word: string, { r2 }: Regions): string {
  const match = STEP_4.exec(word);
  if (!match || match.index < r2) return word;
  const rest = word.slice(0, match.index);
  return match[0] === 'ion' && !/[st]$/.test(rest) ? word : rest;
}

function step5(word: string, { r1, r2 }: Regions): string {
  const rest = word.slice(0, -1);
  if (word.endsWith('e')) {
    return rest.length >= r2 || (rest.length >= r1 && !SHORT_SYLLABLE.test(rest)) ? rest : word;
  }
  return word.endsWith('ll') && rest.length >= r2 ? rest : word;
}
