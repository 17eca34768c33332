import type { Row } from './rows';

/** What a column was seen to hold. */
type Kind = 'Bool' | 'Int64' | 'Float64' | 'UUID' | 'Date' | 'DateTime64' | 'Object' | 'Array' | 'String';

export interface InferredColumn {
  readonly name: string;
  readonly type: string;
}

export interface InferOptions {
  /** Columns that must not be Nullable: keys. */
  readonly required: readonly string[];
  /** The type of objects. */
  readonly objectsAs: 'JSON' | 'String';
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const DATE = /^\d{4}-\d{2}-\d{2}$/;
const DATE_TIME = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?$/;

/** Columns, in the order of their first appearance, that can hold all of the sample rows. */
export function inferColumns(rows: readonly Row[], { required, objectsAs }: InferOptions): InferredColumn[] {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return names.map((name) => {
    const values = rows.map((row) => row[name]);
    const type = typeOf(values.filter(isGiven), objectsAs);
    const optional = !values.every(isGiven) && !required.includes(name);
    // Composite types know no Nullable; an empty one stands for nothing.
    return { name, type: optional && !/^(Array|JSON)/.test(type) ? `Nullable(${type})` : type };
  });
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function typeOf(values: readonly unknown[], objectsAs: InferOptions['objectsAs']): string {
  const kind = values
    .map(kindOf)
    .reduce<Kind | undefined>((one, other) => (one === undefined ? other : common(one, other)), undefined);
  switch (kind) {
    case undefined:
      return 'String';
    case 'DateTime64':
      return `DateTime64(${fractionDigits(values)}, 'UTC')`;
    case 'Date':
      return values.every((value) => String(value) >= '1970-01-01' && String(value) <= '2149-06-06')
        ? 'Date'
        : 'Date32';
    case 'Object':
      return objectsAs;
    case 'Array':
      return `Array(${elementType(values, objectsAs)})`;
    default:
      return kind;
  }
}

function elementType(lists: readonly unknown[], objectsAs: InferOptions['objectsAs']): string {
  const elements = lists.flatMap((list): unknown[] => (Array.isArray(list) ? list : []));
  const type = typeOf(elements.filter(isGiven), objectsAs);
  return elements.every(isGiven) || /^(Array|JSON)/.test(type) ? type : `Nullable(${type})`;
}

function kindOf(value: unknown): Kind {
  if (typeof value === 'boolean') return 'Bool';
  if (typeof value === 'number') return Number.isSafeInteger(value) ? 'Int64' : 'Float64';
  if (Array.isArray(value)) return 'Array';
  if (typeof value === 'object') return 'Object';
  if (typeof value !== 'string') return 'String';
  const text = value;
  if (UUID.test(text)) return 'UUID';
  if (DATE.test(text) && isDay(text)) return 'Date';
  if (DATE_TIME.test(text) && isDay(text.slice(0, 10)) && !Number.isNaN(Date.parse(text)))
    return 'DateTime64';
  return 'String';
}

function isDay(text: string): boolean {
  const day = new Date(`${text}T00:00:00Z`);
  const inRange = text >= '1900-01-01' && text <= '2299-12-31';
  return inRange && !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}

/** The narrowest kind that holds both. */
function common(one: Kind, other: Kind): Kind {
  if (one === other) return one;
  const pair = new Set([one, other]);
  const both = (a: Kind, b: Kind) => pair.has(a) && pair.has(b);
  if (both('Int64', 'Float64')) return 'Float64';
  if (both('Date', 'DateTime64')) return 'DateTime64';
  return 'String';
}

/** Milliseconds at least; more where the sample has more. */
function fractionDigits(values: readonly unknown[]): number {
  const longest = Math.max(...values.map((value) => /\.(\d+)/.exec(String(value))?.[1]?.length ?? 0));
  return longest > 6 ? 9 : longest > 3 ? 6 : 3;
}
