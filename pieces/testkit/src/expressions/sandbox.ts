import { type Context, createContext, Script } from 'node:vm';

/** Milliseconds that one expression may run. */
export const EXPRESSION_TIMEOUT_MS = 1_000;

/** Runs inside the context: what it defines are objects of the context, never of this process. */
const SETUP = `
'use strict';
{
  const flatten = (data, path) => {
    if (Array.isArray(data)) return data.flatMap((item) => flatten(item, path));
    if (path.length === 0) return [data];
    if (typeof data !== 'object' || data === null || !Object.hasOwn(data, path[0])) return [];
    return flatten(data[path[0]], path.slice(1));
  };
  Object.defineProperty(globalThis, 'flattenNestedKeys', { value: flatten, writable: false });
  const encode = (value) => {
    if (typeof value === 'number') return 'n' + String(value);
    if (value instanceof Date) return 'j' + JSON.stringify(value.toISOString());
    const text = JSON.stringify(value);
    return text === undefined ? 'u' : 'j' + text;
  };
  Object.defineProperty(globalThis, 'encodeResult', { value: encode, writable: false });
  for (const name of ['WebAssembly', 'SharedArrayBuffer', 'Atomics', 'Promise', 'FinalizationRegistry', 'WeakRef']) {
    delete globalThis[name];
  }
  delete Array.fromAsync;
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    const value = globalThis[name];
    if (typeof value !== 'function' && (typeof value !== 'object' || value === null)) continue;
    if (value === globalThis) continue;
    Object.freeze(value);
    if (typeof value === 'function' && value.prototype) Object.freeze(value.prototype);
  }
}
`;

const INPUT = 'inputJson';

interface Box {
  sandbox: Record<string, unknown>;
  context: Context;
  names: number;
}

/**
 * Evaluates expressions in a separate context that holds nothing but JavaScript itself: no `require`, no
 * `process`, no timers, no `eval`, frozen built-ins. Values cross the border as JSON texts, so that no object of
 * this process can be reached from an expression; a time limit stops endless ones.
 * node:vm keeps mistakes in a flow from doing harm; it is no wall against a hostile author of flows.
 */
export class ExpressionSandbox {
  private box: Box | undefined;

  constructor(private readonly timeoutMs: number = EXPRESSION_TIMEOUT_MS) {}

  /** Undefined when the expression throws, does not end, or has no value. */
  evaluate(script: Script, scope: Readonly<Record<string, unknown>>): unknown {
    const box = (this.box ??= createBox());
    box.sandbox[INPUT] = JSON.stringify(scope);
    try {
      const result: unknown = script.runInContext(box.context, { timeout: this.timeoutMs });
      return typeof result === 'string' ? decode(result) : undefined;
    } catch {
      return undefined;
    } finally {
      // An expression that left something behind must not be seen by the next one.
      if (Object.getOwnPropertyNames(box.sandbox).length !== box.names) this.box = undefined;
      else delete box.sandbox[INPUT];
    }
  }
}

function createBox(): Box {
  const sandbox: Record<string, unknown> = { __proto__: null };
  const context = createContext(sandbox, {
    name: 'flow expressions',
    codeGeneration: { strings: false, wasm: false },
  });
  new Script(SETUP, { filename: 'expression-setup' }).runInContext(context);
  return { sandbox, context, names: Object.getOwnPropertyNames(sandbox).length + 1 };
}

/** Words that make work for later; it would run outside of the time limit, and its result is never a value. */
const ASYNCHRONOUS = /\b(async|await|import)\b/;
const QUOTED = /'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/g;

/**
 * Compiles an expression over the given names.
 * @throws SyntaxError when it is not a JavaScript expression.
 */
export function compileExpression(expression: string, names: readonly string[]): Script {
  const destructured = names.length > 0 ? `const { ${names.join(', ')} } = JSON.parse(${INPUT});` : '';
  // Quotes inside of a template literal quote nothing.
  const words = expression.includes('`') ? expression : expression.replaceAll(QUOTED, "''");
  if (ASYNCHRONOUS.test(words)) throw new SyntaxError('async, await and import are not allowed');
  // Compiled alone first: an expression such as "1); x(" must not close our wrapper.
  new Script(`(${expression}\n)`, { filename: 'expression' });
  return new Script(
    `(function () { 'use strict'; ${destructured} return encodeResult((${expression}\n)); })()`,
    {
      filename: 'expression',
    },
  );
}

function decode(text: string): unknown {
  if (text.startsWith('n')) return Number(text.slice(1));
  if (!text.startsWith('j')) return undefined;
  const value: unknown = JSON.parse(text.slice(1));
  return value;
}
