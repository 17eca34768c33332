import { REDACTED } from './expressions/template';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface RunnerLog {
  (level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** Secrets shorter than this would blank out ordinary words. */
const SHORTEST_SECRET = 4;

/** Replaces known secrets, and passwords in URLs, in any text. */
export class Redactor {
  private secrets: string[] = [];

  /** Adds every text inside of a value, however deep. */
  add(value: unknown): void {
    if (typeof value === 'string' && value.length >= SHORTEST_SECRET && !this.secrets.includes(value)) {
      this.secrets.push(value);
      // Longest first: a secret may contain another one.
      this.secrets.sort((a, b) => b.length - a.length);
    } else if (typeof value === 'object' && value !== null) {
      for (const item of Object.values(value)) this.add(item);
    }
  }

  text(text: string): string {
    let clean = text.replaceAll(/(\/\/[^/\s:@]*:)[^/\s@]+@/g, `$1${REDACTED}@`);
    for (const secret of this.secrets) {
      if (clean.includes(secret)) clean = clean.replaceAll(secret, REDACTED);
    }
    return clean;
  }

  /** The same for every text inside of a value. */
  value<T>(value: T): T;
  value(value: unknown): unknown {
    if (typeof value === 'string') return this.text(value);
    if (Array.isArray(value)) return value.map((item: unknown) => this.value(item));
    if (typeof value === 'object' && value !== null) {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.value(item)]));
    }
    return value;
  }
}

/** One JSON object a line on standard output. */
export function jsonLog(
  redactor: Redactor,
  write: (line: string) => void = (line) => process.stdout.write(line),
): RunnerLog {
  return (level, message, fields = {}) => {
    const line = { time: new Date().toISOString(), level, message, ...fields };
    write(`${JSON.stringify(redactor.value(line))}\n`);
  };
}
