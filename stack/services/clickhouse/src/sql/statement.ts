import { failure } from '../errors';
import { tokenize, type Token } from './lexer';

/** What a statement is, as far as this server must know before the engine parses it. */
export interface Statement {
  /** The statement alone: no trailing semicolon, no trailing comment. */
  readonly text: string;
  readonly tokens: readonly Token[];
  /** First keyword, upper case; empty for an empty statement. */
  readonly keyword: string;
  /** True when it returns rows and can be written `… INTO OUTFILE …`. */
  readonly returnsRows: boolean;
  /** True when it changes the state of its connection (SET, USE, temporary tables). */
  readonly changesSession: boolean;
  /** The trailing FORMAT clause. */
  readonly format: { readonly name: string; readonly start: number } | undefined;
  /** Names in `{name:Type}`. */
  readonly placeholders: ReadonlySet<string>;
}

const RETURNS_ROWS = new Set(['SELECT', 'WITH', 'FROM', '(', 'SHOW', 'DESCRIBE', 'DESC', 'EXISTS', 'CHECK']);

/** Words after which FORMAT can only be a column called `format`. */
const EXPECTS_OPERAND = new Set([
  'SELECT',
  'DISTINCT',
  'WHERE',
  'PREWHERE',
  'HAVING',
  'QUALIFY',
  'BY',
  'ON',
  'USING',
  'AND',
  'OR',
  'NOT',
  'IN',
  'LIKE',
  'ILIKE',
  'BETWEEN',
  'AS',
  'FROM',
  'JOIN',
  'TABLE',
  'CASE',
  'WHEN',
  'THEN',
  'ELSE',
  'LIMIT',
  'OFFSET',
  'SETTINGS',
  'IS',
  'INTERVAL',
]);

/**
 * Reads one statement.
 * @throws ClickHouseError 62 when the text holds a second one.
 */
export function parseStatement(source: string): Statement {
  const all = [...tokenize(source)];
  const semicolon = all.findIndex((token) => token.type === 'symbol' && token.value === ';');
  const rest = semicolon < 0 ? [] : all.slice(semicolon).filter((token) => token.value !== ';');
  const extra = rest[0];
  if (extra !== undefined) {
    throw failure(
      'SYNTAX_ERROR',
      `Multi-statements are not allowed: a second statement begins at position ${extra.start + 1} (line ${lineOf(source, extra.start)}). Send one request per statement.`,
    );
  }
  const tokens = semicolon < 0 ? all : all.slice(0, semicolon);
  const last = tokens.at(-1);
  const text = last === undefined ? '' : source.slice(0, last.end);
  const keyword = tokens[0]?.value ?? '';
  const insertsRows = keyword === 'INSERT' || (keyword === 'WITH' && wordsAtTop(tokens).includes('INSERT'));
  return {
    text,
    tokens,
    keyword,
    // EXPLAIN returns few rows, and EXPLAIN AST would show the clause that is added for a result pipe.
    returnsRows: RETURNS_ROWS.has(keyword) && !insertsRows,
    changesSession: changesSession(tokens),
    format: insertsRows ? undefined : trailingFormat(source, tokens),
    placeholders: placeholdersOf(source, tokens),
  };
}

function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

function wordsAtTop(tokens: readonly Token[]): string[] {
  let depth = 0;
  const words: string[] = [];
  for (const token of tokens) {
    if (token.type === 'symbol' && '([{'.includes(token.value)) depth += 1;
    else if (token.type === 'symbol' && ')]}'.includes(token.value)) depth -= 1;
    else if (depth === 0 && token.type === 'word') words.push(token.value);
  }
  return words;
}

function changesSession(tokens: readonly Token[]): boolean {
  const [first, second, third, fourth] = tokens.map((token) => token.value);
  if (first === 'SET' || first === 'USE' || first === 'BEGIN') return true;
  if (first === 'CREATE' || first === 'DROP' || first === 'REPLACE' || first === 'ATTACH') {
    return [second, third, fourth].includes('TEMPORARY');
  }
  return first === 'EXECUTE';
}

/** `FORMAT name` at the very end, or before an output SETTINGS clause. */
function trailingFormat(source: string, tokens: readonly Token[]): Statement['format'] {
  let depth = 0;
  let found: Statement['format'];
  tokens.forEach((token, index) => {
    if (token.type === 'symbol' && '([{'.includes(token.value)) depth += 1;
    if (token.type === 'symbol' && ')]}'.includes(token.value)) depth -= 1;
    if (depth !== 0 || token.type !== 'word' || token.value !== 'FORMAT') return;
    const before = tokens[index - 1];
    const name = tokens[index + 1];
    const after = tokens[index + 2];
    if (before === undefined || name?.type !== 'word') return;
    if (before.type === 'word' && EXPECTS_OPERAND.has(before.value)) return;
    if (before.type === 'symbol' && !')]}*'.includes(before.value)) return;
    if (after !== undefined && !(after.type === 'word' && after.value === 'SETTINGS')) return;
    found = { name: source.slice(name.start, name.end), start: token.start };
  });
  return found;
}

function placeholdersOf(source: string, tokens: readonly Token[]): ReadonlySet<string> {
  const names = new Set<string>();
  tokens.forEach((token, index) => {
    const name = tokens[index + 1];
    if (token.type === 'symbol' && token.value === '{' && name !== undefined && name.type !== 'symbol') {
      if (tokens[index + 2]?.value === ':') {
        names.add(name.type === 'quoted' ? name.value : source.slice(name.start, name.end));
      }
    }
  });
  return names;
}

/** Whether a GET request may run it in a named session, where the engine's `readonly` cannot be lifted again. */
export function isReadOnly(statement: Statement): boolean {
  return (statement.returnsRows && statement.keyword !== 'CHECK') || statement.keyword === 'EXPLAIN';
}
