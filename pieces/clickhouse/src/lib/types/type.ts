import { BizError } from '@bizstack/piece-common';

/** A data type of ClickHouse, read from its text. */
export interface ClickHouseType {
  /** Without arguments, for example `Array`. */
  readonly name: string;
  readonly args: readonly TypeArgument[];
}

export type TypeArgument =
  | { readonly kind: 'type'; readonly type: ClickHouseType; readonly name?: string }
  | { readonly kind: 'number'; readonly value: string }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'enum'; readonly label: string; readonly value: number | undefined }
  /** Arguments that are not read any further, such as the paths of JSON. */
  | { readonly kind: 'raw'; readonly text: string };

/** Types whose arguments have a grammar of their own. */
const RAW_ARGUMENTS = new Set(['JSON', 'Object', 'AggregateFunction', 'Dynamic', 'QBit']);
const MAX_DEPTH = 32;

/**
 * Reads a type. Only what is read is printed again by {@link formatType}, so that nothing else can come along.
 * @throws BizError `BIZ_CLICKHOUSE_TYPE_INVALID`
 */
export function parseType(text: string): ClickHouseType {
  const reader = new TypeReader(text);
  const type = reader.type(0);
  reader.end();
  return type;
}

/** As ClickHouse writes it. */
export function formatType({ name, args }: ClickHouseType): string {
  return args.length === 0 ? name : `${name}(${args.map(formatArgument).join(', ')})`;
}

function formatArgument(argument: TypeArgument): string {
  switch (argument.kind) {
    case 'type':
      return argument.name === undefined
        ? formatType(argument.type)
        : `${quoted(argument.name, '`')} ${formatType(argument.type)}`;
    case 'number':
      return argument.value;
    case 'text':
      return quoted(argument.value, "'");
    case 'enum':
      return argument.value === undefined
        ? quoted(argument.label, "'")
        : `${quoted(argument.label, "'")} = ${argument.value}`;
    case 'raw':
      return argument.text;
  }
}

function quoted(text: string, quote: string): string {
  return `${quote}${text.replaceAll('\\', '\\\\').replaceAll(quote, `\\${quote}`)}${quote}`;
}

class TypeReader {
  private position = 0;

  constructor(private readonly text: string) {}

  type(depth: number): ClickHouseType {
    if (depth > MAX_DEPTH) throw this.invalid();
    const name = this.match(/[A-Za-z_][A-Za-z0-9_]*/y);
    if (name === undefined) throw this.invalid();
    if (!this.take('(')) return { name, args: [] };
    if (RAW_ARGUMENTS.has(name)) return { name, args: [this.raw()] };
    if (this.take(')')) return { name, args: [] };
    const args: TypeArgument[] = [];
    do args.push(this.argument(name, depth));
    while (this.take(','));
    if (!this.take(')')) throw this.invalid();
    return { name, args };
  }

  private argument(owner: string, depth: number): TypeArgument {
    const text = this.string();
    if (text !== undefined) {
      if (!owner.startsWith('Enum')) return { kind: 'text', value: text };
      if (!this.take('=')) return { kind: 'enum', label: text, value: undefined };
      const value = this.match(/-?\d+/y);
      if (value === undefined) throw this.invalid();
      return { kind: 'enum', label: text, value: Number(value) };
    }
    const number = this.match(/-?\d+(?![A-Za-z_\d])/y);
    if (number !== undefined) return { kind: 'number', value: number };
    const name = this.quotedName() ?? this.match(/[A-Za-z_][A-Za-z0-9_]*(?=\s+[A-Za-z_])/y);
    const type = this.type(depth + 1);
    return name === undefined ? { kind: 'type', type } : { kind: 'type', type, name };
  }

  private string(): string | undefined {
    return unquote(this.match(/'(?:[^'\\]|\\[^]|'')*'/y));
  }

  private quotedName(): string | undefined {
    return unquote(this.match(/`(?:[^`\\]|\\[^])*`/y) ?? this.match(/"(?:[^"\\]|\\[^])*"/y));
  }

  /** Up to the bracket that closes; only names, numbers, strings and signs that cannot end a statement. */
  private raw(): TypeArgument {
    const start = this.position;
    for (let depth = 1; depth > 0;) {
      if (this.take('(')) depth += 1;
      else if (this.take(')')) depth -= 1;
      else if (
        this.string() === undefined &&
        this.quotedName() === undefined &&
        this.match(/[A-Za-z0-9_.,=]+/y) === undefined
      ) {
        throw this.invalid();
      }
    }
    return { kind: 'raw', text: this.text.slice(start, this.position).trim().slice(0, -1).trim() };
  }

  end(): void {
    this.match(/\s*/y);
    if (this.position < this.text.length) throw this.invalid();
  }

  private take(sign: string): boolean {
    return this.match(new RegExp(`\\${sign}`, 'y')) !== undefined;
  }

  private match(pattern: RegExp): string | undefined {
    const space = /\s*/y;
    space.lastIndex = this.position;
    space.exec(this.text);
    pattern.lastIndex = space.lastIndex;
    const found = pattern.exec(this.text)?.[0];
    if (found !== undefined) this.position = pattern.lastIndex;
    return found;
  }

  private invalid(): BizError {
    return new BizError(
      'BIZ_CLICKHOUSE_TYPE_INVALID',
      `"${this.text.slice(0, 120)}" is not a ClickHouse data type (character ${this.position + 1}).`,
      { hint: 'Write for example String, Nullable(Int64), DateTime64(3) or Array(String).' },
    );
  }
}

function unquote(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const quote = text.charAt(0);
  return text
    .slice(1, -1)
    .replaceAll(`${quote}${quote}`, `\\${quote}`)
    .replaceAll(/\\([^])/g, '$1');
}

/** The type that values have: without Nullable, LowCardinality and SimpleAggregateFunction around it. */
export function innerType(type: ClickHouseType): { type: ClickHouseType; nullable: boolean } {
  let inner = type;
  let nullable = false;
  for (;;) {
    const wrapped = /^(Nullable|LowCardinality)$/.test(inner.name)
      ? inner.args[0]
      : inner.name === 'SimpleAggregateFunction'
        ? inner.args[1]
        : undefined;
    if (wrapped?.kind !== 'type') return { type: inner, nullable };
    nullable ||= inner.name === 'Nullable';
    inner = wrapped.type;
  }
}
