/** A plain reference such as `step_1['a'].b[0]`: the root name and the keys after it. */
export interface PlainPath {
  root: string;
  keys: readonly string[];
}

const ROOT = /^\s*([A-Za-z_$][\w$]*)/;
const KEY = /^(?:\.([A-Za-z_$][\w$]*)|\[\s*(?:'([^'\\]*)'|"([^"\\]*)"|(\d+))\s*\])/;

/** Words that look like a reference and are not. */
const LITERALS = new Set(['true', 'false', 'null', 'undefined', 'this', 'NaN', 'Infinity']);

/** Parses an expression that only reads properties; undefined for every other expression. */
export function parsePlainPath(expression: string): PlainPath | undefined {
  const root = ROOT.exec(expression);
  const name = root?.[1];
  if (root === null || name === undefined || LITERALS.has(name)) return undefined;
  const keys: string[] = [];
  let rest = expression.slice(root[0].length);
  while (rest.trim() !== '') {
    const match = KEY.exec(rest);
    if (match === null) return undefined;
    keys.push(match[1] ?? match[2] ?? match[3] ?? match[4] ?? '');
    rest = rest.slice(match[0].length);
  }
  return { root: name, keys };
}

/**
 * Reads own properties (and `length`), as the expression would on data that came from JSON. Anything that
 * the expression would throw on is undefined, which the engine shows as an empty text either way.
 */
export function readPath(value: unknown, keys: readonly string[]): unknown {
  let current = value;
  for (const key of keys) {
    if (typeof current === 'string') {
      current = key === 'length' ? current.length : /^\d+$/.test(key) ? current[Number(key)] : undefined;
    } else if (typeof current === 'object' && current !== null && Object.hasOwn(current, key)) {
      current = Reflect.get(current, key);
    } else {
      return undefined;
    }
  }
  return current;
}
