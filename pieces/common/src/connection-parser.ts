import type { z } from 'zod';
import { parseInput } from './json';

/** Sets of connection values that are kept; a process rarely sees more of one piece. */
const MAX_KNOWN = 32;

/**
 * Checks the values of a connection. Every step brings them anew, so what was checked before is not checked
 * again: the same values give the same (frozen) object, which a connection pool also knows by itself.
 * @throws (the returned function) BizError `BIZ_INPUT_INVALID`
 */
export function createConnectionParser<T extends object>(
  schema: z.ZodType<T>,
): (props: unknown) => Readonly<T> {
  const known = new Map<string, Readonly<T>>();
  return (props) => {
    const text = JSON.stringify(props) ?? '';
    const found = known.get(text);
    if (found) return found;
    const values = Object.freeze(parseInput('Connection', props, schema));
    const [oldest] = known.keys();
    if (known.size >= MAX_KNOWN && oldest !== undefined) known.delete(oldest);
    known.set(text, values);
    return values;
  };
}
