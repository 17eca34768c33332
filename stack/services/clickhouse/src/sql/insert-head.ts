import { tokenize, type Token } from './lexer';

/** An INSERT whose rows come with the request, cut into the parts that are needed to read them from a file. */
export interface InsertHead {
  /** `INSERT INTO t (a, b)`, without settings. */
  readonly target: string;
  /** `SETTINGS a = 1` or empty. */
  readonly settings: string;
  /** `Values` for an INSERT … VALUES. */
  readonly format: string;
  /** Where the rows begin in the text. */
  readonly dataOffset: number;
  /** Of `INSERT … SELECT … FROM input('structure') FORMAT f`: the text around the call to `input`. */
  readonly input: { readonly before: string; readonly structure: string; readonly after: string } | undefined;
}

/**
 * Finds out whether a text starts with an INSERT that carries rows (`… VALUES`, `… FORMAT f`).
 * Undefined for every other statement, among them INSERT … SELECT without `input()`.
 */
export function parseInsertHead(text: string): InsertHead | undefined {
  const tokens = tokenize(text);
  const first = tokens.next().value;
  if (first?.type !== 'word' || first.value !== 'INSERT') return undefined;
  let depth = 0;
  let names = 0;
  let previous: Token = first;
  let settingsAt: number | undefined;
  let input: InputCall | undefined;
  let selecting = false;
  for (const token of tokens) {
    const before = previous;
    previous = token;
    if (token.value === '(' || token.value === '[' || token.value === '{') {
      if (selecting && before.type === 'word' && before.value === 'INPUT' && token.value === '(') {
        input = readInput(text, before.start, token.end) ?? input;
      }
      depth += 1;
      continue;
    }
    if (token.value === ')' || token.value === ']' || token.value === '}') {
      depth -= 1;
      continue;
    }
    if (depth > 0) continue;
    if (token.type === 'symbol' && token.value === ';') return undefined;
    if (token.type !== 'word') {
      if (token.type === 'quoted') names += 1;
      continue;
    }
    // The table itself may be called `values` or `format`: keywords count only behind its name.
    if (names === 0 || before.value === '.') {
      if (!['INTO', 'TABLE', 'FUNCTION'].includes(token.value)) names += 1;
      continue;
    }
    if (!selecting && token.value === 'VALUES') {
      return parts(text, { keyword: token, dataOffset: token.end, format: 'Values', settingsAt });
    }
    if (token.value === 'FORMAT') {
      const format = tokens.next().value;
      if (format?.type !== 'word' || (selecting && input === undefined)) return undefined;
      const name = text.slice(format.start, format.end);
      const dataOffset = startOfData(text, format.end);
      const found = parts(text, { keyword: token, dataOffset, format: name, settingsAt });
      if (input === undefined) return found;
      const before = text.slice(0, input.start);
      const after = text.slice(input.end, token.start);
      return {
        ...found,
        target: text.slice(0, token.start).trim(),
        input: { before, structure: input.structure, after },
      };
    }
    if (token.value === 'SELECT' || token.value === 'WITH') selecting = true;
    if (!selecting && token.value === 'FROM') return undefined;
    if (!selecting && token.value === 'SETTINGS') settingsAt = token.start;
  }
  return undefined;
}

interface Found {
  readonly keyword: Token;
  readonly dataOffset: number;
  readonly format: string;
  readonly settingsAt: number | undefined;
}

function parts(text: string, found: Found): InsertHead {
  const { keyword, settingsAt } = found;
  return {
    target: text.slice(0, settingsAt ?? keyword.start).trim(),
    settings: settingsAt === undefined ? '' : text.slice(settingsAt, keyword.start).trim(),
    format: found.format,
    dataOffset: found.dataOffset,
    input: undefined,
  };
}

/** Rows begin behind the format's name: on the next line, or after a blank on the same line. */
function startOfData(text: string, at: number): number {
  const match = /[ \t]*;?[ \t]*(?:\r?\n)?/y;
  match.lastIndex = at;
  return at + (match.exec(text)?.[0].length ?? 0);
}

interface InputCall {
  readonly start: number;
  readonly end: number;
  /** The literal, with its quotes. */
  readonly structure: string;
}

function readInput(text: string, start: number, from: number): InputCall | undefined {
  const inside = tokenize(text, from);
  const literal = inside.next().value;
  const close = inside.next().value;
  if (literal?.type !== 'string' || close?.value !== ')') return undefined;
  return { start, end: close.end, structure: literal.value };
}
