/** Splits ClickHouse SQL into tokens. Knows just enough of the grammar to never look inside a literal. */

export type TokenType = 'word' | 'number' | 'string' | 'quoted' | 'symbol';

export interface Token {
  readonly type: TokenType;
  /** Offsets into the text; `end` is exclusive. */
  readonly start: number;
  readonly end: number;
  /** Upper case for words; the unquoted value for quoted identifiers; the text itself otherwise. */
  readonly value: string;
}

const WORD_START = /[A-Za-z_\u0080-\uffff]/;
const WORD = /[A-Za-z0-9_\u0080-\uffff]+/y;
const NUMBER = /[0-9][0-9A-Za-z_]*(?:\.[0-9A-Za-z_]*)?/y;
const HEREDOC = /\$[A-Za-z0-9_]*\$/y;
const SPACE = /\s+/y;

/**
 * Yields tokens one by one, so that a caller can stop at the data of an INSERT. White space and comments
 * are skipped; an unterminated literal or comment runs to the end of the text (the engine reports it).
 */
export function* tokenize(text: string, from = 0): Generator<Token, void, undefined> {
  let at = from;
  while (at < text.length) {
    const skipped = skipBlank(text, at);
    if (skipped > at) {
      at = skipped;
      continue;
    }
    const token = readToken(text, at);
    yield token;
    at = token.end;
  }
}

function skipBlank(text: string, at: number): number {
  const space = matchAt(SPACE, text, at);
  if (space !== undefined) return at + space.length;
  if (text.startsWith('--', at) || text.startsWith('#!', at) || text.startsWith('# ', at)) {
    const line = text.indexOf('\n', at);
    return line < 0 ? text.length : line + 1;
  }
  return text.startsWith('/*', at) ? endOfComment(text, at) : at;
}

/** Comments nest. */
function endOfComment(text: string, start: number): number {
  let depth = 0;
  let at = start;
  while (at < text.length) {
    if (text.startsWith('/*', at)) {
      depth += 1;
      at += 2;
    } else if (text.startsWith('*/', at)) {
      depth -= 1;
      at += 2;
      if (depth === 0) return at;
    } else {
      at += 1;
    }
  }
  return text.length;
}

function readToken(text: string, start: number): Token {
  const char = text.charAt(start);
  if (char === "'") {
    const end = endOfQuoted(text, start);
    return { type: 'string', start, end, value: text.slice(start, end) };
  }
  if (char === '`' || char === '"') {
    const end = endOfQuoted(text, start);
    return { type: 'quoted', start, end, value: unquote(text.slice(start, end)) };
  }
  if (char === '$') {
    const tag = matchAt(HEREDOC, text, start);
    if (tag !== undefined) {
      const close = text.indexOf(tag, start + tag.length);
      const end = close < 0 ? text.length : close + tag.length;
      return { type: 'string', start, end, value: text.slice(start, end) };
    }
  }
  if (WORD_START.test(char)) {
    const word = matchAt(WORD, text, start) ?? char;
    return { type: 'word', start, end: start + word.length, value: word.toUpperCase() };
  }
  const number = matchAt(NUMBER, text, start);
  if (number !== undefined) return { type: 'number', start, end: start + number.length, value: number };
  return { type: 'symbol', start, end: start + 1, value: char };
}

function endOfQuoted(text: string, start: number): number {
  const quote = text.charAt(start);
  let at = start + 1;
  while (at < text.length) {
    const char = text.charAt(at);
    if (char === '\\') at += 2;
    else if (char !== quote) at += 1;
    else if (text.charAt(at + 1) === quote) at += 2;
    else return at + 1;
  }
  return text.length;
}

/** Value of a quoted identifier or string literal; simple escapes are enough for names and paths. */
export function unquote(literal: string): string {
  const quote = literal.charAt(0);
  const inner = literal.slice(1, literal.endsWith(quote) && literal.length > 1 ? -1 : undefined);
  return inner.replace(/\\(.)/gs, '$1').replaceAll(quote + quote, quote);
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}
